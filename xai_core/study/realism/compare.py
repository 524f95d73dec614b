"""Comparison of phantoms with real images, one quantity at a time and by a classifier on many.

The classifier is a logistic regression that separates phantoms from real images.  If the area under
its ROC curve were 0.5, they could not be distinguished by these quantities.  The comparison is also
given as text: table cells and a Markdown document.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from xai_core.statistics.auc import auc_interval, roc_auc
from xai_core.statistics.bootstrap import MIN_PATIENTS
from xai_core.study.realism.measure import (
    IMAGE_KEYS,
    KEYS,
    QUANTITIES,
    TITLES,
    Measurement,
    Quantity,
)
from xai_core.viz.text_tables import markdown_table

# --- Quantity by quantity ---------------------------------------------------------------------


@dataclass(frozen=True)
class Spread:
    """Median, 10 % and 90 % percentile of ``n`` images; NaN where ``n`` is 0."""

    n: int
    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """The spread of the finite values."""
        finite = [v for v in values if np.isfinite(v)]
        if not finite:
            return cls(0, float("nan"), float("nan"), float("nan"))
        low, median, high = np.percentile(finite, [10, 50, 90])
        return cls(len(finite), float(median), float(low), float(high))


@dataclass(frozen=True)
class Line:
    """One quantity of one kind of image.  ``auc``: the probability that a phantom's value is above
    a real image's; 0.5 where they cannot be distinguished, NaN where one side has no value."""

    quantity: Quantity
    real: Spread
    phantoms: Spread
    auc: float

    @property
    def inside(self) -> bool | None:
        """Whether the phantoms' median lies within the real images' 10 % to 90 % percentiles; None
        where one side has no value."""
        if not self.real.n or not self.phantoms.n:
            return None
        return self.real.low <= self.phantoms.median <= self.real.high


def compare(real: Sequence[Measurement], phantoms: Sequence[Measurement]) -> list[Line]:
    """One line per quantity, for images of one kind."""
    lines = []
    for quantity in QUANTITIES:
        ours, theirs = _values(phantoms, quantity), _values(real, quantity)
        label = [True] * len(ours) + [False] * len(theirs)
        auc = roc_auc(label, ours + theirs)
        lines.append(Line(quantity, Spread.of(theirs), Spread.of(ours), auc))
    return lines


def _values(measured: Sequence[Measurement], quantity: Quantity) -> list[float]:
    """The finite values of a quantity, of the views it applies to."""
    return [
        value
        for m in measured
        if quantity.view in (None, m.view)
        if np.isfinite(value := m.values[quantity.key])
    ]


# --- By a classifier --------------------------------------------------------------------------

FOLDS = 5


@dataclass(frozen=True)
class Separability:
    """How well a classifier separates phantoms from real images.

    ``auc``, with its 95 % interval by patient (``low``, ``high``): cross-validated, phantoms
    positive.  ``phantoms``, ``real``: number of images used; ``left_out``: of images that lack a
    value.  ``weights``: key and coefficient of a fit to all images (per standard deviation of all;
    above 0: higher in phantoms), the largest magnitude first."""

    auc: float
    low: float
    high: float
    phantoms: int
    real: int
    left_out: int
    weights: tuple[tuple[str, float], ...]


def separability(
    real: Sequence[Measurement], phantoms: Sequence[Measurement], keys: Sequence[str], seed: int = 0
) -> Separability | None:
    """Separate phantoms from real images of one kind by the quantities ``keys``.

    All images of a patient are in the same fold; an image that lacks one of the quantities is left
    out.  None where a side has images of fewer than ``FOLDS`` patients.
    """
    both = [*real, *phantoms]
    values = np.array([[m.values[key] for key in keys] for m in both], dtype=np.float64)
    values = values.reshape(len(both), len(keys))
    label = np.array([False] * len(real) + [True] * len(phantoms))
    names = [
        *(f"real {m.patient_id}" for m in real),
        *(f"phantom {m.patient_id}" for m in phantoms),
    ]
    patient = np.array(names, dtype=object)
    complete = np.isfinite(values).all(1)
    values, label, patient = values[complete], label[complete], patient[complete]
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
    return Separability(
        auc=roc_auc(label, score), low=low, high=high,
        phantoms=int(label.sum()), real=int((~label).sum()), left_out=int((~complete).sum()),
        weights=tuple((keys[i], float(weights[i])) for i in order),
    )  # fmt: skip


# --- Both, for one kind of image --------------------------------------------------------------


@dataclass(frozen=True)
class KindComparison:
    """``title``: the kind of image and the numbers of images.  ``lines``: one per quantity.
    ``every``: separability by texture, shape and grey levels, on all images; ``marked``: by all
    quantities, on images with a marked region; None where there are too few patients."""

    title: str
    lines: Sequence[Line]
    every: Separability | None
    marked: Separability | None


