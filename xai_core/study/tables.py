"""Tables 1 and 2 with the paper's figures beside the measured ones, the paired differences of the
methods, the other metrics and the decisions, as Markdown and LaTeX.

Both are written from the same :class:`TextTable` values; the same figures as numbers are in
:mod:`xai_core.study.tables_csv`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from xai_core.cam import METHODS
from xai_core.faithfulness.metric import Metric
from xai_core.list_text import counted
from xai_core.model.layers import layer_title, stage_number
from xai_core.statistics.bootstrap import MIN_PATIENTS
from xai_core.statistics.bootstrap import REPLICATES as INTERVAL_REPLICATES
from xai_core.statistics.paired import REPLICATES as PAIRED_REPLICATES
from xai_core.study import paper
from xai_core.study.comparison import RULE, Comparison, comparisons, ranking
from xai_core.study.rows import Row
from xai_core.study.summary import (
    OTHERS,
    SEED,
    Cell,
    Decisions,
    Estimate,
    Mark,
    Over,
    decisions,
    depends_on_curves,
    layers_of,
    table,
)
from xai_core.types import Outcome
from xai_core.viz.text_tables import latex_table, markdown_escaped, markdown_table, p_text

NONE = "-"

# --- The contents -----------------------------------------------------------------------------


@dataclass(frozen=True)
class About:
    """The subject of the tables.  ``curves``: the mode of the curves.  ``weights``: a digest.
    ``decision``, ``curves_note``: see :class:`xai_core.model.spec.ModelSpec`."""

    source: str
    is_phantom: bool
    curves: str
    weights: str
    decision: str = "the larger logit"
    curves_note: str = ""


@dataclass(frozen=True)
class LayerFigures:
    """All figures of one layer: the cells of its table, and the paired differences over all and
    over interpretable images."""

    layer: str
    cells: tuple[Cell, ...]
    differences: dict[Over, tuple[Comparison, ...]]

    @property
    def every_image_interpretable(self) -> bool:
        """Whether means over interpretable images are means over all."""
        return not any(cell.means[Over.ALL].insertion.not_interpretable for cell in self.cells)


@dataclass(frozen=True)
class Figures:
    """All figures of an evaluation."""

    layers: tuple[LayerFigures, ...]
    decisions: Decisions

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells of all layers."""
        return tuple(cell for found in self.layers for cell in found.cells)


def figures_of(rows: Sequence[Row]) -> Figures:
    """The figures of an evaluation's rows."""
    layers = tuple(
        LayerFigures(
            layer, table(rows, layer), {over: comparisons(rows, layer, over) for over in Over}
        )
        for layer in layers_of(rows)
    )
    return Figures(layers, decisions(rows))


@dataclass(frozen=True)
class TextTable:
    """A table as text.  ``title``: of its section in Markdown; ``caption``, ``label``: in LaTeX.
    ``columns``: their alignment in LaTeX.  ``under``: sentences below it."""

    title: str
    caption: str
    label: str
    head: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    columns: str
    under: tuple[str, ...] = ()


NO_INTERVAL = f"(-): no interval, as there are fewer than {MIN_PATIENTS} patients."
MARKS = f"{Mark.SOME} some, {Mark.ALL} all of the images behind the figure are not interpretable"
LEGEND = (
    f"{MARKS}: blurring the whole image does not lower the probability of the class (P(blurred) is "
    "at least P(image)), so that their curves measure nothing."
)


INTERVALS = (
    "Intervals are by patient, since images of one patient resemble each other: of means and of "
    "the ROC AUC, expanded percentile bootstraps over patients (Hesterberg 2015), "
    f"{INTERVAL_REPLICATES} replicates, of differences {PAIRED_REPLICATES}, seed {SEED}; of "
    "proportions, Wilson's on the effective number of images, which is their number divided by the "
    f"design effect (Rao and Scott 1992). Below {MIN_PATIENTS} patients, for the ROC AUC of either "
    "class, there is none: (-)."
)


