"""Whether a simple classifier can tell phantoms from real images, and by what.

If the area under its ROC curve were 0.5, the phantoms would be real as far as these quantities go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from xai_core.statistics.auc import auc_interval, roc_auc
from xai_core.study.realism.measure import Measurement

FOLDS = 5


@dataclass(frozen=True)
class Separation:
    """``auc``, with its 95 % interval by patient (``low``, ``high``): cross-validated, phantoms
    positive.  ``phantoms``, ``real``: images used; ``left_out``: those that lack a value.
    ``weights``: key and coefficient (per standard deviation of all images; above 0: higher in
    phantoms), the most telling first, of a fit to all."""

    auc: float
    low: float
    high: float
    phantoms: int
    real: int
    left_out: int
    weights: tuple[tuple[str, float], ...]


def separate(
    real: Sequence[Measurement], phantoms: Sequence[Measurement], keys: Sequence[str], seed: int = 0
) -> Separation | None:
    """Tell phantoms from real images of one kind by the quantities ``keys``.

    Images of one patient are never on both sides of a split; an image that lacks one of the
    quantities is left out.  None where a side has images of fewer than ``FOLDS`` patients.
    """
    everything = [*real, *phantoms]
    values = np.array([[m.values[key] for key in keys] for m in everything], dtype=np.float64)
    values = values.reshape(len(everything), len(keys))
    label = np.array([False] * len(real) + [True] * len(phantoms))
    names = [
        *(f"real {m.patient_id}" for m in real),
        *(f"phantom {m.patient_id}" for m in phantoms),
    ]
    patient = np.array(names, dtype=object)
    whole = np.isfinite(values).all(1)
    values, label, patient = values[whole], label[whole], patient[whole]
    if any(len(set(patient[label == side])) < FOLDS for side in (False, True)):
        return None
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    score = np.zeros(len(label))
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    for fit, test in folds.split(values, label, patient):
        score[test] = model.fit(values[fit], label[fit]).decision_function(values[test])
    patients = patient.astype(str)
    low, high = auc_interval(label, score, patients, seed=seed)
    weights = model.fit(values, label)[-1].coef_[0]
    order = np.argsort(-np.abs(weights))
    return Separation(
        auc=roc_auc(label, score), low=low, high=high,
        phantoms=int(label.sum()), real=int((~label).sum()), left_out=int((~whole).sum()),
        weights=tuple((keys[i], float(weights[i])) for i in order),
    )  # fmt: skip
