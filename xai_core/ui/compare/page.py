"""The Compare page: what is compared, the board, and the plate to keep."""

from __future__ import annotations

import streamlit as st

from xai_core.cam import METHODS
from xai_core.service import ExplainService
from xai_core.ui import case_list, controls, state
from xai_core.ui.compare import asked, board, export, figure3, said, session
from xai_core.ui.compare.address import FIGURE_VIEW, METHODS_VIEW, VIEWS, in_order
from xai_core.ui.compare.asked import Line
from xai_core.ui.compare.jobs import Answer
from xai_core.ui.service_access import layers
from xai_core.ui.words import plain

_POLL = 1.5  # seconds between looks at the predictions while one is missing
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
    session.restore(service)
    figure = session.show().view == FIGURE_VIEW
    if figure:
        figure3.fill(service)
    session.mirror()
    if not figure:
        with st.sidebar:
            case_list.show(service)
    if state.problems():
        st.warning("  \n".join(plain(sentence, 400) for sentence in state.problems()))
    _choices(service, figure)
    if figure:
        figure3.choose(service)
    drawn = draw(service)
    if drawn is not None:
        lines, heads, answers = drawn
        export.show(service, _title(service, figure), lines, heads, answers)


def draw(
    service: ExplainService,
) -> tuple[tuple[Line, ...], dict[Line, str], tuple[Answer, ...]] | None:
    """Draw what is compared, without the choices: the rows, their heads and what is known of each
    panel; None where no case is chosen yet."""
    figure = session.show().view == FIGURE_VIEW
    lines = _figure_lines(service) if figure else _matrix_lines(service)
    if not lines:
        return None
    _await_predictions(service, lines)
    heads = _heads(service, lines)
    return lines, heads, board.show(service, lines, heads, session.show().curves)


def _choices(service: ExplainService, figure: bool) -> None:
    chosen = session.show()
    finer, coarser = layers(service)
    with st.container(horizontal=True, key="controls", gap="large", vertical_alignment="bottom"):
        st.segmented_control(
            "What to compare",
            VIEWS,
            default=chosen.view,
            required=True,
            format_func=_VIEWS.__getitem__,
            key=state.key_showing("choose view", chosen.view),
            on_change=state.when_changed("choose view", lambda v: session.change(view=v)),
            help="Figure 3 shows a true positive and a true negative: the original, Score-CAM at "
            f"{coarser.title}, Grad-CAM and Hybrid-CAM at {finer.title}.",
        )
        if not figure:
            _methods(chosen.methods)
            controls.target_class(service, service.predicted(state.show().case_id))
        st.toggle(
            "Curves too",
            value=chosen.curves,
            key=state.key_showing("choose curves too", chosen.curves),
            on_change=state.when_changed("choose curves too", lambda v: session.change(curves=v)),
            help=_CURVES_HELP,
        )


def _methods(chosen: tuple[str, ...]) -> None:
    st.pills(
        "Methods",
        tuple(METHODS),
        selection_mode="multi",
        default=list(chosen),
        format_func=lambda name: METHODS[name].title,
        key=state.key_showing("choose methods", sorted(chosen)),
        on_change=state.when_changed("choose methods", _take_methods),
        help="  \n".join(f"**{m.title}**: {m.description}" for m in METHODS.values()),
    )


def _take_methods(names: list[str]) -> None:
    # At least one stays: a page of no maps has nothing to show.
    session.change(methods=in_order(names) or session.show().methods)


def _matrix_lines(service: ExplainService) -> tuple[Line, ...]:
    shown = state.show()
    st.markdown(f"##### {plain(_case_line(service, shown.case_id), 300)}")
    methods, request = session.show().methods, shown.request
    return asked.matrix(shown.case_id, methods, request.target, request.options, layers(service))


def _figure_lines(service: ExplainService) -> tuple[Line, ...]:
    chosen, options = session.show(), state.show().request.options
    cases = [case for case in (chosen.positive, chosen.negative) if case is not None]
    return tuple(asked.figure_3(case, options, layers(service)) for case in dict.fromkeys(cases))


def _await_predictions(service: ExplainService, lines: tuple[Line, ...]) -> None:
    """Draw the page anew when the model has said something of every case on it."""
    done, total = service.prediction_progress()
    missing = not _predicted(service, lines)
    every = _POLL if missing and done < total else None
    st.fragment(_look, run_every=every)(service, lines, missing)


def _look(service: ExplainService, lines: tuple[Line, ...], missing: bool) -> None:
    if missing and _predicted(service, lines):
        st.rerun()


def _predicted(service: ExplainService, lines: tuple[Line, ...]) -> bool:
    return {line.case_id for line in lines} <= service.predictions().keys()


def _heads(service: ExplainService, lines: tuple[Line, ...]) -> dict[Line, str]:
    return {
        line: said.layer_line(line.layer) if line.layer else _case_line(service, line.case_id)
        for line in lines
    }


def _case_line(service: ExplainService, case_id: str) -> str:
    return said.case_line(
        service.records[case_id],
        service.predictions().get(case_id),
        service.explainer.classifier.spec,
    )


def _title(service: ExplainService, figure: bool) -> str:
    if figure:
        return "After the paper's Figure 3: Score-CAM, Grad-CAM and Hybrid-CAM of two cases"
    return _case_line(service, state.show().case_id)
