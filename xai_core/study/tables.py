"""Tables 1 and 2 as Markdown and LaTeX, with the paper's figures beside the measured ones."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from xai_core.cam import METHODS
from xai_core.faithfulness.metric import Metric
from xai_core.model.layers import layer_title, stage_number
from xai_core.study import paper
from xai_core.study.rows import Row
from xai_core.study.summary import (
    OTHERS,
    Cell,
    Decisions,
    Estimate,
    Mean,
    decisions,
    layers_of,
    table,
)
from xai_core.viz.text_tables import latex_table, markdown_escaped, markdown_table

_HEAD = (
    "outcome", "method", "images (patients)", "insertion AUC (95 % interval)", "paper",
    "deletion AUC (95 % interval)", "paper", "not ranked", "not interpretable",
)  # fmt: skip
_NONE = "-"


@dataclass(frozen=True)
class About:
    """The subject of the tables.  ``curves``: "adaptive" or "full".  ``weights``: a digest.
    ``decision``, ``curves_note``: see :class:`xai_core.model.spec.ModelSpec`."""

    source: str
    is_phantom: bool
    curves: str
    weights: str
    decision: str = "the larger logit"
    curves_note: str = ""


def notes(about: About, lines: Sequence[Cell], found: Decisions) -> list[str]:
    """Notes on the method and its limits, one or two sentences each."""
    kind = "synthetic phantoms" if about.is_phantom else "images"
    out = [
        f"Cases: {about.source} ({kind}); weights {about.weights[:12]}; target: the predicted "
        f"class, decided by {about.decision}. The paper's figures are of another "
        "model on CDD-CESM: beside, not against.",
        "Areas are means over images; intervals are percentile bootstraps over patients, 2000 "
        "replicates, seed 0. Insertion: higher is better; deletion: lower is better.",
        "Not ranked: the map is the same everywhere, so no curve exists and the image is in no "
        "mean. Not interpretable: blurring the whole image does not lower the score; in the means.",
        f"The paper says {paper.IMAGES_STATED} images; its TP, TN and ratios imply "
        f"{paper.IMPLIED.images} ({paper.IMPLIED.fp} false positives, {paper.IMPLIED.fn} false "
        "negatives).",
    ]
    if about.curves_note:
        out.append(about.curves_note)
    errors = [cell.error for cell in lines if not math.isnan(cell.error)]
    if about.curves == "adaptive" and errors:
        out.append(
            f"Curves are adaptive: the estimated error of one image's area is at most "
            f"{max(errors):.4f} on average in any line."
        )
    others = _measured(lines)
    if others:
        out.append(
            "Other measures: means over the images that have a value, their number in brackets; of "
            "hit or miss, and of yes or no, the share."
        )
    out += [
        f"{metric.title} ({metric.name}, {metric.unit}): {metric.description} "
        f"{f'{metric.better.capitalize()} is better. ' if metric.better else ''}"
        f"Reference: {metric.reference}."
        for metric in others
    ]
    if found.unreadable or found.unlabelled:
        out.append(
            f"Left out: {found.unreadable} cases that cannot be read, {found.unlabelled} without "
            "a known pathology."
        )
    return out


def _measured(cells: Iterable[Cell]) -> list[Metric]:
    """The other metrics that have a value in any of ``cells``."""
    every = list(cells)
    return [m for name, m in OTHERS.items() if any(cell.others[name].images for cell in every)]


def _method(cell: Cell) -> str:
    method = METHODS.get(cell.method)
    return cell.method if method is None else method.title


def _mean(mean: Mean) -> str:
    return f"{mean.value:.3f} ({mean.images})" if mean.images else _NONE


def _other_head(metrics: Sequence[Metric]) -> tuple[str, ...]:
    return ("outcome", "method", *(metric.title for metric in metrics))


def _other_line(cell: Cell, metrics: Sequence[Metric]) -> tuple[str, ...]:
    return (str(cell.outcome), _method(cell), *(_mean(cell.others[m.name]) for m in metrics))


def _areas(estimate: Estimate) -> str:
    if math.isnan(estimate.value):
        return _NONE
    return f"{estimate.value:.3f} ({estimate.low:.3f} to {estimate.high:.3f})"


def _line(cell: Cell) -> tuple[str, ...]:
    return (
        str(cell.outcome),
        _method(cell),
        f"{cell.images} ({cell.patients})",
        _areas(cell.insertion),
        _NONE if cell.paper is None else f"{cell.paper.insertion:.3f}",
        _areas(cell.deletion),
        _NONE if cell.paper is None else f"{cell.paper.deletion:.3f}",
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
        ("images", str(here.images), f"{paper.IMAGES_STATED} said, {theirs.images} implied"),
        ("patients", str(found.patients), _NONE),
        ("TP", str(here.tp), str(theirs.tp)),
        ("TN", str(here.tn), str(theirs.tn)),
        ("FP", str(here.fp), f"{theirs.fp} implied"),
        ("FN", str(here.fn), f"{theirs.fn} implied"),
        *(
            (name, _NONE if math.isnan(value) else f"{100 * value:.1f} %", f"{100 * stated:.1f} %")
            for name, value, stated in ratios
        ),
        ("ROC AUC (95 % interval)", _areas(found.auc), _NONE),
    ]


def _title(layer: str) -> str:
    return f"Table {paper.TABLE_NUMBER[stage_number(layer)]}: {layer_title(layer)}"


def markdown(rows: Sequence[Row], about: About) -> str:
    """Both tables, the other metrics, the decisions and the notes as one Markdown document."""
    tables = {layer: table(rows, layer) for layer in layers_of(rows)}
    found = decisions(rows)
    every = [cell for cells in tables.values() for cell in cells]
    out = [f"# Evaluation of {markdown_escaped(about.source)}"]
    for layer, cells in tables.items():
        lines = [_escaped(_line(cell)) for cell in cells]
        out += ["", f"## {_title(layer)}", "", *markdown_table(_HEAD, lines)]
        metrics = _measured(cells)
        if metrics:
            head = _escaped(_other_head(metrics))
            lines = [_escaped(_other_line(cell, metrics)) for cell in cells]
            title = f"### Other measures: {layer_title(layer)}"
            out += ["", title, "", *markdown_table(head, lines)]
    out += ["", "## Decisions", "", *markdown_table(("", "here", "paper"), _decision_lines(found))]
    out += ["", "## Notes", ""]
    out += [f"- {markdown_escaped(note)}" for note in notes(about, every, found)]
    out.append(f"- Paper: {paper.CITATION}.")
    return "\n".join(out) + "\n"


def _escaped(cells: Iterable[str]) -> tuple[str, ...]:
    return tuple(markdown_escaped(cell) for cell in cells)


def latex(rows: Sequence[Row], about: About) -> str:
    """The same as ``table`` environments, with the notes as comments; needs no LaTeX package."""
    tables = {layer: table(rows, layer) for layer in layers_of(rows)}
    found = decisions(rows)
    every = [cell for cells in tables.values() for cell in cells]
    out = [f"% {_one_line(note)}" for note in notes(about, every, found)]
    for layer, cells in tables.items():
        lines = [_line(cell)[:7] for cell in cells]
        caption = f"{layer_title(layer)}: insertion and deletion AUC of {about.source}."
        label = f"tab:areas-{paper.TABLE_NUMBER[stage_number(layer)]}"
        out += latex_table(caption, label, "llrrrrr", _HEAD[:7], lines)
        metrics = _measured(cells)
        if metrics:
            caption = f"{layer_title(layer)}: other measures of {about.source}, means (images)."
            label = f"tab:other-{paper.TABLE_NUMBER[stage_number(layer)]}"
            others = [_other_line(cell, metrics) for cell in cells]
            columns = "ll" + "r" * len(metrics)
            out += latex_table(caption, label, columns, _other_head(metrics), others)
    caption = f"Decisions of the model on {about.source}."
    head = ("", "here", "paper")
    out += latex_table(caption, "tab:decisions", "lrr", head, _decision_lines(found))
    return "\n".join(out) + "\n"


def _one_line(text: str) -> str:
    return " ".join(text.split())
