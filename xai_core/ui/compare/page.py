"""The Compare page: the choice of the comparison, the board of panels, the download buttons.

Two views: one case under several methods at every layer, or the paper's Figure 3, which shows one
true positive and one true negative.
"""

from __future__ import annotations

import streamlit as st

from xai_core.cam import METHODS, PAPER_METHODS
from xai_core.explain.service import PageService
from xai_core.list_text import counted
from xai_core.types import Outcome
from xai_core.ui import case_list, controls, session
from xai_core.ui.compare import board, captions, comparison, export, panels
from xai_core.ui.compare.panels import (
    FIGURE_LAYOUT,
    LAYOUTS,
    METHODS_LAYOUT,
    PanelAnswer,
    PanelRow,
    in_listed_order,
)
from xai_core.ui.service_access import layers
from xai_core.ui.wording import OUTCOME_WORDS, plain

_POLL_DEFAULT_CASES = 2.5  # seconds, while a case of Figure 3 is still to be found
_POLL_PREDICTIONS = 1.5  # seconds, while a case on the page is not predicted
_FIGURE_3_CASES = (("positive", Outcome.TP), ("negative", Outcome.TN))
_LAYOUT_TITLES = {
    METHODS_LAYOUT: "One case, methods by layers",
    FIGURE_LAYOUT: "Two cases, as the paper's Figure 3",
}
_CURVES_HELP = (
    "Measures the insertion and deletion curves of every map, after the maps, and shows the area "
    "under each (AUC), of all maps together once all are measured. A faithful map has a high "
    "insertion AUC and a low deletion AUC. Areas that are known of all maps are shown in any case."
)


# --- the page ---


def show(service: PageService) -> None:
    """Draw the page."""
    comparison.restore(service)
    figure = comparison.current().layout == FIGURE_LAYOUT
    if figure:
        set_default_figure_3_cases(service)
    comparison.update_address()
    if not figure:
        with st.sidebar:
            case_list.show(service)
    if session.problems():
        st.warning("  \n".join(plain(sentence, 400) for sentence in session.problems()))
    _show_controls(service, figure)
    if figure:
        show_figure_3_choices(service)
    drawn = draw_board(service)
    if drawn is not None:
        rows, titles, answers = drawn
        export.show(service, _sheet_title(service, figure), rows, titles, answers)


def draw_board(
    service: PageService,
) -> tuple[tuple[PanelRow, ...], dict[PanelRow, str], tuple[PanelAnswer, ...]] | None:
    """Draw the panels of the comparison without the controls.

    Returns:
        The rows, their titles and the answers of all panels; None if no case is chosen yet.
    """
    figure = comparison.current().layout == FIGURE_LAYOUT
    rows = _figure_3_rows(service) if figure else _method_rows(service)
    if not rows:
        return None
    _await_predictions(service, rows)
    titles = _row_titles(service, rows)
    return rows, titles, board.show(service, rows, titles, comparison.current().curves)


def _show_controls(service: PageService, figure: bool) -> None:
    chosen = comparison.current()
    finer, coarser = layers(service)
    with st.container(horizontal=True, key="controls", gap="large", vertical_alignment="bottom"):
        st.segmented_control(
            "What to compare",
            LAYOUTS,
            default=chosen.layout,
            required=True,
            format_func=_LAYOUT_TITLES.__getitem__,
            key=session.widget_key("choose layout", chosen.layout),
            on_change=session.on_user_change(
                "choose layout", lambda v: comparison.change(layout=v)
            ),
            help="Figure 3 shows a true positive and a true negative: the original, Score-CAM at "
            f"{coarser.title}, Grad-CAM and Hybrid-CAM at {finer.title}.",
        )
        if not figure:
            _show_methods(chosen.methods)
            controls.show_target_choice(service, service.predicted(session.current().case_id))
        st.toggle(
            "Curves too",
            value=chosen.curves,
            key=session.widget_key("choose curves too", chosen.curves),
            on_change=session.on_user_change(
                "choose curves too", lambda v: comparison.change(curves=v)
            ),
            help=_CURVES_HELP,
        )


def _show_methods(chosen: tuple[str, ...]) -> None:
    """The paper's methods as buttons, and all others behind one more: one line."""
    _show_pills("Methods", PAPER_METHODS, chosen)
    others = tuple(name for name in METHODS if name not in PAPER_METHODS)
    shown = len(set(others).intersection(chosen))
    with st.popover(f"Other methods, {shown} shown" if shown else "Other methods"):
        _show_pills("More methods to compare", others, chosen)


def _show_pills(label: str, names: tuple[str, ...], chosen: tuple[str, ...]) -> None:
    """Switches of the methods ``names``; the others of ``chosen`` stay as they are."""
    here = [name for name in chosen if name in names]
    widget = f"choose among {names[0]}"
    st.pills(
        label,
        names,
        selection_mode="multi",
        default=here,
        format_func=lambda name: METHODS[name].title,
        key=session.widget_key(widget, sorted(here)),
        on_change=session.on_user_change(
            widget, lambda picked: _set_methods([*picked, *(m for m in chosen if m not in names)])
        ),
        help=controls.method_help(names),
    )


