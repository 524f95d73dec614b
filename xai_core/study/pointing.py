"""The pointing game: whether the peak of a map, and of simple baselines, falls on a marked finding.

The same rule decides about a hit for the map and for its baselines: an untrained network's map, the
brightest spot, the centre of the breast, and chance.  All arrays are on the network's grid, (S, S).
The result is also given as a Markdown document.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from xai_core.explain.explainer import Explainer
from xai_core.explain.request import ExplainRequest
from xai_core.faithfulness.metrics.localisation import TOLERANCE_PX, localise
from xai_core.list_text import counted
from xai_core.model.initialisation import SEED
from xai_core.model.spec import ModelSpec
from xai_core.preprocessing.breast import AIR_GREY_LEVELS, breast_mask
from xai_core.preprocessing.erasure import breast_region, erased
from xai_core.preprocessing.letterbox import letterbox_mask
from xai_core.statistics.auc import average_precision
from xai_core.statistics.bootstrap import MIN_PATIENTS, mean_interval
from xai_core.statistics.multiple_tests import holm
from xai_core.statistics.paired import REPLICATES, PairedDifference, paired_difference
from xai_core.statistics.proportion import Proportion
from xai_core.types import BoolArray, Case, FloatArray, Heatmap
from xai_core.viz.text_tables import markdown_escaped, markdown_table, p_text

# --- Peaks and hits ---------------------------------------------------------------------------


@dataclass(frozen=True)
class PeakResult:
    """``state``: "ok", or the reason why there is no peak, and then no hit.

    ``peak``: (row, column) on the network's grid.  ``distance``: px from the peak to the nearest
    marked pixel, 0 inside.  ``hit``: the distance is at most ``TOLERANCE_PX``.
    """

    state: str
    peak: tuple[int, int] | None = None
    distance: float | None = None
    hit: bool = False

    @property
    def has_peak(self) -> bool:
        """Whether there is a peak."""
        return self.peak is not None


def peak_result(values: FloatArray, marked: BoolArray) -> PeakResult:
    """The result of the maximum of ``values`` (S, S), at least 0, against ``marked`` (S, S), which
    is not empty."""
    found = localise(values, marked, tolerance=TOLERANCE_PX)
    return PeakResult(str(found.state), found.peak, found.distance, bool(found.hit))


def map_peak_result(heatmap: Heatmap, marked: BoolArray) -> PeakResult:
    """The result of a map's peak; a map that cannot be ranked counts as a miss."""
    if not heatmap.state.ranked:
        return PeakResult(str(heatmap.state))
    return peak_result(heatmap.values, marked)


# --- Baselines --------------------------------------------------------------------------------

SIGMA_PX = 8.0  # standard deviation of the smoothing before the brightest spot is found


@dataclass(frozen=True)
class Chance:
    """The probability that a pixel drawn uniformly from the breast is ``within`` the tolerance of a
    marked pixel, or ``inside`` the marked area.  Marked pixels outside the breast do not count."""

    within: float
    inside: float


def breast_of(grey: FloatArray) -> BoolArray:
    """The largest region above air, holes filled; the whole square where no pixel is above air.

    ``grey``: float32 in [0, 1].
    """
    breast = breast_mask(grey * np.float32(255), air=AIR_GREY_LEVELS)
    return breast if breast.any() else np.ones_like(breast)


def chance(marked: BoolArray, breast: BoolArray) -> Chance:
    """The share of the breast whose pixels would be hits.  ``marked`` is not empty."""
    near = ndimage.distance_transform_edt(~marked) <= TOLERANCE_PX
    return Chance(float(near[breast].mean()), float(marked[breast].mean()))


def centre_map(breast: BoolArray) -> FloatArray:
    """1 at the pixel nearest to the centroid of the breast's pixels, 0 elsewhere."""
    row, column = (round(float(index.mean())) for index in breast.nonzero())
    out = np.zeros(breast.shape, np.float32)
    out[row, column] = 1
    return out


def brightness_map(grey: FloatArray, breast: BoolArray) -> FloatArray:
    """The picture smoothed with a Gaussian of ``SIGMA_PX`` (edges mirrored), 0 outside the breast.

    ``grey``: float32 in [0, 1].
    """
    smooth = ndimage.gaussian_filter(grey, SIGMA_PX, mode="reflect")
    return np.where(breast, smooth, np.float32(0)).astype(np.float32)


@dataclass(frozen=True)
class Overlap:
    """How a map's heat lies on the marks, over the pixels of the breast.

    ``heat_inside``: the share of the heat that is marked.  ``average_precision``: the area under
    the precision-recall curve of the heat as a detector of marked pixels.  Of a map that shows
    nothing both are the marked share, as of a random one on average.
    """

    heat_inside: float
    average_precision: float


def overlap(values: FloatArray, marked: BoolArray, breast: BoolArray) -> Overlap:
    """The overlap of a map ``values`` (S, S), at least 0, with ``marked`` (S, S), not empty.

    Marked pixels count as breast.
    """
    seen = breast | marked
    heat, on = values[seen].astype(np.float64), marked[seen]
    if not heat.max() > 0:
        return Overlap(float(on.mean()), float(on.mean()))
    return Overlap(float(heat[on].sum() / heat.sum()), average_precision(on, heat))


