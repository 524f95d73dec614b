"""The pointing game as a Markdown document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xai_core.faithfulness.metrics.localisation import TOLERANCE_PX
from xai_core.model.spec import ModelSpec
from xai_core.request import ExplainRequest
from xai_core.statistics.proportion import Proportion
from xai_core.study.pointing.baselines import SIGMA_PX
from xai_core.study.pointing.measure import BRIGHTEST, CENTRE, MAP, UNTRAINED, PointingRow
from xai_core.study.pointing.untrained import SEED
from xai_core.viz.text_tables import markdown_escaped, markdown_table

HEAD = ("what points", "hits / images", "rate (95 % interval)", "shows nothing")


@dataclass(frozen=True)
class About:
    """What was measured.  ``cases``: malignant cases asked for; ``unmarked``: of them, those
    without a mark on the network's grid; ``unreadable``: those that could not be read.  ``title``:
    of the map, see :attr:`xai_core.explanation.Explanation.title`."""

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
