"""The command ``conventions``: how much a method's areas depend on what papers leave open.

The method's default and every option changed alone are measured on the same true positives and true
negatives, with Grad-CAM for comparison, and set beside the paper's figures.
``OUT/rows/`` holds one small Parquet file per choice and case, written when it is done; a resumed
run reads the existing files and computes the others.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xai_core.cam import METHODS
from xai_core.cam.options import Kind, Option
from xai_core.cases.base import CaseSource
from xai_core.errors import BadRequest, CaseError
from xai_core.explain.explainer import Explainer
from xai_core.explain.request import ExplainRequest
from xai_core.model.layers import layer_title, stage_number
from xai_core.study.evaluate import Plan, begin_run, measure, part_in, source_and_model
from xai_core.study.paper import AREAS, CITATION, OUTCOMES, Areas
from xai_core.study.predictions import predict_case
from xai_core.study.rows import Row, read_rows, write_rows
from xai_core.study.summary import Cell, Over, layers_of, table
from xai_core.types import CaseRecord, Outcome, Pathology, ProgressCallback
from xai_core.viz.text_tables import markdown_escaped, markdown_table

MADE_BY = "xai_core conventions"
ROWS = "rows"
COMPARED_WITH = "grad-cam"
CROSSED = ("activations", "softmax")
"""Options that are also changed together: what is summed, and by which weights."""


@dataclass(frozen=True)
class Choice:
    """A method with some of its options changed.  ``options``: those that differ from the
    defaults."""

    method: str
    options: tuple[tuple[str, Any], ...] = ()

    @property
    def words(self) -> str:
        """The method and the changed options: ``Score-CAM, activations=signed``."""
        return ", ".join((METHODS[self.method].title, *self._changed()))

    @property
    def folder(self) -> str:
        """A file name: ``score-cam_activations=signed``."""
        return "_".join((self.method, *self._changed()))

    def _changed(self) -> list[str]:
        declared = {option.name: option for option in METHODS[self.method].options.declared()}
        return [f"{name}={declared[name].write(value)}" for name, value in self.options]


def choices(method: str, only: Sequence[str] = ()) -> tuple[Choice, ...]:
    """Grad-CAM, the default of ``method``, each of its conventions changed alone, and all
    combinations of those of :data:`CROSSED`.

    ``only``: the options to change; empty for all that are switches or choices.

    Raises:
        BadRequest: there is no such method, or it has no such option.
    """
    ExplainRequest(method)  # raises for an unknown name
    options = {
        option.name: option
        for option in METHODS[method].options.declared()
        if option.kind in (Kind.SWITCH, Kind.CHOICE)
    }
    if not options:
        raise BadRequest(f"{METHODS[method].title} has no conventions to choose among.")
    for name in only:
        if name not in options:
            raise BadRequest(
                f"--options names {name!r}; the conventions of {METHODS[method].title} are "
                f"{', '.join(options)}."
            )
    varied = [option for name, option in options.items() if not only or name in only]
    alone = [Choice(method, ((o.name, value),)) for o in varied for value in _others(o)]
    crossed = [option for option in varied if option.name in CROSSED]
    together = [
        Choice(method, tuple(zip((o.name for o in crossed), values, strict=True)))
        for values in itertools.product(*map(_others, crossed))
        if len(crossed) > 1
    ]
    return tuple(dict.fromkeys([Choice(COMPARED_WITH), Choice(method), *alone, *together]))


def _others(option: Option) -> list[Any]:
    """The values of an option that are not its default."""
    if option.kind is Kind.SWITCH:
        return [not option.default]
    return [option.check(value) for value in option.choices if value != option.default]


@dataclass(frozen=True)
class ConventionPlan:
    """``method``, ``only``: see :func:`choices`.  ``layers``, ``curves``: see
    :class:`xai_core.study.evaluate.Plan`.  ``each``: the first true positives and as many true
    negatives.

    Raises:
        BadRequest: see :func:`choices` and :class:`Plan`, or ``each`` is below 1.
    """

    method: str
    only: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    curves: str = "adaptive"
    each: int = 12

    def __post_init__(self) -> None:
        if self.each < 1:
            raise BadRequest(f"--each is {self.each}; give at least 1 case of each outcome.")
        self.plans()

    def plans(self) -> dict[Choice, Plan]:
        """What is evaluated under each choice."""
        return {
            choice: Plan((choice.method,), self.layers, self.curves, options=choice.options)
            for choice in choices(self.method, self.only)
        }


@dataclass(frozen=True)
class Comparison:
    """The rows of every choice.  ``left_out``: cases that cannot be read, a sentence each."""

    rows: Mapping[Choice, Sequence[Row]]
    left_out: tuple[str, ...]


def compare(
    explainer: Explainer,
    source: CaseSource,
    plan: ConventionPlan,
    out: Path,
    progress: ProgressCallback,
) -> Comparison:
    """Measure every choice on the first true positives and true negatives of ``source``.

    ``progress``: called with (cases predicted, cases of the source, id) while cases are chosen,
    then with (maps of cases done, in all, case and choice).

    A larger ``each`` goes on with the rows that are there.

    Raises:
        OutputExists, BadRequest: see :func:`xai_core.study.evaluate.begin_run`.
        CaseError: no case is a true positive or true negative.
        ModelError: the network returned a value that is not a finite number.
    """
    plans = {choice: one.of(explainer.classifier) for choice, one in plan.plans().items()}
    begin_run(out, MADE_BY, _identity(plans, plan, source, explainer))
    left_out: list[str] = []
    records = _decided(explainer, source, plan.each, progress, left_out)
    rows: dict[Choice, list[Row]] = {choice: [] for choice in plans}
    total = len(records) * len(plans)
    for done, (record, choice) in enumerate(itertools.product(records, plans)):
        progress(done, total, f"{record.id} {choice.words}")
        part = part_in(out / ROWS / choice.folder, record.id)
        before = read_rows(part)
        found = measure(explainer, source, record, plans[choice], before)
        if found is not before:
            write_rows(part, found)
        rows[choice] += found
    progress(total, total, "")
    return Comparison(rows, tuple(left_out))


def _identity(
    plans: Mapping[Choice, Plan], plan: ConventionPlan, source: CaseSource, explainer: Explainer
) -> dict[str, Any]:
    """Everything that the rows depend on; not the number of cases."""
    return {
        **source_and_model(source, explainer),
        "method": plan.method,
        "layers": list(next(iter(plans.values())).layers),
        "curves": plan.curves,
        "conventions": {
            choice.folder: METHODS[choice.method].conventions(
                METHODS[choice.method].options.of(dict(choice.options))
            )
            for choice in plans
        },
    }


def _decided(
    explainer: Explainer,
    source: CaseSource,
    each: int,
    progress: ProgressCallback,
    left_out: list[str],
) -> list[CaseRecord]:
    """The first ``each`` true positives and true negatives, in the source's order."""
    wanted = {Outcome.TP: each, Outcome.TN: each}
    records, found = source.records(), []
    for done, record in enumerate(records):
        if record.pathology is None:
            continue
        possible = Outcome.TP if record.pathology is Pathology.MALIGNANT else Outcome.TN
        if not wanted[possible]:
            continue
        progress(done, len(records), record.id)
        try:
            outcome = predict_case(explainer, source.load(record.id)).outcome
        except CaseError as problem:
            left_out.append(str(problem))
            continue
        if outcome is possible:
            wanted[possible] -= 1
            found.append(record)
    if not found:
        raise CaseError(
            f"The model gets no case of {source.name} with a known pathology right, so there are "
            "no true positives or true negatives to compare on."
        )
    return found