# --- One case ---------------------------------------------------------------------------------

MAP, UNTRAINED, BRIGHTEST, CENTRE = "map", "untrained", "brightest", "centre"
POINTERS = (MAP, UNTRAINED, BRIGHTEST, CENTRE)


@dataclass(frozen=True)
class PointingRow:
    """One case.  ``results``: by the names in ``POINTERS``.  ``overlap``: of the map.
    ``erased_malignant``: whether the image is called malignant with its marked findings erased, see
    :mod:`xai_core.preprocessing.erasure`."""

    case_id: str
    patient_id: str
    probability_malignant: float
    called_malignant: bool
    results: Mapping[str, PeakResult]
    chance: Chance
    overlap: Overlap
    erased_malignant: bool


def measure(
    explainer: Explainer, untrained_explainer: Explainer, case: Case, request: ExplainRequest
) -> PointingRow | None:
    """Play the pointing game on ``case``; None where no pixel is marked on the network's grid.

    Args:
        explainer: of the classifier that is evaluated.
        untrained_explainer: of the untrained network, see
            :func:`xai_core.model.initialisation.untrained`.
        case: any case; the caller chooses malignant ones.
        request: method, layer and target, for both networks.

    Raises:
        ModelError: the network returned a value that is not a finite number.
    """
    if case.lesion_mask is None:
        return None
    prepared = explainer.context(case).prepared
    marked = letterbox_mask(case.lesion_mask, prepared.geometry)
    if not np.any(marked):
        return None
    breast = breast_of(prepared.grey)
    asked = dataclasses.replace(request, curves="none", reliability=False)
    answer, other = explainer.explain(case, asked), untrained_explainer.explain(case, asked)
    assert answer.heatmap is not None  # noqa: S101 - a complete explanation has a map
    assert other.heatmap is not None  # noqa: S101
    without = erased(case.image, case.lesion_mask, breast_region(case.image))
    classifier = explainer.classifier
    without_lesion = classifier.predict(classifier.prepare(without))
    return PointingRow(
        case_id=case.id,
        patient_id=case.patient_id,
        probability_malignant=answer.prediction.probabilities[answer.positive],
        called_malignant=answer.predicted == answer.positive,
        results={
            MAP: map_peak_result(answer.heatmap, marked),
            UNTRAINED: map_peak_result(other.heatmap, marked),
            BRIGHTEST: peak_result(brightness_map(prepared.grey, breast), marked),
            CENTRE: peak_result(centre_map(breast), marked),
        },
        chance=chance(marked, breast),
        overlap=overlap(answer.heatmap.values, marked, breast),
        erased_malignant=without_lesion.predicted(classifier.spec.threshold) == answer.positive,
    )


# --- The document -----------------------------------------------------------------------------

_SEED = 0
HEAD = (
    "what points", "hits / images", "rate (95 % interval)",
    "the map minus it, points (95 % interval)", "p (Holm)", "shows nothing",
)  # fmt: skip


@dataclass(frozen=True)
class About:
    """The subject of the document.  ``cases``: number of requested malignant cases; ``unmarked``:
    of these, without a marked pixel on the network's grid; ``unreadable``: that could not be read.
    ``title``: of the map, see :attr:`xai_core.explain.explanation.Explanation.title`."""

    source: str
    is_phantom: bool
    request: ExplainRequest
    spec: ModelSpec
    cases: int
    unmarked: int
    unreadable: int
    title: str


def lines(rows: Sequence[PointingRow], about: About) -> list[tuple[str, ...]]:
    """The table's lines, in the order of ``HEAD``; ``rows`` is not empty.

    The map's hits are compared with the others' on the same images.
    """
    titles = {
        MAP: f"{about.title}, for {about.request.target}",
        UNTRAINED: "the same of an untrained network",
        BRIGHTEST: "brightest spot",
        CENTRE: "centre of the breast",
    }
    n, patients = len(rows), [row.patient_id for row in rows]
    found = {name: [row.results[name].hit for row in rows] for name in POINTERS}
    within, inside = ([getattr(row.chance, name) for row in rows] for name in ("within", "inside"))
    others = [found[name] for name in POINTERS if name != MAP]
    differences = [
        paired_difference(found[MAP], other, patients, seed=_SEED) for other in (*others, within)
    ]
    p = holm([one.p for one in differences])
    compared = [("-", "-"), *(_compared(*pair) for pair in zip(differences, p, strict=True))]
    out: list[tuple[str, ...]] = []
    for (name, title), words in zip(titles.items(), compared, strict=False):
        hits = Proportion.of(found[name], patients)
        without_peak = sum(not row.results[name].has_peak for row in rows)
        out.append((title, hits.count, hits.percent, *words, str(without_peak)))
    for title, shares, words in (
        (f"chance, within {TOLERANCE_PX:g} px", within, compared[-1]),
        ("chance, inside the marks", inside, ("-", "-")),  # of another rule than the map's hits
    ):
        total = sum(shares)
        rate = (f"{total:.1f} expected / {n}", f"{100 * total / n:.1f} %")
        out.append((title, *rate, *words, "-"))
    return out