def compare_kind(
    real: Sequence[Measurement], phantoms: Sequence[Measurement], kind: str
) -> KindComparison:
    """Compare the images of one kind, such as ``low-energy``."""
    theirs, ours = [m for m in real if m.kind == kind], [m for m in phantoms if m.kind == kind]
    return KindComparison(
        title=f"{kind.capitalize()} images: {len(ours)} phantoms, {len(theirs)} real",
        lines=compare(theirs, ours),
        every=separability(theirs, ours, IMAGE_KEYS),
        marked=separability(_marked(theirs), _marked(ours), KEYS),
    )


def _marked(measured: Sequence[Measurement]) -> list[Measurement]:
    return [m for m in measured if m.values["area"] > 0]


# --- Text -------------------------------------------------------------------------------------

HEAD = ("quantity", "real", "phantoms", "inside", "AUC alone")
_SHOWN = 8  # coefficients named in the text
_NONE = "-"


NOTES = (
    "Only images whose pathology is given; each scaled so that its longer side has 512 px, padded "
    "with black to a square. Spreads are median [10 % to 90 %] over images.",
    "Inside: the phantoms' median lies within the real images' 10 to 90 %. AUC alone: how often a "
    "phantom's value is above a real image's; 0.5 tells nothing, 0 and 1 tell everything.",
    "A region is a connected piece of what is marked, in this kind of image's own mask. Each image "
    "counts once, by its largest region that is not a band along the skin; its diameter is that of "
    "a disc as large, its centre a fraction of the breast's box, the ring about it 10 px wide "
    "without what else is marked. The area is that of all marks; regions below 100 px of area are "
    "not counted.",
    "Skin: mean grey at a distance from the skin's edge, in the middle fifth of the breast's "
    "height; the chest wall and the picture's border are no edge.",
    "The AUC over several quantities is that of a logistic regression on standardised quantities, "
    "cross-validated in 5 folds with each patient in one fold; its interval is a bootstrap over "
    "patients, 2000 replicates, seed 0. Coefficients are per standard deviation, of a fit to all; "
    "where quantities go together they share the weight.",
)


def cells(line: Line) -> tuple[str, ...]:
    """A line of the table, in the order of ``HEAD``."""
    digits = line.quantity.digits
    return (
        line.quantity.title,
        _spread(line.real, digits),
        _spread(line.phantoms, digits),
        {None: _NONE, True: "yes", False: "no"}[line.inside],
        _NONE if math.isnan(line.auc) else f"{line.auc:.2f}",
    )


def _spread(spread: Spread, digits: int) -> str:
    if not spread.n:
        return _NONE
    median, low, high = (f"{v:.{digits}f}" for v in (spread.median, spread.low, spread.high))
    return f"{median} [{low} to {high}]"


def sentences(found: KindComparison) -> list[str]:
    """Sentences on how well, and by which quantities, phantoms are separated from real images."""
    inside = [line.inside for line in found.lines if line.inside is not None]
    out = [f"Inside: {sum(inside)} of {len(inside)} quantities."]
    variants = (
        ("Texture, shape and grey levels, all images", found.every),
        ("All quantities, images with a marked region", found.marked),
    )
    for title, answer in variants:
        if answer is None:
            out.append(f"{title}: too few patients to tell phantoms from real images.")
            continue
        missing = f", {answer.left_out} left out for a missing value" if answer.left_out else ""
        out.append(
            f"{title} ({answer.phantoms} phantoms, {answer.real} real{missing}): AUC "
            f"{answer.auc:.3f} "
            f"(95 % interval by patient {_ends(answer)}). Most telling "
            "(above 0: higher in phantoms): "
            + ", ".join(f"{TITLES[key]} {w:+.2f}" for key, w in answer.weights[:_SHOWN])
            + "."
        )
    return out


def _ends(found: Separability) -> str:
    if np.isnan(found.low):
        return f"-, fewer than {MIN_PATIENTS} patients on one side"
    return f"{found.low:.3f} to {found.high:.3f}"


def markdown(title: str, kinds: Sequence[KindComparison]) -> str:
    """The comparison as a document."""
    out = [f"# {title}"]
    for kind in kinds:
        lines = [cells(line) for line in kind.lines]
        out += ["", f"## {kind.title}", "", *markdown_table(HEAD, lines)]
        out += ["", *(f"- {text}" for text in sentences(kind))]
    return "\n".join([*out, "", "## Notes", "", *(f"- {note}" for note in NOTES)]) + "\n"