# --- the table ---


@dataclass(frozen=True)
class Pattern:
    """How a choice compares with Grad-CAM, beside how the paper's figures of the method do.

    ``agree``, ``compared``: comparisons (insertion and deletion, at each layer) of the true
    positives that come out as in the paper, and their number.  ``agree_all``, ``compared_all``: the
    same with the true negatives.  ``distance``: mean distance of the areas from the paper's.
    """

    agree: int
    compared: int
    agree_all: int
    compared_all: int
    distance: float

    @property
    def is_near(self) -> bool:
        """Whether all comparisons of the true positives come out as in the paper."""
        return self.compared > 0 and self.agree == self.compared


Cells = Mapping[tuple[str, Outcome], Cell]


def cells_of(rows: Sequence[Row]) -> dict[tuple[str, Outcome], Cell]:
    """The means by layer and outcome of the rows of one choice."""
    return {(layer, cell.outcome): cell for layer in layers_of(rows) for cell in table(rows, layer)}


def pattern(cells: Cells, compared_with: Cells) -> Pattern:
    """``cells`` beside those of Grad-CAM; empty where the paper has no figures of the method."""
    agreed: dict[Outcome, list[bool]] = {outcome: [] for outcome in OUTCOMES}
    distances = []
    for key, cell in cells.items():
        layer, outcome = key
        paper, other = cell.paper, AREAS.get((stage_number(layer), outcome, COMPARED_WITH))
        if paper is None or other is None or key not in compared_with:
            continue
        for here, there, theirs, of_other in zip(
            _areas(cell), _areas(compared_with[key]), _pair(paper), _pair(other), strict=True
        ):
            if math.isnan(here) or math.isnan(there):
                continue
            agreed[outcome].append((here > there) == (theirs > of_other))
            distances.append(abs(here - theirs))
    positives, every = agreed[Outcome.TP], list(itertools.chain(*agreed.values()))
    return Pattern(
        sum(positives),
        len(positives),
        sum(every),
        len(every),
        sum(distances) / len(distances) if distances else math.nan,
    )