MAP_HEAD = ("over these images", "mean (95 % interval)")


def map_lines(rows: Sequence[PointingRow]) -> list[tuple[str, str]]:
    """The lines of the second table, of where the map's heat lies and of what the model calls the
    images without their findings."""
    patients = [row.patient_id for row in rows]
    out = []
    for title, values in (
        ("heat inside the marks", [row.overlap.heat_inside for row in rows]),
        ("average precision of the heat", [row.overlap.average_precision for row in rows]),
        ("marked share of the breast", [row.chance.inside for row in rows]),
    ):
        low, high = mean_interval(values, patients, seed=_SEED)
        ends = "-" if math.isnan(low) else f"{low:.3f} to {high:.3f}"
        out.append((title, f"{np.mean(values):.3f} ({ends})"))
    for title, called in (
        ("called malignant", [row.called_malignant for row in rows]),
        ("called malignant with the findings erased", [row.erased_malignant for row in rows]),
    ):
        share = Proportion.of(called, patients)
        out.append((title, f"{share.count}, {share.percent}"))
    return out


def _compared(difference: PairedDifference, p: float) -> tuple[str, str]:
    """A difference of two rates in percentage points with its interval, and its p-value."""
    value, low, high = (100 * v for v in (difference.value, difference.low, difference.high))
    ends = "-" if math.isnan(low) else f"{low:+.1f} to {high:+.1f}"
    return f"{value:+.1f} ({ends})", p_text(p)


def notes(rows: Sequence[PointingRow], about: About) -> list[str]:
    """Notes on the method and its limits, one or two sentences each."""
    size = about.spec.input_size
    called = Proportion.of((row.called_malignant for row in rows), (row.patient_id for row in rows))
    patients = len({row.patient_id for row in rows})
    kind = ("synthetic phantom", "synthetic phantoms") if about.is_phantom else ("image", "images")
    return [
        f"Called malignant, decided by {about.spec.decision_note()}: {called.count} of these "
        f"images, {called.percent}.",
        f"{counted(len(rows), *kind)} of {counted(patients, 'patient', 'patients')}, all malignant "
        f"with something marked. Left out of {about.cases}: {about.unmarked} with nothing marked "
        f"on the network's grid, {about.unreadable} that cannot be read. "
        f"Weights {about.spec.sha256[:12]}.",
        f"Hit: the highest pixel (the first in row-major order where several tie) is at most "
        f"{TOLERANCE_PX:g} px from a marked pixel, on the network's grid of {size} x {size} px, "
        "to which the marks are letterboxed like the image. It overlaps a marked finding: marks "
        "can be of any finding, not of the cancer alone.",
        "Shows nothing: a map that is constant, without positive evidence, or without a level "
        "that raises the score; counted as a miss.",
        f"Untrained: the same architecture with random weights (seed {SEED}), the same method, "
        f"layer and target. Brightest spot: the maximum inside the breast of the image smoothed "
        f"with a Gaussian of {SIGMA_PX:g} px. Centre: the centroid of the breast's pixels.",
        f"Chance, within {TOLERANCE_PX:g} px: the share of the breast's pixels at most "
        f"{TOLERANCE_PX:g} px from a marked pixel, averaged over images: how often a pixel drawn "
        "evenly from the breast hits. Inside the marks: the share that is marked itself, as with "
        "no tolerance. The breast is the largest region above air, holes filled. Both are exact "
        "for these images, so they have no interval.",
        "Intervals are by patient, since images of one patient resemble each other: of rates, "
        "Wilson's on the effective number of images, which is their number divided by the design "
        "effect (Rao and Scott 1992); where every patient has one image, Wilson's own. (-): no "
        f"interval, as there are fewer than {MIN_PATIENTS} patients.",
        "Heat inside the marks: of the map's heat on the breast, the share that is marked. Average "
        "precision: the area under the precision-recall curve of the heat as a detector of marked "
        "pixels. A map that knows nothing has the marked share of the breast in both on average. "
        "Intervals: bootstrap over patients.",
        "Findings erased: the marked area is filled with the brightness of its surroundings and "
        "the texture of another part of the breast. A model that looks at lesions calls few of "
        "these malignant; erasing leaves traces of its own.",
        "The map minus it: the difference of the two rates on the same images, in percentage "
        f"points, with an expanded percentile bootstrap over patients ({REPLICATES} replicates, "
        f"seed {_SEED}); p of no difference, adjusted by Holm for the tests of this table.",
    ]


def markdown(rows: Sequence[PointingRow], about: About) -> str:
    """The document."""
    out = [
        f"# Pointing game on {markdown_escaped(about.source)}",
        "",
        *markdown_table(HEAD, [[markdown_escaped(c) for c in line] for line in lines(rows, about)]),
    ]
    out += ["", *markdown_table(MAP_HEAD, map_lines(rows))]
    out += ["", *(f"- {note}" for note in notes(rows, about))]
    return "\n".join(out) + "\n"
