"""Comparison of phantoms with real images: the distribution of each quantity, and how well
classifiers separate them (:mod:`xai_core.study.realism.separability`).

Distributions are compared by the two-sample Kolmogorov-Smirnov statistic: the largest difference of
the two cumulative distributions, 0 for equal ones and 1 where they do not overlap.  Its p-value
assumes independent values, and the images of a patient are not; so each patient counts with one
image.  The comparison is also given as text: table cells and a Markdown document.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import ks_2samp

from xai_core.list_text import counted
from xai_core.statistics.auc import roc_auc
from xai_core.statistics.bootstrap import MIN_PATIENTS
from xai_core.study.realism.measure import (
    CROP,
    CROPS,
    EYE_KEYS,
    IMAGE_KEYS,
    KEYS,
    QUANTITIES,
    TITLES,
    Measurement,
    Quantity,
)
from xai_core.study.realism.separability import (
    CLASSIFIERS,
    FOLDS,
    INNER_FOLDS,
    Classifier,
    CrossValidated,
    Separability,
    separability,
)
from xai_core.types import ProgressCallback
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


LEVEL = 0.05  # of a p-value that is called a difference


@dataclass(frozen=True)
class Distance:
    """The two-sample Kolmogorov-Smirnov statistic of one quantity, one image of each patient.

    ``d``: the statistic, in [0, 1].  ``p``: its two-sided p-value, not adjusted for the number of
    quantities: an adjustment hides differences, which would flatter the phantoms.  ``real``,
    ``phantoms``: numbers of patients.
    """

    d: float
    p: float
    real: int
    phantoms: int

    @property
    def differs(self) -> bool:
        """Whether the distributions differ at ``LEVEL``."""
        return self.p < LEVEL


@dataclass(frozen=True)
class Line:
    """One quantity of one kind of image.  ``auc``: the probability that a phantom's value is above
    a real image's; 0.5 where they cannot be distinguished, NaN where one side has no value.
    ``distance``: of the distributions; None where one side has no value."""

    quantity: Quantity
    real: Spread
    phantoms: Spread
    auc: float
    distance: Distance | None


def compare(
    real: Sequence[Measurement], phantoms: Sequence[Measurement], seed: int = 0
) -> list[Line]:
    """One line per quantity, for images of one kind.

    ``seed``: which image of a patient counts in the Kolmogorov-Smirnov statistic, where there are
    several.
    """
    lines = []
    for quantity in QUANTITIES:
        ours, theirs = _values(phantoms, quantity), _values(real, quantity)
        label = [True] * len(ours) + [False] * len(theirs)
        auc = roc_auc(label, ours + theirs)
        distance = _distance(
            _of_each_patient(real, quantity, seed), _of_each_patient(phantoms, quantity, seed)
        )
        lines.append(Line(quantity, Spread.of(theirs), Spread.of(ours), auc, distance))
    return lines


def _distance(theirs: Sequence[float], ours: Sequence[float]) -> Distance | None:
    if not theirs or not ours:
        return None
    test = ks_2samp(theirs, ours)
    return Distance(float(test.statistic), float(test.pvalue), len(theirs), len(ours))


def _of_each_patient(measured: Sequence[Measurement], quantity: Quantity, seed: int) -> list[float]:
    """One finite value of the quantity per patient, drawn among the patient's images.

    The first image would always be of the same view: names sort CC before MLO.
    """
    ordered = sorted(measured, key=lambda m: m.case_id)
    drawn: dict[str, float] = {}
    for i in np.random.default_rng(seed).permutation(len(ordered)):
        for value in _values([ordered[i]], quantity):
            drawn.setdefault(ordered[i].patient_id, value)
    return list(drawn.values())


def _values(measured: Sequence[Measurement], quantity: Quantity) -> list[float]:
    """The finite values of a quantity, of the views it applies to."""
    return [
        value
        for m in measured
        if quantity.view in (None, m.view)
        if np.isfinite(value := m.values[quantity.key])
    ]


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
    real: Sequence[Measurement], phantoms: Sequence[Measurement], kind: str,
    classifiers: Sequence[Classifier] = CLASSIFIERS, progress: ProgressCallback | None = None,
) -> KindComparison:  # fmt: skip
    """Compare the images of one kind, such as ``low-energy``.

    ``progress``: called after each fit of a classifier, see :func:`separability`.
    """
    theirs, ours = [m for m in real if m.kind == kind], [m for m in phantoms if m.kind == kind]
    return KindComparison(
        title=f"{kind.capitalize()} images: {counted(len(ours), 'phantom', 'phantoms')}, "
        f"{len(theirs)} real",
        lines=compare(theirs, ours),
        every=separability(
            theirs, ours, (*IMAGE_KEYS, *EYE_KEYS), classifiers=classifiers, progress=progress
        ),
        marked=separability(
            _marked(theirs), _marked(ours), KEYS, classifiers=classifiers, progress=progress
        ),
    )


def _marked(measured: Sequence[Measurement]) -> list[Measurement]:
    return [m for m in measured if m.values["area"] > 0]


# --- Text -------------------------------------------------------------------------------------

HEAD = ("quantity", "real", "phantoms", "AUC alone", "KS", "n", "p")
_SHOWN = 8  # coefficients named in the text
_NONE = "-"


NOTES = (
    "Only images whose pathology is given; each scaled so that its longer side has 512 px, padded "
    "with black to a square. Spreads are median [10 % to 90 %] over images.",
    "AUC alone: how often a phantom's value is above a real image's; 0.5 tells nothing, 0 and 1 "
    "tell everything.",
    "KS: the two-sample Kolmogorov-Smirnov statistic, the largest difference of the two cumulative "
    "distributions; n: real and phantom patients; p: its p-value, two-sided and not adjusted. Each "
    "patient counts with one image, drawn with seed 0 where there are several. Where p is at least "
    f"{LEVEL}, the quantity may still differ, by less than so few patients show.",
    "A region is a connected piece of what is marked, in this kind of image's own mask. Each image "
    "counts once, by its largest region that is not a band along the skin; its diameter is that of "
    "a disc as large, its centre a fraction of the breast's box, the ring about it 10 px wide "
    "without what else is marked. The area is that of all marks; regions below 100 px of area are "
    "not counted.",
    "Skin: mean grey at a distance from the skin's edge, in the middle fifth of the breast's "
    "height; the chest wall and the picture's border are no edge.",
    "The AUC over several quantities is cross-validated and nested by patient: "
    f"{FOLDS} outer folds, and {INNER_FOLDS} inner ones for the hyper-parameters. Scores are ranks "
    "within the outer fold. Its 95 % interval is a bootstrap over patients, 2000 replicates, seed "
    "0, of these scores; it leaves out how the classifiers vary with their training images. The "
    "strongest was chosen by the AUC given, which is therefore slightly too large; nothing was "
    "chosen by that of the best in the inner folds. The patch network sees no quantity but "
    f"{CROPS} crops of {CROP} px of each image at half resolution, where traces of compression and "
    "resizing may still help it.",
    "Coefficients are of a logistic regression on all images, per standard deviation; where "
    "quantities go together they share the weight.",
)


def cells(line: Line) -> tuple[str, ...]:
    """A line of the table, in the order of ``HEAD``."""
    digits = line.quantity.digits
    return (
        line.quantity.title,
        _spread(line.real, digits),
        _spread(line.phantoms, digits),
        _NONE if math.isnan(line.auc) else f"{line.auc:.2f}",
        *_distance_cells(line.distance),
    )


def _distance_cells(distance: Distance | None) -> tuple[str, str, str]:
    if distance is None:
        return _NONE, _NONE, _NONE
    p = "<0.001" if distance.p < 0.001 else f"{distance.p:.3f}"
    return f"{distance.d:.2f}", f"{distance.real}, {distance.phantoms}", p


def _spread(spread: Spread, digits: int) -> str:
    if not spread.n:
        return _NONE
    median, low, high = (f"{v:.{digits}f}" for v in (spread.median, spread.low, spread.high))
    return f"{median} [{low} to {high}]"


def sentences(found: KindComparison) -> list[str]:
    """Sentences on how well, and by which quantities, phantoms are separated from real images."""
    out = [_differing(found.lines)]
    variants = (
        ("Texture, shape and grey levels, all images", found.every),
        ("All quantities, images with a marked region", found.marked),
    )
    for title, answer in variants:
        if answer is None:
            out.append(f"{title}: too few patients to tell phantoms from real images.")
            continue
        missing = f", {answer.left_out} left out for a missing value" if answer.left_out else ""
        first, *others = answer.results
        out.append(
            f"{title} ({answer.phantoms} phantoms, {answer.real} real{missing}): AUC of the "
            f"strongest of {len(answer.results)} classifiers, {_area(first)}, 95 % interval by "
            f"patient; {'; '.join(map(_area, [*others, answer.chosen_inside]))}. Most telling "
            "together (above 0: higher in phantoms): "
            + ", ".join(f"{TITLES[key]} {w:+.2f}" for key, w in answer.weights[:_SHOWN])
            + "."
        )
    return out


def _differing(lines: Sequence[Line]) -> str:
    """How many distributions differ, and which differ most."""
    found = {line.quantity.title: line.distance for line in lines if line.distance is not None}
    differing = {title: one for title, one in found.items() if one.differs}
    text = (
        f"Kolmogorov-Smirnov: {len(differing)} of {len(found)} quantities differ (p < {LEVEL}; by "
        f"chance {LEVEL * len(found):.1f} of them would)"
    )
    most = sorted(differing.items(), key=lambda item: -item[1].d)[:_SHOWN]
    return f"{text}{': ' if most else ''}{', '.join(f'{t} {one.d:.2f}' for t, one in most)}."


def _area(found: CrossValidated) -> str:
    if math.isnan(found.low):
        return f"{found.name} {found.auc:.3f} (-, fewer than {MIN_PATIENTS} patients on one side)"
    return f"{found.name} {found.auc:.3f} ({found.low:.3f} to {found.high:.3f})"


def markdown(title: str, kinds: Sequence[KindComparison]) -> str:
    """The comparison as a document."""
    out = [f"# {title}"]
    for kind in kinds:
        lines = [cells(line) for line in kind.lines]
        out += ["", f"## {kind.title}", "", *markdown_table(HEAD, lines)]
        out += ["", *(f"- {text}" for text in sentences(kind))]
    return "\n".join([*out, "", "## Notes", "", *(f"- {note}" for note in NOTES)]) + "\n"