def _areas(cell: Cell) -> tuple[float, float]:
    means = cell.means[Over.ALL]
    return means.insertion.value, means.deletion.value


def _pair(areas: Areas) -> tuple[float, float]:
    return areas.insertion, areas.deletion


def markdown(found: Comparison, method: str, source: str) -> str:
    """The table, the verdict and the notes as one Markdown document."""
    means = {choice: cells_of(rows) for choice, rows in found.rows.items()}
    columns = list(dict.fromkeys(key for cells in means.values() for key in cells))
    base = means[Choice(COMPARED_WITH)]
    patterns = {
        choice: pattern(cells, base)
        for choice, cells in means.items()
        if choice.method == method != COMPARED_WITH
    }
    head = [
        "insertion / deletion area",
        *(f"{layer_title(layer)}, {outcome}" for layer, outcome in columns),
        "as the paper, TP",
        "as the paper, all",
        "distance",
    ]
    lines = [*_paper_lines(method, columns)]
    for choice, cells in means.items():
        areas = [_text(cells.get(key)) for key in columns]
        lines.append([choice.words, *areas, *_pattern_texts(patterns.get(choice))])
    title = METHODS[method].title
    out = [f"# Conventions of {title} on {markdown_escaped(source)}", ""]
    out += markdown_table(head, [[markdown_escaped(text) for text in line] for line in lines])
    out += ["", _verdict(patterns, title), "", *_notes()]
    out += [f"- Left out: {markdown_escaped(problem)}" for problem in found.left_out]
    return "\n".join(out) + "\n"


def _paper_lines(method: str, columns: Sequence[tuple[str, Outcome]]) -> Iterator[list[str]]:
    for name in dict.fromkeys((COMPARED_WITH, method)):
        areas = [AREAS.get((stage_number(layer), outcome, name)) for layer, outcome in columns]
        if any(areas):
            texts = ["-" if a is None else f"{a.insertion:.3f} / {a.deletion:.3f}" for a in areas]
            yield [f"the paper's {METHODS[name].title}", *texts, "", "", ""]


def _text(cell: Cell | None) -> str:
    images = 0 if cell is None else cell.means[Over.ALL].insertion.images
    if cell is None or not images:
        return "none"
    unranked = f", {cell.unranked} without a map" if cell.unranked else ""
    insertion, deletion = _areas(cell)
    return f"{insertion:.3f} / {deletion:.3f} ({images}{unranked})"


def _pattern_texts(found: Pattern | None) -> list[str]:
    if found is None or not found.compared_all:
        return ["", "", ""]
    return [
        f"{found.agree} of {found.compared}",
        f"{found.agree_all} of {found.compared_all}",
        f"{found.distance:.3f}",
    ]


def _verdict(patterns: Mapping[Choice, Pattern], title: str) -> str:
    if not any(found.compared_all for found in patterns.values()):
        return f"The paper has no figures of {title} to compare with {_compared()}'s here."
    near = [choice.words for choice, found in patterns.items() if found.is_near]
    if near:
        return (
            f"The paper's pattern (Stage 3 poor, Stage 4 best, each beside {_compared()}) in all "
            f"comparisons of the true positives: {'; '.join(near)}."
        )
    most = max(found.agree for found in patterns.values())
    nearest = [choice.words for choice, found in patterns.items() if found.agree == most]
    return (
        f"None has the paper's pattern beside {_compared()} in all comparisons of the true "
        f"positives; nearest, with {most}: {'; '.join(nearest)}."
    )


def _compared() -> str:
    return METHODS[COMPARED_WITH].title


def _notes() -> list[str]:
    return [
        "- Means over the images in brackets; an image without a map has no curves and is in no "
        "mean. Insertion: higher is better; deletion: lower is better.",
        f"- As the paper: how many areas lie on the same side of {_compared()}'s as in the paper, "
        "over insertion and deletion at every layer. Distance: mean distance of the areas from the "
        "paper's, which are of another model on other images.",
        f"- Paper: {CITATION}.",
    ]
