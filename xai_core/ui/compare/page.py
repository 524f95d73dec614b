"""The Compare page: what is compared, the board, the sheet to keep.

The paper's Figure 3: which true positive and which true negative it shows.

The Compare page: what is compared, the board, and the plate to keep."""

from __future__ import annotations

import streamlit as st

from xai_core.cam import METHODS
from xai_core.explain.service import ExplainService
from xai_core.types import Outcome
from xai_core.ui import case_list, controls, session
from xai_core.ui.compare import board, captions, comparison, export, panels
from xai_core.ui.compare.panels import (
    FIGURE_VIEW,
    METHODS_VIEW,
    VIEWS,
    PanelAnswer,
    PanelRow,
    in_order,
)
from xai_core.ui.service_access import layers
from xai_core.ui.wording import OUTCOME_WORDS, plain

_POLL = 2.5  # seconds between looks at the predictions while a case is missing
_SLOTS = (("positive", Outcome.TP), ("negative", Outcome.TN))


def fill_figure_3(service: ExplainService) -> None:
    """Where no case was chosen: the first true positive, the first true negative of the list."""
    outcomes = service.outcomes()
    for field, outcome in _SLOTS:
        if getattr(comparison.current(), field) is None:
            found = _cases(service, outcomes, outcome)
            if found:
                comparison.fill(**{field: found[0]})


def choose_figure_3_cases(service: ExplainService) -> None:
    """Draw the two boxes to choose other cases from."""
    outcomes = service.outcomes()
    for place, (field, outcome) in zip(st.columns(2, gap="large"), _SLOTS, strict=True):
        with place:
            _box(service, field, outcome, _cases(service, outcomes, outcome))
    done, total = service.prediction_progress()
    st.caption(
        "Picked first: the first true positive and the first true negative in the list's order, "
        f"of the {done} cases predicted so far ({total} in all)."
    )
    missing = any(getattr(comparison.current(), field) is None for field, _ in _SLOTS)
    st.fragment(_await, run_every=_POLL if missing and done < total else None)(service)


def _await(service: ExplainService) -> None:
    before = comparison.current()
    fill_figure_3(service)
    if comparison.current() != before:
        st.rerun()


def _box(service: ExplainService, field: str, outcome: Outcome, found: tuple[str, ...]) -> None:
    chosen = getattr(comparison.current(), field)
    # An address may name any case: it stays on offer, and its row says what it really is.
    options = found if chosen is None or chosen in found else (chosen, *found)
    words, _, detail = OUTCOME_WORDS[outcome].partition(": ")
    label = f"Case for the {words} ({outcome})"
    if not options:
        st.info(f"{label}: none among the cases predicted so far.")
        return
    widget = f"figure 3 {field}"
    st.selectbox(
        label,
        options,
        index=options.index(chosen) if chosen in options else None,
        format_func=lambda key: _named(service, key),
        key=session.key_showing(widget, chosen),
        help=f"{detail}.".capitalize(),
        on_change=session.when_changed(widget, lambda key: _take(field, key)),
    )


def _take(field: str, case_id: str | None) -> None:
    if case_id is not None:
        comparison.change(**{field: case_id})


def _named(service: ExplainService, case_id: str) -> str:
    prediction = service.predictions().get(case_id)
    if prediction is None:
        return case_id
    spec = service.explainer.classifier.spec
    p = prediction.probabilities[spec.positive]
    return f"{case_id}, {spec.class_names[spec.positive]} {p:.2f}"


def _cases(
    service: ExplainService, outcomes: dict[str, Outcome], outcome: Outcome
) -> tuple[str, ...]:
    return tuple(key for key in service.records if outcomes.get(key) is outcome)


_POLL_PAGE = 1.5  # seconds between looks at the predictions while one is missing
_VIEWS = {
    METHODS_VIEW: "One case, methods by layers",
    FIGURE_VIEW: "Two cases, as the paper's Figure 3",
}
_CURVES_HELP = (
    "Measures the insertion and deletion curves of every map, after the maps, and shows the area "
    "under each (AUC). A faithful map has a high insertion AUC and a low deletion AUC. Curves "
    "measured before are shown in any case."
)


def show(service: ExplainService) -> None:
    """Draw the page."""
    comparison.restore(service)
    figure = comparison.current().view == FIGURE_VIEW
    if figure:
        fill_figure_3(service)
    comparison.mirror()
    if not figure:
        with st.sidebar:
            case_list.show(service)
    if session.problems():
        st.warning("  \n".join(plain(sentence, 400) for sentence in session.problems()))
    _choices(service, figure)
    if figure:
        choose_figure_3_cases(service)
    drawn = draw(service)
    if drawn is not None:
        lines, heads, answers = drawn
        export.show(service, _title(service, figure), lines, heads, answers)