def contents(figures: Figures, about: About) -> tuple[TextTable, ...]:
    """All tables, in the order of the document."""
    out: list[TextTable] = []
    for found in figures.layers:
        out.append(_areas_table(found, about))
        out += _difference_tables(found, about)
        out += _other_tables(found, about)
    return (*out, _decision_table(figures.decisions, about))


# --- The areas --------------------------------------------------------------------------------

_AREAS_HEAD = (
    "outcome", "method", "mean over", "images (patients)", "insertion AUC (95 % interval)",
    "paper", "deletion AUC (95 % interval)", "paper", "curves' error", "not interpretable",
    "not ranked",
)  # fmt: skip


def _areas_table(found: LayerFigures, about: About) -> TextTable:
    number = paper.TABLE_NUMBER[stage_number(found.layer)]
    title = layer_title(found.layer)
    return TextTable(
        title=f"## Table {number}: {title}",
        caption=f"{title}: areas under the insertion and deletion curves of {about.source}.",
        label=f"tab:areas-{number}",
        head=_AREAS_HEAD,
        lines=tuple(_area_line(cell, over) for cell in found.cells for over in Over),
        columns="lllrrrrrrrr",
        under=(
            "Insertion: higher is better; deletion: lower is better. Curves' error: the estimated "
            "error of one image's areas, the larger of the two, on average. Not ranked: further "
            "images whose map is the same everywhere.",
            LEGEND,
            INTERVALS,
        ),
    )


def _area_line(cell: Cell, over: Over) -> tuple[str, ...]:
    means = cell.means[over]
    counts = [f"{means.insertion.images} ({means.insertion.patients})"]
    if over is Over.ALL:
        papers = [
            NONE if cell.paper is None else f"{value:.3f}"
            for value in (
                cell.paper.insertion if cell.paper else 0.0,
                cell.paper.deletion if cell.paper else 0.0,
            )
        ]
        error = NONE if math.isnan(cell.error) else f"{cell.error:.4f}"
        more = [error, str(means.insertion.not_interpretable), str(cell.unranked)]
    else:
        papers, more = ["", ""], ["", "", ""]
    return (
        str(cell.outcome), method_title(cell.method), str(over), *counts,
        estimated(means.insertion), papers[0], estimated(means.deletion), papers[1], *more,
    )  # fmt: skip


def method_title(name: str) -> str:
    """The title of a method; its name where it is not registered."""
    method = METHODS.get(name)
    return name if method is None else method.title


def estimated(estimate: Estimate) -> str:
    """``0.900 (0.850 to 0.950)`` and its mark; ``0.900 (-)`` without an interval, "-" without a
    value."""
    if math.isnan(estimate.value):
        return NONE
    return f"{estimate.value:.3f} ({_ends(estimate.low, estimate.high, '.3f')}){estimate.mark}"


def _ends(low: float, high: float, form: str) -> str:
    return NONE if math.isnan(low) else f"{low:{form}} to {high:{form}}"


# --- The differences --------------------------------------------------------------------------

_DIFFERENCE_HEAD = (
    "outcome", "area", "difference", "images (patients)", "mean difference (95 % interval)",
    "paper", "p (Holm)", "curves' own error", "remark",
)  # fmt: skip
BELOW_ERROR = "below the curves' own error"
ALL_INTERPRETABLE = (
    "Every image is interpretable, so that the same holds over interpretable images."
)


def _difference_tables(found: LayerFigures, about: About) -> Iterator[TextTable]:
    if not found.differences[Over.ALL]:
        return
    title, number = layer_title(found.layer), paper.TABLE_NUMBER[stage_number(found.layer)]
    for over in Over:
        if over is Over.INTERPRETABLE and found.every_image_interpretable:
            continue
        lines = found.differences[over]
        under = [ranking(lines).sentence]
        if over is Over.ALL:
            under += [ALL_INTERPRETABLE] if found.every_image_interpretable else []
            under += [RULE, DIRECTION]
        tests = sum(not math.isnan(one.p_holm) for one in lines)
        under += [_HOLM.format(tests)] if tests else []
        which = "all" if over is Over.ALL else "interpretable"
        yield TextTable(
            title=f"### Paired differences over {which} images: {title}",
            caption=f"{title}: paired differences of the areas over {which} common images of "
            f"{about.source}.",
            label=f"tab:differences-{which}-{number}",
            head=_DIFFERENCE_HEAD,
            lines=tuple(_difference_line(one) for one in lines),
            columns="lllrrrrrp{2.2cm}",
            under=(*under, f"{MARKS}. {NO_INTERVAL}"),
        )


