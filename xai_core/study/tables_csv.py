"""The figures of the tables as numbers: one row per figure, for spreadsheets and scripts."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from typing import Any

from xai_core.files import csv_cell
from xai_core.model.layers import layer_title
from xai_core.statistics.proportion import Proportion
from xai_core.study import paper
from xai_core.study.comparison import RULE, Comparison, ranking
from xai_core.study.summary import AREA_COLUMNS, Cell, Decisions, Estimate, Mark, Over
from xai_core.study.tables import (
    BELOW_ERROR,
    DIRECTION,
    INTERVALS,
    LEGEND,
    About,
    Figures,
    LayerFigures,
    measured,
    notes,
)

COLUMNS = (
    "table", "layer", "outcome", "method", "minus", "metric", "mean_over", "value", "low", "high",
    "p_holm", "curve_error", "images", "patients", "not_interpretable", "not_ranked", "paper",
    "mark", "remark",
)  # fmt: skip
"""``low``, ``high``: the 95 % interval.  ``minus``: the second method of a paired difference.
Empty where a column does not apply or a figure is not defined."""


def csv_text(figures: Figures, about: About) -> str:
    """All figures, the sentences on the ranking, the legend and the notes as CSV (UTF-8)."""
    out = io.StringIO()
    table = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
    table.writeheader()
    for line in _lines(figures, about):
        table.writerow({name: _plain(value) for name, value in line.items()})
    return out.getvalue()


def _plain(value: Any) -> Any:
    return "" if isinstance(value, float) and math.isnan(value) else str(csv_cell(value))


def _lines(figures: Figures, about: About) -> Iterator[dict[str, Any]]:
    for found in figures.layers:
        for cell in found.cells:
            for over in Over:
                yield from _areas(cell, over)
        yield from _differences(found)
        for metric in measured(found.cells):
            for cell in found.cells:
                for over, means in cell.means.items():
                    one = means.others.get(metric.name)
                    if one is not None and one.images:
                        yield {**_of(cell, over, metric.name, one), "table": "other metrics"}
    yield from _decisions(figures.decisions)
    for text in (LEGEND, INTERVALS, RULE, DIRECTION, *notes(figures, about)):
        yield {"table": "notes", "remark": " ".join(text.split())}


def _of(cell: Cell, over: Over, metric: str, found: Estimate) -> dict[str, Any]:
    return {
        "layer": layer_title(cell.layer), "outcome": cell.outcome, "method": cell.method,
        "metric": metric, "mean_over": over, "value": found.value, "low": found.low,
        "high": found.high, "images": found.images, "patients": found.patients,
        "not_interpretable": found.not_interpretable, "mark": found.mark,
        "remark": _mark_words(found.mark),
    }  # fmt: skip


def _mark_words(mark: Mark) -> str:
    words = {Mark.SOME: "some images not interpretable", Mark.ALL: "all images not interpretable"}
    return words.get(mark, "")


def _areas(cell: Cell, over: Over) -> Iterator[dict[str, Any]]:
    means = cell.means[over]
    for metric, found in zip(AREA_COLUMNS, (means.insertion, means.deletion), strict=True):
        line = {**_of(cell, over, metric, found), "table": "areas"}
        if over is Over.ALL:
            line |= {"not_ranked": cell.unranked, "curve_error": cell.error}
            if cell.paper is not None:
                line["paper"] = getattr(cell.paper, metric.removesuffix("_auc"))
        yield line


def _differences(found: LayerFigures) -> Iterator[dict[str, Any]]:
    layer = layer_title(found.layer)
    for over, lines in found.differences.items():
        if lines:
            yield from (_difference(one, layer, over) for one in lines)
            remark = ranking(lines).sentence
            yield {"table": "ranking", "layer": layer, "mean_over": over, "remark": remark}


def _difference(one: Comparison, layer: str, over: Over) -> dict[str, Any]:
    found = one.found
    mark = Mark.of(one.not_interpretable, found.images)
    remarks = (_mark_words(mark), BELOW_ERROR if one.below_error else "")
    return {
        "table": "paired differences", "layer": layer, "outcome": one.outcome, "method": one.first,
        "minus": one.second, "metric": one.metric, "mean_over": over, "value": found.value,
        "low": found.low, "high": found.high, "p_holm": one.p_holm, "curve_error": one.error,
        "images": found.images, "patients": found.patients,
        "not_interpretable": one.not_interpretable, "paper": one.paper, "mark": mark,
        "remark": "; ".join(text for text in remarks if text),
    }  # fmt: skip


def _decisions(found: Decisions) -> Iterator[dict[str, Any]]:
    table = {"table": "decisions"}
    stated = {"TP": paper.IMPLIED.tp, "TN": paper.IMPLIED.tn}
    implied = {"FP": paper.IMPLIED.fp, "FN": paper.IMPLIED.fn}
    for name, value in (stated | implied).items():
        here = getattr(found.confusion, name.lower())
        remark = "the paper's number is implied by its ratios" if name in implied else ""
        yield {**table, "metric": name, "value": here, "paper": value, "remark": remark}
    shares: tuple[tuple[str, Proportion, float], ...] = (
        ("sensitivity", found.sensitivity, paper.SENSITIVITY),
        ("specificity", found.specificity, paper.SPECIFICITY),
        ("precision", found.precision, paper.PRECISION),
    )
    for name, share, theirs in shares:
        low, high = share.interval
        yield {
            **table, "metric": name, "value": share.value, "low": low, "high": high,
            "images": share.whole, "patients": share.patients, "paper": theirs,
        }  # fmt: skip
    auc = found.auc
    yield {
        **table, "metric": "roc_auc", "value": auc.value, "low": auc.low, "high": auc.high,
        "images": auc.images, "patients": auc.patients,
    }  # fmt: skip
