"""Tables 1 and 2 as Markdown and LaTeX, the paper's figures beside ours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from xai_core.cam import METHODS
from xai_core.study import paper
from xai_core.study.rows import Row
from xai_core.study.summary import Cell, Decisions, Estimate, decisions, layers_of, table
from xai_core.types import LAYER_TITLES
from xai_core.viz.text_tables import latex_table, markdown_escaped, markdown_table

_HEAD = (
    "outcome", "method", "images (patients)", "insertion AUC (95 % interval)", "paper",
    "deletion AUC (95 % interval)", "paper", "not ranked", "not interpretable",
)  # fmt: skip
_NONE = "-"


@dataclass(frozen=True)
class About:
    """What the tables were made from: ``curves`` is adaptive or full, ``weights`` a digest."""

    source: str
    is_phantom: bool
    curves: str
    weights: str


def notes(about: About, lines: Sequence[Cell], found: Decisions) -> list[str]:
    """What a reader must know before comparing, one sentence or two each."""
    kind = "synthetic phantoms" if about.is_phantom else "images"
    said = [
        f"Cases: {about.source} ({kind}); weights {about.weights[:12]}; target: the predicted "
        "class. The paper's figures are of another model on CDD-CESM: beside, not against.",
        "Areas are means over images; intervals are percentile bootstraps over patients, 2000 "
        "replicates, seed 0. Insertion: higher is better; deletion: lower is better.",
        "Not ranked: the map is the same everywhere, so no curve exists and the image is in no "
        "mean. Not interpretable: blurring the whole image does not lower the score; in the means.",
        f"The paper says {paper.IMAGES_SAID} images; its TP, TN and ratios imply "
        f"{paper.IMPLIED.images} ({paper.IMPLIED.fp} false positives, {paper.IMPLIED.fn} false "
        "negatives).",
    ]
    errors = [cell.error for cell in lines if not math.isnan(cell.error)]
    if about.curves == "adaptive" and errors:
        said.append(
            f"Curves are adaptive: the estimated error of one image's area is at most "
            f"{max(errors):.4f} on average in any line."
        )
    if found.unreadable or found.unlabelled:
        said.append(
            f"Left out: {found.unreadable} cases that cannot be read, {found.unlabelled} without "
            "a known pathology."
        )
    return said


def _areas(estimate: Estimate) -> str:
    if math.isnan(estimate.value):
        return _NONE
    return f"{estimate.value:.3f} ({estimate.low:.3f} to {estimate.high:.3f})"


def _line(cell: Cell) -> tuple[str, ...]:
    return (
        str(cell.outcome),
        METHODS[cell.method].title,
        f"{cell.images} ({cell.patients})",
        _areas(cell.insertion),
        f"{cell.paper.insertion:.3f}",
        _areas(cell.deletion),
        f"{cell.paper.deletion:.3f}",
        str(cell.unranked),
        str(cell.not_interpretable),
    )


def _decision_lines(found: Decisions) -> list[tuple[str, str, str]]:
    here, theirs = found.confusion, paper.IMPLIED
    ratios = (
        ("sensitivity", here.sensitivity, paper.SENSITIVITY),
        ("specificity", here.specificity, paper.SPECIFICITY),
        ("precision", here.precision, paper.PRECISION),
    )
    return [
        ("images", str(here.images), f"{paper.IMAGES_SAID} said, {theirs.images} implied"),
        ("patients", str(found.patients), _NONE),
        ("TP", str(here.tp), str(theirs.tp)),
        ("TN", str(here.tn), str(theirs.tn)),
        ("FP", str(here.fp), f"{theirs.fp} implied"),
        ("FN", str(here.fn), f"{theirs.fn} implied"),
        *(
            (name, _NONE if math.isnan(value) else f"{100 * value:.1f} %", f"{100 * said:.1f} %")
            for name, value, said in ratios
        ),
        ("ROC AUC (95 % interval)", _areas(found.auc), _NONE),
    ]


def _title(layer: str) -> str:
    return f"Table {paper.TABLE_NUMBER[layer]}: {LAYER_TITLES[layer]}"


def markdown(rows: Sequence[Row], about: About) -> str:
    """Both tables, the decisions and the notes as one Markdown document."""
    tables = {layer: table(rows, layer) for layer in layers_of(rows)}
    found = decisions(rows)
    out = [f"# Evaluation of {markdown_escaped(about.source)}"]
    for layer, cells in tables.items():
        out += [
            "",
            f"## {_title(layer)}",
            "",
            *markdown_table(_HEAD, [_line(cell) for cell in cells]),
        ]
    out += ["", "## Decisions", "", *markdown_table(("", "here", "paper"), _decision_lines(found))]
    every = [cell for cells in tables.values() for cell in cells]
    out += ["", "## Notes", ""]
    out += [f"- {markdown_escaped(note)}" for note in notes(about, every, found)]
    out.append(f"- Paper: {paper.CITATION}.")
    return "\n".join(out) + "\n"


def latex(rows: Sequence[Row], about: About) -> str:
    """Both tables and the decisions as ``table`` environments; needs no package."""
    tables = {layer: table(rows, layer) for layer in layers_of(rows)}
    found = decisions(rows)
    every = [cell for cells in tables.values() for cell in cells]
    out = [f"% {_one_line(note)}" for note in notes(about, every, found)]
    for layer, cells in tables.items():
        lines = [_line(cell)[:7] for cell in cells]
        caption = f"{LAYER_TITLES[layer]}: insertion and deletion AUC of {about.source}."
        label = f"tab:areas-{paper.TABLE_NUMBER[layer]}"
        out += latex_table(caption, label, "llrrrrr", _HEAD[:7], lines)
    caption = f"Decisions of the model on {about.source}."
    head = ("", "here", "paper")
    out += latex_table(caption, "tab:decisions", "lrr", head, _decision_lines(found))
    return "\n".join(out) + "\n"


def _one_line(text: str) -> str:
    return " ".join(text.split())