DIRECTION = (
    "Above 0 the method named first has the larger area: better for insertion, worse for deletion. "
    "The curves' own error joins both areas' estimated errors (root of the sum of squares), on "
    "average over images."
)
_HOLM = (
    "p: two-sided, of no difference, by the same bootstrap as the interval, adjusted by Holm for "
    "the {} tests of this table; intervals are not adjusted."
)


def pair_title(one: Comparison) -> str:
    """The two methods of a difference."""
    return f"{method_title(one.first)} minus {method_title(one.second)}"


def _difference_line(one: Comparison) -> tuple[str, ...]:
    found = one.found
    mean = NONE
    if found.images:
        mark = Mark.of(one.not_interpretable, found.images)
        mean = f"{found.value:+.4f} ({_ends(found.low, found.high, '+.4f')}){mark}"
    return (
        str(one.outcome), one.metric.removesuffix("_auc"), pair_title(one),
        f"{found.images} ({found.patients})", mean,
        NONE if one.paper is None else f"{one.paper:+.3f}", p_text(one.p_holm),
        NONE if math.isnan(one.error) else f"{one.error:.4f}",
        BELOW_ERROR if one.below_error else "",
    )  # fmt: skip


# --- Other metrics ---------------------------------------------------------------------------


def measured(cells: Iterable[Cell]) -> list[Metric]:
    """The other metrics that have a value in any of ``cells``."""
    every = [cell.means[Over.ALL].others for cell in cells]
    return [m for name, m in OTHERS.items() if any(means[name].images for means in every)]


def _other_tables(found: LayerFigures, about: About) -> Iterator[TextTable]:
    number, title = paper.TABLE_NUMBER[stage_number(found.layer)], layer_title(found.layer)
    for outcome in paper.OUTCOMES:
        cells = [cell for cell in found.cells if cell.outcome is outcome]
        lines = tuple(
            _other_line(cells, metric, over)
            for metric in measured(cells)
            for over in (Over if depends_on_curves(metric) else (Over.ALL,))
        )
        if not lines:
            continue
        yield TextTable(
            title=f"### Other metrics: {title}, {_outcome_title(outcome)}",
            caption=f"{title}, {_outcome_title(outcome)}: other metrics of {about.source}.",
            label=f"tab:other-{number}-{outcome.lower()}",
            head=("metric", "mean over", *(method_title(cell.method) for cell in cells)),
            lines=lines,
            columns="p{4.5cm}l" + "r" * len(cells),
            under=(
                "Mean (95 % interval), images (patients) that have a value; of yes or no, the "
                f"share. {MARKS}. {NO_INTERVAL}",
            ),
        )


_OUTCOME_TITLES = {Outcome.TP: "true positives", Outcome.TN: "true negatives"}


def _outcome_title(outcome: Outcome) -> str:
    return _OUTCOME_TITLES.get(outcome, str(outcome))


def _other_line(cells: Sequence[Cell], metric: Metric, over: Over) -> tuple[str, ...]:
    found = [cell.means[over].others[metric.name] for cell in cells]
    better = f"; {metric.better} is better" if metric.better else ""
    title = f"{metric.title} ({metric.unit}{better})"
    return (title, str(over), *(_with_numbers(one) for one in found))


def _with_numbers(found: Estimate) -> str:
    return f"{estimated(found)}, {found.images} ({found.patients})" if found.images else NONE


# --- The decisions ----------------------------------------------------------------------------


