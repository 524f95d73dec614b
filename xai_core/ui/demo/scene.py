"""What stands beside the speech: a state of Explore or of Compare, set up once and then in hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from xai_core.request import CaseRequest, ExplainRequest
from xai_core.service import ExplainService
from xai_core.ui import controls, curves, live, state
from xai_core.ui.address import write_address
from xai_core.ui.compare import page as compare_page
from xai_core.ui.compare import session as comparison
from xai_core.ui.compare.address import FIGURE_VIEW, METHODS_VIEW, Comparison, write_comparison
from xai_core.ui.demo import tour
from xai_core.ui.demo.cast import Cast
from xai_core.ui.demo.stops import COMPARE_METHODS, COMPARE_PAIR, EXPLORE, Stop
from xai_core.ui.look import read_look
from xai_core.ui.service_access import layers


def set_up(service: ExplainService, number: int, stop: Stop, case_id: str, cast: Cast) -> None:
    """Show the stop as it is meant, on arrival; afterwards hands may change it."""
    wanted = _request(service, stop, case_id)
    other = _comparison(stop, cast)
    left_for_another = state.show().case_id != case_id  # on another page, say
    if not tour.arriving((number, wanted, other)) and not left_for_another:
        return
    brought = state.look()["said"] if tour.brought() else {}
    request = wanted.request
    fields: dict[str, Any] = {n: getattr(request, n) for n in ExplainRequest.__dataclass_fields__}
    state.change(case_id=wanted.case_id, **fields)
    state.look_at(brought or read_look(stop.look)[0])
    if not brought:
        st.query_params.from_dict({"stop": str(number + 1), **stop.look})
    if other is not None:
        comparison.change(
            view=other.view, curves=other.curves, positive=other.positive, negative=other.negative
        )


def address(
    service: ExplainService, stop: Stop, case_id: str, cast: Cast
) -> tuple[str, str, Mapping[str, str]]:
    """The page that shows the same, its title, and the address there."""
    wanted, other = _request(service, stop, case_id), _comparison(stop, cast)
    if other is not None:
        return "pages/compare.py", "Compare", write_comparison(other, wanted)
    return "pages/explore.py", "Explore", write_address(wanted) | stop.look


def draw(service: ExplainService, stop: Stop) -> None:
    """Draw what is on show now."""
    if stop.scene != EXPLORE:
        compare_page.draw(service)
        return
    shown = state.show()
    controls.show(service, service.predicted(shown.case_id))
    if shown.request.curves == "none":  # the image has the page to itself
        live.show(service, shown, st.container(), st.container())
        return
    left, right = st.columns([1.7, 1], gap="large")
    with right:
        curves.choose_mode()
    live.show(service, shown, left, right)


def _request(service: ExplainService, stop: Stop, case_id: str) -> CaseRequest:
    return CaseRequest(case_id, ExplainRequest(layer=layers(service)[0].name, **stop.ask))


def _comparison(stop: Stop, cast: Cast) -> Comparison | None:
    if stop.scene == COMPARE_METHODS:
        return Comparison(METHODS_VIEW)
    if stop.scene == COMPARE_PAIR:
        return Comparison(FIGURE_VIEW, curves=True, positive=cast.hit, negative=cast.clear)
    return None
