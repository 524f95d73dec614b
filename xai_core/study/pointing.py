"""Whether maps point at what is marked, beside guesses that know nothing.

The pointing game: does the map's peak fall on a marked finding, and do simpler guesses?

Where something points, and whether that is a hit: one rule for the map and every baseline.

What hits marked findings without knowing anything of them: chance, the centre, the brightest.

All on the network's grid, (S, S).

One case of the pointing game: the map beside its baselines.

The pointing game as a Markdown document."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from xai_core.explain.explainer import Explainer
from xai_core.explain.request import ExplainRequest
from xai_core.faithfulness.metrics.localisation import TOLERANCE_PX, localise
from xai_core.model.initialisation import SEED
from xai_core.model.spec import ModelSpec
from xai_core.preprocessing.breast import AIR_GREY_LEVELS, breast_mask
from xai_core.preprocessing.letterbox import letterbox_mask
from xai_core.statistics.proportion import Proportion
from xai_core.types import BoolArray, Case, FloatArray, Heatmap, MapState
from xai_core.viz.text_tables import markdown_escaped, markdown_table


@dataclass(frozen=True)
class Aim:
    """``state``: "ok", or why nothing is pointed at; then there is no peak and no hit.

    ``peak``: (row, column) on the network's grid.  ``distance``: px from the peak to the nearest
    marked pixel, 0 inside.  ``hit``: the distance is at most ``TOLERANCE_PX``.
    """

    state: str
    peak: tuple[int, int] | None = None
    distance: float | None = None
    hit: bool = False

    @property
    def shows(self) -> bool:
        """Whether anything is pointed at."""
        return self.peak is not None


def aim(values: FloatArray, marked: BoolArray) -> Aim:
    """What the maximum of ``values`` (S, S), at least 0, hits of ``marked`` (S, S, not empty)."""
    found = localise(values, marked, tolerance=TOLERANCE_PX)
    return Aim(str(found.state), found.peak, found.distance, bool(found.hit))


def aim_of_map(heatmap: Heatmap, marked: BoolArray) -> Aim:
    """What a map's peak hits; a map whose state is not OK misses."""
    if heatmap.state is not MapState.OK:
        return Aim(str(heatmap.state))
    return aim(heatmap.values, marked)


SIGMA_PX = 8.0  # of the smoothing before the brightest spot is looked for


@dataclass(frozen=True)
class Chance:
    """How likely a pixel drawn evenly from the breast is a hit: ``within`` the tolerance of a
    marked pixel, or ``inside`` what is marked.  Pixels of marks outside the breast do not count."""

    within: float
    inside: float


def breast_of(grey: FloatArray) -> BoolArray:
    """The largest region above air, holes filled; the whole square where there is none.

    ``grey``: float32 in [0, 1].
    """
    breast = breast_mask(grey * np.float32(255), air=AIR_GREY_LEVELS)
    return breast if breast.any() else np.ones_like(breast)


def chance(marked: BoolArray, breast: BoolArray) -> Chance:
    """The share of the breast that a hit may fall on.  ``marked`` is not empty."""
    near = ndimage.distance_transform_edt(~marked) <= TOLERANCE_PX
    return Chance(float(near[breast].mean()), float(marked[breast].mean()))


def centre(breast: BoolArray) -> FloatArray:
    """1 at the pixel nearest to the centroid of the breast's pixels, 0 elsewhere."""
    row, column = (round(float(index.mean())) for index in breast.nonzero())
    out = np.zeros(breast.shape, np.float32)
    out[row, column] = 1
    return out


def brightness(grey: FloatArray, breast: BoolArray) -> FloatArray:
    """The picture smoothed with a Gaussian of ``SIGMA_PX`` (edges mirrored), 0 outside the breast.

    ``grey``: float32 in [0, 1].
    """
    smooth = ndimage.gaussian_filter(grey, SIGMA_PX, mode="reflect")
    return np.where(breast, smooth, np.float32(0)).astype(np.float32)


MAP, UNTRAINED, BRIGHTEST, CENTRE = "map", "untrained", "brightest", "centre"
POINTERS = (MAP, UNTRAINED, BRIGHTEST, CENTRE)