def _decision_table(found: Decisions, about: About) -> TextTable:
    here, theirs = found.confusion, paper.IMPLIED
    ratios = (
        ("sensitivity", found.sensitivity, paper.SENSITIVITY),
        ("specificity", found.specificity, paper.SPECIFICITY),
        ("precision", found.precision, paper.PRECISION),
    )
    return TextTable(
        title="## Decisions",
        caption=f"Decisions of the model on {about.source}.",
        label="tab:decisions",
        head=("", "here (95 % interval)", "paper"),
        lines=(
            ("images", str(here.images), f"{paper.IMAGES_STATED} said, {theirs.images} implied"),
            ("patients", str(found.auc.patients), NONE),
            ("TP", str(here.tp), str(theirs.tp)),
            ("TN", str(here.tn), str(theirs.tn)),
            ("FP", str(here.fp), f"{theirs.fp} implied"),
            ("FN", str(here.fn), f"{theirs.fn} implied"),
            *(
                (f"{name} ({share.count})", share.percent, f"{100 * stated:.1f} %")
                for name, share, stated in ratios
            ),
            ("ROC AUC", estimated(found.auc), NONE),
        ),
        columns="lrr",
        under=(NO_INTERVAL,),
    )


# --- The notes --------------------------------------------------------------------------------


def notes(figures: Figures, about: About) -> list[str]:
    """Notes on the method and its limits, one or two sentences each."""
    cells = figures.cells
    kind = "synthetic phantoms" if about.is_phantom else "images"
    out = [
        f"Cases: {about.source} ({kind}); weights {about.weights[:12]}; target: the predicted "
        f"class, decided by {about.decision}. The paper's figures are of another "
        "model on CDD-CESM: beside, not against.",
        "Areas are means over images, each weighted equally; means over interpretable images stand "
        "below those over all. Not ranked: the map is the same everywhere, so no curve exists and "
        "the image is in no mean.",
        "Differences are paired: both methods on the same images, so that what images differ in "
        "cancels.",
        f"The paper says {paper.IMAGES_STATED} images; its TP, TN and ratios imply "
        f"{paper.IMPLIED.images} ({paper.IMPLIED.fp} false positives, {paper.IMPLIED.fn} false "
        "negatives).",
    ]
    if about.curves_note:
        out.append(about.curves_note)
    errors = [cell.error for cell in cells if not math.isnan(cell.error)]
    if errors and max(errors) > 0:
        out.append(
            f"Curves are {about.curves}: the estimated error of one image's area is at most "
            f"{max(errors):.4f} on average in any line."
        )
    out += [
        f"{metric.title} ({metric.name}, {metric.unit}): {metric.description} "
        f"{f'{metric.better.capitalize()} is better. ' if metric.better else ''}"
        f"Reference: {metric.reference}."
        for metric in measured(cells)
    ]
    found = figures.decisions
    if found.unreadable or found.unlabelled:
        out.append(
            f"Left out: {counted(found.unreadable, 'case', 'cases')} that cannot be read, "
            f"{found.unlabelled} without a known pathology."
        )
    return [*out, f"Paper: {paper.CITATION}."]


# --- The documents ----------------------------------------------------------------------------


def markdown(figures: Figures, about: About) -> str:
    """All tables and the notes as one Markdown document."""
    out = [f"# Evaluation of {markdown_escaped(about.source)}"]
    for one in contents(figures, about):
        lines = [_escaped(line) for line in one.lines]
        out += ["", one.title, "", *markdown_table(_escaped(one.head), lines)]
        for text in one.under:
            out += ["", markdown_escaped(text)]
    out += ["", "## Notes", "", *(f"- {markdown_escaped(note)}" for note in notes(figures, about))]
    return "\n".join(out) + "\n"


def _escaped(cells: Iterable[str]) -> tuple[str, ...]:
    return tuple(markdown_escaped(cell) for cell in cells)


def latex(figures: Figures, about: About) -> str:
    """The same as ``table`` environments, with the notes as comments; needs no LaTeX package."""
    out = [f"% {' '.join(note.split())}" for note in notes(figures, about)]
    for one in contents(figures, about):
        out += latex_table(one.caption, one.label, one.columns, one.head, one.lines, one.under)
    return "\n".join(out) + "\n"
