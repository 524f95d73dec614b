"""The comparison as text: the cells of its tables, and a Markdown document."""

from __future__ import annotations

import math
from collections.abc import Sequence

from xai_core.study.realism.compare import Line, Spread
from xai_core.study.realism.findings import Findings
from xai_core.study.realism.quantities import TITLES
from xai_core.viz.text_tables import markdown_table

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