@dataclass(frozen=True)
class PointingRow:
    """One case.  ``aims``: by the names in ``POINTERS``."""

    case_id: str
    patient_id: str
    probability_malignant: float
    called_malignant: bool
    aims: Mapping[str, Aim]
    chance: Chance


def measure(
    explainer: Explainer, untrained_explainer: Explainer, case: Case, request: ExplainRequest
) -> PointingRow | None:
    """Point at what is marked on ``case``; None where nothing is marked on the network's grid.

    Args:
        explainer: of the classifier that is measured.
        novice: of the untrained network, see :func:`xai_core.model.initialisation.untrained`.
        case: any case; the caller chooses malignant ones.
        request: method, layer and target; of both networks.

    Raises:
        ModelError: the network gave something that is not a number.
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
    assert answer.heatmap is not None  # noqa: S101 - a complete answer has a map
    assert other.heatmap is not None  # noqa: S101
    return PointingRow(
        case_id=case.id,
        patient_id=case.patient_id,
        probability_malignant=answer.prediction.probabilities[answer.positive],
        called_malignant=answer.predicted == answer.positive,
        aims={
            MAP: aim_of_map(answer.heatmap, marked),
            UNTRAINED: aim_of_map(other.heatmap, marked),
            BRIGHTEST: aim(brightness(prepared.grey, breast), marked),
            CENTRE: aim(centre(breast), marked),
        },
        chance=chance(marked, breast),
    )


HEAD = ("what points", "hits / images", "rate (95 % interval)", "shows nothing")


@dataclass(frozen=True)
class About:
    """What was measured.  ``cases``: malignant cases asked for; ``unmarked``: of them, those
    without a mark on the network's grid; ``unreadable``: those that could not be read.  ``title``:
    of the map, see :attr:`xai_core.explain.explanation.Explanation.title`."""

    source: str
    is_phantom: bool
    request: ExplainRequest
    spec: ModelSpec
    cases: int
    unmarked: int
    unreadable: int
    title: str


def lines(rows: Sequence[PointingRow], about: About) -> list[tuple[str, ...]]:
    """The table's lines, in the order of ``HEAD``; ``rows`` is not empty."""
    titles = {
        MAP: f"{about.title}, for {about.request.target}",
        UNTRAINED: "the same of an untrained network",
        BRIGHTEST: "brightest spot",
        CENTRE: "centre of the breast",
    }
    out: list[tuple[str, ...]] = []
    for name, title in titles.items():
        aims = [row.aims[name] for row in rows]
        hits = Proportion.of(a.hit for a in aims)
        out.append((title, hits.count, hits.percent, str(sum(not a.shows for a in aims))))
    n = len(rows)
    for title, shares in (
        (f"chance, within {TOLERANCE_PX:g} px", [row.chance.within for row in rows]),
        ("chance, inside the marks", [row.chance.inside for row in rows]),
    ):
        total = sum(shares)
        out.append((title, f"{total:.1f} expected / {n}", f"{100 * total / n:.1f} %", "-"))
    return out


def notes(rows: Sequence[PointingRow], about: About) -> list[str]:
    """What a reader must know, one sentence or two each."""
    size = about.spec.input_size
    called = Proportion.of(row.called_malignant for row in rows)
    patients = len({row.patient_id for row in rows})
    kind = "synthetic phantoms" if about.is_phantom else "images"
    return [
        f"Called malignant at the operating threshold ({about.spec.threshold:g}): {called.count} "
        f"of these images, {called.percent}.",
        f"{len(rows)} {kind} of {patients} patients, all malignant with something marked. Left "
        f"out of {about.cases}: {about.unmarked} with nothing marked on the network's grid, "
        f"{about.unreadable} that cannot be read. Weights {about.spec.sha256[:12]}.",
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
        "Intervals are Wilson's and take images as independent; views of one patient resemble "
        "each other, so they are somewhat too narrow.",
    ]


def markdown(rows: Sequence[PointingRow], about: About) -> str:
    """The whole result as a document."""
    out = [
        f"# Pointing game on {markdown_escaped(about.source)}",
        "",
        *markdown_table(HEAD, lines(rows, about)),
    ]
    out += ["", *(f"- {note}" for note in notes(rows, about))]
    return "\n".join(out) + "\n"
