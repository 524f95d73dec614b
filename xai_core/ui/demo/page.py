"""The tour: the speech at the side, the scene beside it.

At which stop this browser session is; kept across pages, and in the address as ``?stop=3``.

Arrow keys and a remote's page keys, beside the buttons' own N and P.

What stands beside the speech: a state of Explore or of Compare, set up once and then in hand.

What the presenter says, large, with the way on and the way back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from xai_core.explain.request import CaseRequest, ExplainRequest
from xai_core.explain.service import ExplainService
from xai_core.model.spec import ModelSpec
from xai_core.settings import ASSETS
from xai_core.types import CaseRecord, Outcome, Prediction
from xai_core.ui import controls, curves, live, session
from xai_core.ui.address import read_viewport, write_address
from xai_core.ui.compare import comparison
from xai_core.ui.compare import page as compare_page
from xai_core.ui.compare.panels import FIGURE_VIEW, METHODS_VIEW, Comparison, write_comparison
from xai_core.ui.demo.stops import (
    COMPARE_METHODS,
    COMPARE_PAIR,
    EXPLORE,
    STOPS,
    Stop,
    TourCases,
    choose_tour_cases,
    filled,
)
from xai_core.ui.service_access import layers
from xai_core.ui.wording import plain


@dataclass
class Tour:
    """``stop``: counted from 0.  ``arrived``: what was set up last.  ``brought``: whether an
    address led here, so that what it says of the viewer counts."""

    stop: int = 0
    arrived: tuple[object, ...] | None = None
    brought: bool = False


def restore_tour(service: ExplainService) -> None:
    """Take the stop the address names where a person came with one."""

    def take(given: Mapping[str, str]) -> list[str]:
        text = given.get("stop")
        if text is None:
            return []
        if text.isascii() and text.isdigit() and 1 <= int(text[:4]) <= len(STOPS):
            go_to(int(text) - 1)
            session.part(Tour).brought = True
            return []
        return [f"The address names the stop “{text:.20}”, but there are {len(STOPS)}, from 1."]

    session.restore(service.records, service.explainer.classifier, also=take)


def current_stop() -> int:
    """The stop, counted from 0."""
    return session.part(Tour).stop


def go_to(number: int) -> None:
    """Go to a stop, and show it as it is meant, whatever hands did to it before."""
    tour = session.part(Tour)
    tour.stop = min(max(number, 0), len(STOPS) - 1)
    tour.arrived = None


def address_brought() -> bool:
    """Whether an address led here, so that what it says of the viewer counts; True once."""
    tour = session.part(Tour)
    brought, tour.brought = tour.brought, False
    return brought


def arriving(scene: tuple[object, ...]) -> bool:
    """Whether ``scene`` (what the stop is to show) is still to be set up; True once for each."""
    tour = session.part(Tour)
    if tour.arrived == scene:
        return False
    tour.arrived = scene
    return True


_KEY = "tour keys"


@st.cache_resource(show_spinner=False)  # type: ignore[untyped-decorator]
def _component() -> Any:
    """The component, registered once: a script that listens, nothing to see."""
    return st.components.v2.component(
        "cesm_tour_keys",
        html="<span hidden></span>",
        js=(ASSETS / "pages" / "demo_keys.js").read_text("utf-8"),
    )


def listen_to_keys(here: int, last: int, go: Callable[[int], None]) -> None:
    """Go to the stop that a key asks for.  ``here``: the stop that is drawn, counted from 0;
    ``last``: the last one."""

    def heard() -> None:
        said = st.session_state[_KEY]["go"]
        if isinstance(said, list) and said and said[0] in range(last + 1):
            go(int(said[0]))

    _component()(data={"here": here, "last": last}, key=_KEY, on_go_change=heard)


def set_up_scene(
    service: ExplainService, number: int, stop: Stop, case_id: str, cast: TourCases
) -> None:
    """Show the stop as it is meant, on arrival; afterwards hands may change it."""
    wanted = _request(service, stop, case_id)
    other = _comparison(stop, cast)
    left_for_another = session.current().case_id != case_id  # on another page, say
    if not arriving((number, wanted, other)) and not left_for_another:
        return
    brought = session.viewport()["said"] if address_brought() else {}
    request = wanted.request
    fields: dict[str, Any] = {n: getattr(request, n) for n in ExplainRequest.__dataclass_fields__}
    session.change(case_id=wanted.case_id, **fields)
    session.set_viewport(brought or read_viewport(stop.viewport)[0])
    if not brought:
        st.query_params.from_dict({"stop": str(number + 1), **stop.viewport})
    if other is not None:
        comparison.change(
            view=other.view, curves=other.curves, positive=other.positive, negative=other.negative
        )


def scene_address(
    service: ExplainService, stop: Stop, case_id: str, cast: TourCases
) -> tuple[str, str, Mapping[str, str]]:
    """The page that shows the same, its title, and the address there."""
    wanted, other = _request(service, stop, case_id), _comparison(stop, cast)
    if other is not None:
        return "pages/compare.py", "Compare", write_comparison(other, wanted)
    return "pages/explore.py", "Explore", write_address(wanted) | stop.viewport


def draw_scene(service: ExplainService, stop: Stop) -> None:
    """Draw what is on show now."""
    if stop.scene != EXPLORE:
        compare_page.draw(service)
        return
    shown = session.current()
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


def _comparison(stop: Stop, cast: TourCases) -> Comparison | None:
    if stop.scene == COMPARE_METHODS:
        return Comparison(METHODS_VIEW)
    if stop.scene == COMPARE_PAIR:
        return Comparison(FIGURE_VIEW, curves=True, positive=cast.hit, negative=cast.clear)
    return None


_KEYS = "Keys: right and left arrow, Page Down and Page Up (a remote), or N and P."


def show_speech(
    record: CaseRecord | None, prediction: Prediction | None, spec: ModelSpec,
    outcome: Outcome | None, link: tuple[str, str, Mapping[str, str]] | None,
) -> None:  # fmt: skip
    """Draw the speech of the stop.

    Args:
        record, prediction, outcome: of the stop's case; None while it is not chosen yet.
        link: the page that shows the same by hand: its file, its title and the address there.
    """
    st.html(ASSETS / "pages" / "demo.css")
    number = current_stop()
    stop = STOPS[number]
    with st.container(key="tour"):
        st.caption(f"Stop {number + 1} of {len(STOPS)}")
        if record is None:
            st.markdown("## Choosing the cases")
            st.caption(
                "The model looks at the library's cases; the tour begins with the first that fits."
            )
        else:
            _speech(stop, record, prediction, spec, outcome)
        _ways(number)
        if link is not None:
            file, title, address = link
            st.page_link(file, label=f"The same by hand, on {title}", query_params=dict(address))
        _list(number)


def _speech(
    stop: Stop, record: CaseRecord, prediction: Prediction | None, spec: ModelSpec,
    outcome: Outcome | None,
) -> None:  # fmt: skip
    st.markdown(f"## {filled(stop.title, record, prediction, spec, outcome)}")
    with st.container(key="say"):
        st.markdown(plain(filled(stop.say, record, prediction, spec, outcome), 800))
    with st.container(key="do"):
        st.markdown(f"By hand: {stop.do}")


def _ways(number: int) -> None:
    first, last = number == 0, number == len(STOPS) - 1
    back, onward = partial(go_to, number - 1), partial(go_to, number + 1)
    left, right = st.columns(2)
    left.button("Back", key="tour back", on_click=back, disabled=first, shortcut="P",
                width="stretch")  # fmt: skip
    right.button("Next", key="tour next", on_click=onward, disabled=last, shortcut="N",
                 width="stretch")  # fmt: skip
    listen_to_keys(number, len(STOPS) - 1, go_to)
    st.caption(_KEYS)


def _list(number: int) -> None:
    with st.expander("All stops, about five minutes"), st.container(key="stops"):
        for i, stop in enumerate(STOPS):
            st.button(
                f"{i + 1}. {stop.short or stop.title}",
                key=f"tour stop {i + 1}",
                on_click=partial(go_to, i),
                disabled=i == number,
                type="tertiary",
                width="stretch",
            )


_POLL = 1.0  # seconds between looks at the predictions while the stop's case is not chosen


def show(service: ExplainService) -> None:
    """Draw the page."""
    restore_tour(service)
    session.mirror({"stop": str(current_stop() + 1)})
    if session.problems():
        st.warning("  \n".join(plain(sentence, 400) for sentence in session.problems()))
    cast = _cast(service)
    number = current_stop()
    stop = STOPS[number]
    case_id = stop.pick(cast)
    spec = service.explainer.classifier.spec
    if case_id is None:
        with st.sidebar:
            show_speech(None, None, spec, None, None)
        st.fragment(_await, run_every=_POLL)(service)
        return
    set_up_scene(service, number, stop, case_id, cast)
    with st.sidebar:
        show_speech(
            service.records[case_id],
            service.predictions().get(case_id),
            spec,
            cast.outcome(case_id),
            scene_address(service, stop, case_id, cast),
        )
    draw_scene(service, stop)


def _cast(service: ExplainService) -> TourCases:
    done, total = service.prediction_progress()
    spec = service.explainer.classifier.spec
    return choose_tour_cases(
        tuple(service.records), service.outcomes(), service.predictions(), done == total,
        spec.threshold, spec.positive,
    )  # fmt: skip


def _await(service: ExplainService) -> None:
    if STOPS[current_stop()].pick(_cast(service)) is not None:
        st.rerun()
    done, total = service.prediction_progress()
    st.info(
        "The cases of this tour are chosen by what the model says of them: "
        f"{done} of {total} predicted so far."
    )