def draw(
    service: ExplainService,
) -> tuple[tuple[PanelRow, ...], dict[PanelRow, str], tuple[PanelAnswer, ...]] | None:
    """Draw what is compared, without the choices: the rows, their heads and what is known of each
    panel; None where no case is chosen yet."""
    figure = comparison.current().view == FIGURE_VIEW
    lines = _figure_lines(service) if figure else _matrix_lines(service)
    if not lines:
        return None
    _await_predictions(service, lines)
    heads = _heads(service, lines)
    return lines, heads, board.show(service, lines, heads, comparison.current().curves)


def _choices(service: ExplainService, figure: bool) -> None:
    chosen = comparison.current()
    finer, coarser = layers(service)
    with st.container(horizontal=True, key="controls", gap="large", vertical_alignment="bottom"):
        st.segmented_control(
            "What to compare",
            VIEWS,
            default=chosen.view,
            required=True,
            format_func=_VIEWS.__getitem__,
            key=session.key_showing("choose view", chosen.view),
            on_change=session.when_changed("choose view", lambda v: comparison.change(view=v)),
            help="Figure 3 shows a true positive and a true negative: the original, Score-CAM at "
            f"{coarser.title}, Grad-CAM and Hybrid-CAM at {finer.title}.",
        )
        if not figure:
            _methods(chosen.methods)
            controls.target_class(service, service.predicted(session.current().case_id))
        st.toggle(
            "Curves too",
            value=chosen.curves,
            key=session.key_showing("choose curves too", chosen.curves),
            on_change=session.when_changed(
                "choose curves too", lambda v: comparison.change(curves=v)
            ),
            help=_CURVES_HELP,
        )


def _methods(chosen: tuple[str, ...]) -> None:
    st.pills(
        "Methods",
        tuple(METHODS),
        selection_mode="multi",
        default=list(chosen),
        format_func=lambda name: METHODS[name].title,
        key=session.key_showing("choose methods", sorted(chosen)),
        on_change=session.when_changed("choose methods", _take_methods),
        help="  \n".join(f"**{m.title}**: {m.description}" for m in METHODS.values()),
    )


def _take_methods(names: list[str]) -> None:
    # At least one stays: a page of no maps has nothing to show.
    comparison.change(methods=in_order(names) or comparison.current().methods)


def _matrix_lines(service: ExplainService) -> tuple[PanelRow, ...]:
    shown = session.current()
    st.markdown(f"##### {plain(_case_line(service, shown.case_id), 300)}")
    methods, request = comparison.current().methods, shown.request
    return panels.matrix(shown.case_id, methods, request.target, request.options, layers(service))


def _figure_lines(service: ExplainService) -> tuple[PanelRow, ...]:
    chosen, options = comparison.current(), session.current().request.options
    cases = [case for case in (chosen.positive, chosen.negative) if case is not None]
    return tuple(panels.figure_3(case, options, layers(service)) for case in dict.fromkeys(cases))


def _await_predictions(service: ExplainService, lines: tuple[PanelRow, ...]) -> None:
    """Draw the page anew when the model has said something of every case on it."""
    done, total = service.prediction_progress()
    missing = not _predicted(service, lines)
    every = _POLL_PAGE if missing and done < total else None
    st.fragment(_look, run_every=every)(service, lines, missing)


def _look(service: ExplainService, lines: tuple[PanelRow, ...], missing: bool) -> None:
    if missing and _predicted(service, lines):
        st.rerun()


def _predicted(service: ExplainService, lines: tuple[PanelRow, ...]) -> bool:
    return {line.case_id for line in lines} <= service.predictions().keys()


def _heads(service: ExplainService, lines: tuple[PanelRow, ...]) -> dict[PanelRow, str]:
    return {
        line: captions.layer_line(line.layer) if line.layer else _case_line(service, line.case_id)
        for line in lines
    }


def _case_line(service: ExplainService, case_id: str) -> str:
    return captions.case_line(
        service.records[case_id],
        service.predictions().get(case_id),
        service.explainer.classifier.spec,
    )


def _title(service: ExplainService, figure: bool) -> str:
    if figure:
        return "After the paper's Figure 3: Score-CAM, Grad-CAM and Hybrid-CAM of two cases"
    return _case_line(service, session.current().case_id)
