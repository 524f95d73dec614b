"""Phantoms beside real images, in numbers.

Phantoms beside real images, quantity by quantity.

Whether a simple classifier can tell phantoms from real images, and by what.

If the area under its ROC curve were 0.5, the phantoms would be real as far as these quantities go.

Everything that is found of one kind of image.

The comparison as text: the cells of its tables, and a Markdown document."""

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
from xai_core.study.realism.measure import (
    IMAGE_KEYS,
    KEYS,
    QUANTITIES,
    TITLES,
    Measurement,
    Quantity,
)
from xai_core.viz.text_tables import markdown_table


@dataclass(frozen=True)
class Spread:
    """Median, 10 % and 90 % percentile of ``n`` images; NaN where ``n`` is 0."""

    n: int
    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Of the finite ones among ``values``."""
        finite = [v for v in values if np.isfinite(v)]
        if not finite:
            return cls(0, float("nan"), float("nan"), float("nan"))
        low, median, high = np.percentile(finite, [10, 50, 90])
        return cls(len(finite), float(median), float(low), float(high))


@dataclass(frozen=True)
class Line:
    """One quantity of one kind of image.  ``auc``: the probability that a phantom's value is above
    a real image's; 0.5 where nothing tells them apart, NaN where one side has none."""

    quantity: Quantity
    real: Spread
    phantoms: Spread
    auc: float

    @property
    def inside(self) -> bool | None:
        """Whether the phantoms' median lies in the real images' 10 to 90 %; None: not known."""
        if not self.real.n or not self.phantoms.n:
            return None
        return self.real.low <= self.phantoms.median <= self.real.high


def compare(real: Sequence[Measurement], phantoms: Sequence[Measurement]) -> list[Line]:
    """A line per quantity, of images of one kind."""
    lines = []
    for quantity in QUANTITIES:
        ours, theirs = _values(phantoms, quantity), _values(real, quantity)
        label = [True] * len(ours) + [False] * len(theirs)
        auc = roc_auc(label, ours + theirs)
        lines.append(Line(quantity, Spread.of(theirs), Spread.of(ours), auc))
    return lines


def _values(measured: Sequence[Measurement], quantity: Quantity) -> list[float]:
    """The finite values of a quantity."""
    return [
        value
        for m in measured
        if quantity.view in (None, m.view)
        if np.isfinite(value := m.values[quantity.key])
    ]


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


@dataclass(frozen=True)
class Findings:
    """``title``: the kind of image and how many.  ``lines``: a line per quantity.  ``every``:
    telling phantoms from real images by texture, shape and grey levels, on all images;
    ``marked``: by all quantities, on images with a marked region; None where there are too few."""

    title: str
    lines: Sequence[Line]
    every: Separation | None
    marked: Separation | None


def find(real: Sequence[Measurement], phantoms: Sequence[Measurement], kind: str) -> Findings:
    """Compare the images of one kind, such as ``low-energy``."""
    theirs, ours = [m for m in real if m.kind == kind], [m for m in phantoms if m.kind == kind]
    return Findings(
        title=f"{kind.capitalize()} images: {len(ours)} phantoms, {len(theirs)} real",
        lines=compare(theirs, ours),
        every=separate(theirs, ours, IMAGE_KEYS),
        marked=separate(_marked(theirs), _marked(ours), KEYS),
    )


def _marked(measured: Sequence[Measurement]) -> list[Measurement]:
    return [m for m in measured if m.values["area"] > 0]


HEAD = ("quantity", "real", "phantoms", "inside", "AUC alone")
_SHOWN = 8  # coefficients
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


def sentences(found: Findings) -> list[str]:
    """How well, and by what, phantoms are told from real images."""
    inside = [line.inside for line in found.lines if line.inside is not None]
    said = [f"Inside: {sum(inside)} of {len(inside)} quantities."]
    variants = (
        ("Texture, shape and grey levels, all images", found.every),
        ("All quantities, images with a marked region", found.marked),
    )
    for title, answer in variants:
        if answer is None:
            said.append(f"{title}: too few patients to tell phantoms from real images.")
            continue
        out = f", {answer.left_out} left out for a missing value" if answer.left_out else ""
        said.append(
            f"{title} ({answer.phantoms} phantoms, {answer.real} real{out}): AUC {answer.auc:.3f} "
            f"(95 % interval by patient {answer.low:.3f} to {answer.high:.3f}). Most telling "
            "(above 0: higher in phantoms): "
            + ", ".join(f"{TITLES[key]} {w:+.2f}" for key, w in answer.weights[:_SHOWN])
            + "."
        )
    return said


def markdown(title: str, kinds: Sequence[Findings]) -> str:
    """The whole comparison as a document."""
    out = [f"# {title}"]
    for kind in kinds:
        lines = [cells(line) for line in kind.lines]
        out += ["", f"## {kind.title}", "", *markdown_table(HEAD, lines)]
        out += ["", *(f"- {text}" for text in sentences(kind))]
    return "\n".join([*out, "", "## Notes", "", *(f"- {note}" for note in NOTES)]) + "\n"
