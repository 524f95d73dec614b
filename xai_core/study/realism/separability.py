"""How well classifiers separate phantoms from real images.

Five classifiers of different kinds are tried, since one alone can miss the difference: a logistic
regression is blind to what only goes together.  Cross-validation is nested and by patient: in each
outer fold, the hyper-parameters are chosen by an inner cross-validation of its training patients,
and no patient is on both sides of any fold.

Scores of different folds are not on one scale, because each fold has a model of its own.  They are
therefore replaced by their ranks within the fold before the area under the ROC curve is computed
(Forman, Scholz, "Apples-to-apples in cross-validation studies", SIGKDD Explorations 12:49, 2010).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from xai_core.statistics.auc import auc_interval, roc_auc
from xai_core.study.realism.measure import Measurement
from xai_core.study.realism.patch_network import PatchNetwork
from xai_core.types import BoolArray, ProgressCallback

# --- The classifiers --------------------------------------------------------------------------


@dataclass(frozen=True)
class Classifier:
    """``model``: an estimator of scikit-learn.  ``grid``: the hyper-parameters to choose from.
    ``pixels``: whether it is given the crops, not the quantities."""

    name: str
    model: Any
    grid: Mapping[str, Sequence[Any]]
    pixels: bool = False


LOGISTIC = Classifier(
    "logistic regression",
    make_pipeline(StandardScaler(), LogisticRegression(max_iter=5000)),
    {"logisticregression__C": (0.01, 0.1, 1.0, 10.0)},
)
SVM = Classifier(
    "SVM with RBF kernel",
    make_pipeline(StandardScaler(), SVC()),
    {"svc__C": (1.0, 10.0, 100.0), "svc__gamma": (0.003, 0.01, 0.03, 0.1)},
)
FOREST = Classifier(
    "random forest",
    RandomForestClassifier(100, random_state=0),
    {"min_samples_leaf": (1, 5)},
)
BOOSTING = Classifier(
    "gradient boosting",
    GradientBoostingClassifier(n_estimators=150, subsample=0.7, random_state=0),
    {"max_depth": (2, 3)},
)
NETWORK = Classifier("patch network", PatchNetwork(), {"epochs": (4, 8)}, pixels=True)
CLASSIFIERS = (LOGISTIC, SVM, FOREST, BOOSTING, NETWORK)


# --- Their cross-validation -------------------------------------------------------------------

FOLDS = 5  # of the outer cross-validation
INNER_FOLDS = 3


@dataclass(frozen=True)
class CrossValidated:
    """The cross-validated area under the ROC curve of a classifier, phantoms positive, with its
    95 % interval by patient (``low``, ``high``)."""

    name: str
    auc: float
    low: float
    high: float


@dataclass(frozen=True)
class Separability:
    """How well classifiers separate phantoms from real images.

    ``results``: one per classifier, the largest area first.  The first was chosen by these areas,
    so its own is slightly too large.  ``chosen_inside``: of the classifier that was best in the
    inner cross-validation, which may be another one in each outer fold: nothing was chosen by this
    area.  ``phantoms``, ``real``: number of images used; ``left_out``: of images that lack a value
    or are too small for a crop.  ``weights``: key and coefficient of a logistic regression on all
    images (per standard deviation of all; above 0: higher in phantoms), the largest magnitude
    first."""

    results: tuple[CrossValidated, ...]
    chosen_inside: CrossValidated
    phantoms: int
    real: int
    left_out: int
    weights: tuple[tuple[str, float], ...]

    @property
    def strongest(self) -> CrossValidated:
        """The classifier with the largest area."""
        return self.results[0]


def separability(
    real: Sequence[Measurement], phantoms: Sequence[Measurement], keys: Sequence[str],
    seed: int = 0, classifiers: Sequence[Classifier] = CLASSIFIERS,
    progress: ProgressCallback | None = None,
) -> Separability | None:  # fmt: skip
    """Separate phantoms from real images of one kind by the quantities ``keys`` and by crops.

    Args:
        real, phantoms: the images; those that lack one of the quantities or have no crop are left
            out.
        keys: the quantities that classifiers other than the network are given.
        seed: sets the folds and the intervals' replicates.
        classifiers: at least one.
        progress: called after each classifier of each outer fold.

    Returns:
        None where a side has images of fewer than ``FOLDS`` patients.
    """
    both = [*real, *phantoms]
    complete = [m.crops is not None and all(np.isfinite(m.values[k]) for k in keys) for m in both]
    side = np.array([False] * len(real) + [True] * len(phantoms))[complete]
    used = [m for m, there in zip(both, complete, strict=True) if there]
    names = [
        f"{'phantom' if s else 'real'} {m.patient_id}" for s, m in zip(side, used, strict=True)
    ]
    patient = np.array(names, dtype=str)
    if any(len(set(patient[side == one])) < FOLDS for one in (False, True)):
        return None
    values = np.array([[m.values[key] for key in keys] for m in used], dtype=np.float64)
    crops = np.stack([m.crops for m in used if m.crops is not None])
    outer = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    inner = StratifiedGroupKFold(INNER_FOLDS, shuffle=True, random_state=seed)
    rank = np.zeros((len(classifiers), len(side)))
    inner_auc = np.zeros((len(classifiers), len(side)))
    for fold, (fit, test) in enumerate(outer.split(values, side, patient)):
        for row, classifier in enumerate(classifiers):
            given = crops if classifier.pixels else values
            search = GridSearchCV(classifier.model, classifier.grid, scoring="roc_auc", cv=inner)
            search.fit(given[fit], side[fit], groups=patient[fit])
            score = _scores(search.best_estimator_, given[test])
            rank[row, test] = rankdata(score) / len(test)
            inner_auc[row, test] = search.best_score_
            if progress is not None:
                done = fold * len(classifiers) + row + 1
                progress(done, FOLDS * len(classifiers), classifier.name)

    def area(name: str, score: NDArray[np.float64]) -> CrossValidated:
        low, high = auc_interval(side, score, patient, seed=seed)
        return CrossValidated(name, roc_auc(side, score), low, high)

    results = [area(c.name, rank[row]) for row, c in enumerate(classifiers)]
    best_inside = np.take_along_axis(rank, inner_auc.argmax(0)[None], axis=0)[0]
    return Separability(
        results=tuple(sorted(results, key=lambda one: -one.auc)),
        chosen_inside=area("best in the inner folds", best_inside),
        phantoms=int(side.sum()), real=int((~side).sum()),
        left_out=len(both) - len(used),
        weights=_weights(values, side, keys),
    )  # fmt: skip


def _scores(model: Any, given: NDArray[Any]) -> NDArray[np.float64]:
    if hasattr(model, "decision_function"):
        return np.asarray(model.decision_function(given), dtype=np.float64)
    return np.asarray(model.predict_proba(given)[:, 1], dtype=np.float64)


def _weights(
    values: NDArray[np.float64], side: BoolArray, keys: Sequence[str]
) -> tuple[tuple[str, float], ...]:
    """The coefficients of a logistic regression on standardised quantities, fitted to all."""
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=5000))
    weights = model.fit(values, side)[-1].coef_[0]
    return tuple((keys[i], float(weights[i])) for i in np.argsort(-np.abs(weights)))