def _set_methods(names: list[str]) -> None:
    # The last method cannot be switched off: the page would have nothing to show.
    comparison.change(methods=in_listed_order(names) or comparison.current().methods)


def _method_rows(service: PageService) -> tuple[PanelRow, ...]:
    shown = session.current()
    st.markdown(f"##### {plain(_case_line(service, shown.case_id), 300)}")
    methods, request = comparison.current().methods, shown.request
    return panels.method_rows(
        shown.case_id, methods, request.target, request.options, layers(service)
    )


def _figure_3_rows(service: PageService) -> tuple[PanelRow, ...]:
    chosen, options = comparison.current(), session.current().request.options
    cases = [case for case in (chosen.positive, chosen.negative) if case is not None]
    return tuple(
        panels.figure_3_row(case, options, layers(service)) for case in dict.fromkeys(cases)
    )


def _await_predictions(service: PageService, rows: tuple[PanelRow, ...]) -> None:
    """Draw the page again once every case on it is predicted."""
    done, total = service.prediction_progress()
    missing = not _all_predicted(service, rows)
    poll_interval = _POLL_PREDICTIONS if missing and done < total else None
    st.fragment(_rerun_when_predicted, run_every=poll_interval)(service, rows, missing)


def _rerun_when_predicted(service: PageService, rows: tuple[PanelRow, ...], missing: bool) -> None:
    if missing and _all_predicted(service, rows):
        st.rerun()


def _all_predicted(service: PageService, rows: tuple[PanelRow, ...]) -> bool:
    return {row.case_id for row in rows} <= service.predictions().keys()


def _row_titles(service: PageService, rows: tuple[PanelRow, ...]) -> dict[PanelRow, str]:
    return {
        row: captions.layer_line(row.layer) if row.layer else _case_line(service, row.case_id)
        for row in rows
    }


def _case_line(service: PageService, case_id: str) -> str:
    return captions.case_line(
        service.records[case_id],
        service.predictions().get(case_id),
        service.classifier.spec,
    )


def _sheet_title(service: PageService, figure: bool) -> str:
    if figure:
        return "After the paper's Figure 3: Score-CAM, Grad-CAM and Hybrid-CAM of two cases"
    return _case_line(service, session.current().case_id)


# --- the cases of Figure 3 ---


def set_default_figure_3_cases(service: PageService) -> None:
    """Where no case is chosen, take the first true positive and the first true negative."""
    outcomes = service.outcomes()
    for field, outcome in _FIGURE_3_CASES:
        if getattr(comparison.current(), field) is None:
            cases = _cases(service, outcomes, outcome)
            if cases:
                comparison.set_default_cases(**{field: cases[0]})


def show_figure_3_choices(service: PageService) -> None:
    """Draw the two select boxes for other cases."""
    outcomes = service.outcomes()
    for place, (field, outcome) in zip(st.columns(2, gap="large"), _FIGURE_3_CASES, strict=True):
        with place:
            _show_case_choice(service, field, outcome, _cases(service, outcomes, outcome))
    done, total = service.prediction_progress()
    st.caption(
        "Picked first: the first true positive and the first true negative in the list's order, "
        f"of the {counted(done, 'case', 'cases')} predicted so far ({total} in all)."
    )
    missing = any(getattr(comparison.current(), field) is None for field, _ in _FIGURE_3_CASES)
    poll_interval = _POLL_DEFAULT_CASES if missing and done < total else None
    st.fragment(_rerun_when_cases_found, run_every=poll_interval)(service)


def _rerun_when_cases_found(service: PageService) -> None:
    before = comparison.current()
    set_default_figure_3_cases(service)
    if comparison.current() != before:
        st.rerun()


def _show_case_choice(
    service: PageService, field: str, outcome: Outcome, cases: tuple[str, ...]
) -> None:
    chosen = getattr(comparison.current(), field)
    # An address may name a case of another outcome: it is offered too, and the title of its row
    # states its real outcome.
    options = cases if chosen is None or chosen in cases else (chosen, *cases)
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
        format_func=lambda case_id: _case_title(service, case_id),
        key=session.widget_key(widget, chosen),
        help=f"{detail}.".capitalize(),
        on_change=session.on_user_change(widget, lambda case_id: _set_case(field, case_id)),
    )


def _set_case(field: str, case_id: str | None) -> None:
    if case_id is not None:
        comparison.change(**{field: case_id})


def _case_title(service: PageService, case_id: str) -> str:
    prediction = service.predictions().get(case_id)
    if prediction is None:
        return case_id
    spec = service.classifier.spec
    p = prediction.probabilities[spec.positive]
    return f"{case_id}, {spec.class_names[spec.positive]} {p:.2f}"


def _cases(service: PageService, outcomes: dict[str, Outcome], outcome: Outcome) -> tuple[str, ...]:
    return tuple(key for key in service.records if outcomes.get(key) is outcome)
