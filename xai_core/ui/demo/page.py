"""The Demo page: a tour in stops, with the presenter's text in the sidebar and a scene beside it.

A scene is a state of the Explore or Compare page.  It is set up when the user arrives at a stop;
afterwards the user may change it.  The stop is kept in the session and in the address (``?stop=3``)
and is changed by buttons (N and P), arrow keys and the page keys of a presenter's remote.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from xai_core.explain.request import CaseRequest, ExplainRequest
from xai_core.explain.service import PageService
from xai_core.model.spec import ModelSpec
from xai_core.settings import ASSETS
from xai_core.types import CaseRecord, Outcome, Prediction
from xai_core.ui import controls, curves, live, session
from xai_core.ui.address import read_viewport, write_address
from xai_core.ui.compare import comparison
from xai_core.ui.compare import page as compare_page
from xai_core.ui.compare.panels import FIGURE_LAYOUT, METHODS_LAYOUT, Comparison, write_comparison
from xai_core.ui.demo import notes
from xai_core.ui.demo.stops import (
    COMPARE_METHODS,
    COMPARE_PAIR,
    EXPLORE,
    STOPS,
    Stop,
    TourCases,
    choose_tour_cases,
    fill_in,
)
from xai_core.ui.pages import path_of
from xai_core.ui.service_access import layers
from xai_core.ui.wording import plain

_KEY = "tour keys"
_KEYS = "Keys: right and left arrow, Page Down and Page Up (a remote), or N and P."
_POLL = 1.0  # seconds, while the stop's case is not chosen yet


# --- the page ---


def show(service: PageService) -> None:
    """Draw the page."""
    if notes.is_asked_for():
        _show_notes(service)
        return
    restore_tour(service)
    session.update_address({"stop": str(current_stop() + 1)})
    if session.problems():
        st.warning("  \n".join(plain(sentence, 400) for sentence in session.problems()))
    cases = _tour_cases(service)
    number = current_stop()
    stop = STOPS[number]
    case_id = stop.pick_case(cases)
    spec = service.classifier.spec
    if case_id is None:
        with st.sidebar:
            show_speech(None, None, spec, None, None)
        st.fragment(_await_case, run_every=_POLL)(service)
        return
    set_up_scene(service, number, stop, case_id, cases)
    record, prediction = service.records[case_id], service.predictions().get(case_id)
    outcome = cases.outcome(case_id)
    with st.sidebar:
        show_speech(record, prediction, spec, outcome, scene_address(service, stop, case_id, cases))
    with st.container(key="stage-title"):
        title = fill_in(stop.title, record, prediction, spec, outcome)
        st.markdown(f"{number + 1} / {len(STOPS)} · {plain(title)}")
    draw_scene(service, stop)


def _show_notes(service: PageService) -> None:
    """The notes in a window of their own, until all cases are chosen in a fragment that polls."""

    def body() -> None:
        cases = _tour_cases(service)
        notes.show(service, cases)
        if waiting and all(stop.pick_case(cases) for stop in STOPS):
            st.rerun()

    waiting = not all(stop.pick_case(_tour_cases(service)) for stop in STOPS)
    st.fragment(body, run_every=_POLL if waiting else None)()


def _tour_cases(service: PageService) -> TourCases:
    done, total = service.prediction_progress()
    spec = service.classifier.spec
    return choose_tour_cases(
        tuple(service.records), service.outcomes(), service.predictions(), done == total,
        spec.threshold, spec.positive,
    )  # fmt: skip


def _await_case(service: PageService) -> None:
    if STOPS[current_stop()].pick_case(_tour_cases(service)) is not None:
        st.rerun()
    done, total = service.prediction_progress()
    st.info(
        "The cases of this tour are chosen by what the model says of them: "
        f"{done} of {total} predicted so far."
    )


# --- the current stop ---


@dataclass
class Tour:
    """``stop``: index from 0.  ``scene``: the scene that was set up last.  ``from_address``:
    whether the stop was read from an address whose viewport is still to be applied.  ``arrivals``:
    how often a scene was set up."""

    stop: int = 0
    scene: tuple[object, ...] | None = None
    from_address: bool = False
    arrivals: int = 0


def restore_tour(service: PageService) -> None:
    """Read the stop from a new address, else keep the current one."""

    def read_page_part(parameters: Mapping[str, str]) -> list[str]:
        text = parameters.get("stop")
        if text is None:
            return []
        allowed = [str(number) for number in range(1, len(STOPS) + 1)]
        if text in allowed:
            go_to(allowed.index(text))
            session.part(Tour).from_address = True
            return []
        return [f"The address names the stop “{text:.20}”, but there are {len(STOPS)}, from 1."]

    session.restore(service.records, service.classifier, read_page_part)


def current_stop() -> int:
    """The index of the current stop, from 0."""
    return session.part(Tour).stop


def go_to(number: int) -> None:
    """Go to a stop and set its scene up again, whatever the user changed there before."""
    tour = session.part(Tour)
    tour.stop = min(max(number, 0), len(STOPS) - 1)
    tour.scene = None
    session.set_problems(())


def pop_from_address() -> bool:
    """Whether the stop was just read from an address; resets that."""
    tour = session.part(Tour)
    from_address, tour.from_address = tour.from_address, False
    return from_address


def note_scene(scene: tuple[object, ...]) -> bool:
    """Record that ``scene`` is set up; returns whether it was not before."""
    tour = session.part(Tour)
    if tour.scene == scene:
        return False
    tour.scene = scene
    tour.arrivals += 1
    return True


# --- keys ---


@st.cache_resource(show_spinner=False)  # type: ignore[untyped-decorator]
def _component() -> Any:
    """The component, registered once: a script that listens to keys, and a link to the notes."""
    return st.components.v2.component(
        "cesm_tour_keys",
        html=f'<a href="{notes.ADDRESS}" target="_blank" rel="noopener">'
        "Notes and a clock, in a second window</a>",
        css=(ASSETS / "pages" / "demo_keys.css").read_text("utf-8"),
        js=(ASSETS / "pages" / "demo_keys.js").read_text("utf-8"),
    )


def listen_to_keys(here: int, last: int, go: Callable[[int], None]) -> None:
    """Listen to the keys of the tour.

    Args:
        here: the index of the stop that is drawn, from 0.
        last: the index of the last stop.
        go: called with the index of the stop that a key leads to.
    """

    def handle_key() -> None:
        message = st.session_state[_KEY]["go"]
        if isinstance(message, list) and message and message[0] in range(last + 1):
            go(int(message[0]))

    _component()(data={"here": here, "last": last}, key=_KEY, on_go_change=handle_key)


# --- the scene ---


def set_up_scene(
    service: PageService, number: int, stop: Stop, case_id: str, cases: TourCases
) -> None:
    """Set the stop's scene up on arrival, or again after another page changed the case."""
    case_request = _request(service, stop, case_id)
    scene_comparison = _comparison(stop, cases)
    case_left = session.current().case_id != case_id
    if not note_scene((number, case_request, scene_comparison)) and not case_left:
        return
    from_address = session.viewport()["values"] if pop_from_address() else {}
    request = case_request.request
    fields: dict[str, Any] = {n: getattr(request, n) for n in ExplainRequest.__dataclass_fields__}
    told = session.problems()  # of the address that led here; a step of the tour drops them
    session.change(case_id=case_request.case_id, **fields)
    session.set_viewport(from_address or read_viewport(stop.viewport)[0])
    if not from_address:
        st.query_params.from_dict({"stop": str(number + 1), **stop.viewport})
    if scene_comparison is not None:
        comparison.change(
            layout=scene_comparison.layout,
            curves=scene_comparison.curves,
            positive=scene_comparison.positive,
            negative=scene_comparison.negative,
        )
    session.set_problems(told)


def scene_address(
    service: PageService, stop: Stop, case_id: str, cases: TourCases
) -> tuple[str, str, Mapping[str, str]]:
    """The page that shows the same scene: its file, its title, the parameters of its address."""
    case_request, scene_comparison = _request(service, stop, case_id), _comparison(stop, cases)
    if scene_comparison is not None:
        return "pages/compare.py", "Compare", write_comparison(scene_comparison, case_request)
    return "pages/explore.py", "Explore", write_address(case_request) | stop.viewport


def draw_scene(service: PageService, stop: Stop) -> None:
    """Draw the scene with the current request."""
    if stop.scene != EXPLORE:
        compare_page.draw_board(service)
        return
    shown = session.current()
    controls.show(service, service.predicted(shown.case_id))
    play = f"{stop.plays} {session.part(Tour).arrivals}" if stop.plays else ""
    top = st.container()
    if shown.request.curves == "none":  # without curves the image gets the full width
        live.show(service, shown, top, st.container(), st.container(), play)
        return
    left, right = st.columns([1.7, 1], gap="large")
    with right:
        curves.show_mode_choice()
    live.show(service, shown, top, left, right, play)


def _request(service: PageService, stop: Stop, case_id: str) -> CaseRequest:
    request = ExplainRequest(layer=layers(service)[0].name, **stop.request_fields)
    return CaseRequest(case_id, request)


def _comparison(stop: Stop, cases: TourCases) -> Comparison | None:
    if stop.scene == COMPARE_METHODS:
        return Comparison(METHODS_LAYOUT)
    if stop.scene == COMPARE_PAIR:
        return Comparison(
            FIGURE_LAYOUT, curves=True, positive=cases.positive, negative=cases.negative
        )
    return None


# --- the presenter's text ---


def show_speech(
    record: CaseRecord | None, prediction: Prediction | None, spec: ModelSpec,
    outcome: Outcome | None, link: tuple[str, str, Mapping[str, str]] | None,
) -> None:  # fmt: skip
    """Draw the presenter's text of the current stop, the buttons and the list of stops.

    Args:
        record, prediction, outcome: of the stop's case; None while it is not chosen yet.
        spec: of the model.
        link: see :func:`scene_address`; None draws no link.
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
            _show_text(stop, record, prediction, spec, outcome)
        _show_buttons(number)
        if link is not None:
            file, title, address = link
            st.page_link(
                path_of(file), label=f"The same by hand, on {title}", query_params=dict(address)
            )
        _show_stop_list(number)


def _show_text(
    stop: Stop, record: CaseRecord, prediction: Prediction | None, spec: ModelSpec,
    outcome: Outcome | None,
) -> None:  # fmt: skip
    st.markdown(f"## {plain(fill_in(stop.title, record, prediction, spec, outcome))}")
    with st.container(key="say"):
        st.markdown(plain(fill_in(stop.speech, record, prediction, spec, outcome), 800))
    with st.container(key="do"):
        st.markdown(f"By hand: {stop.instruction}")


def _show_buttons(number: int) -> None:
    first, last = number == 0, number == len(STOPS) - 1
    back, forward = partial(go_to, number - 1), partial(go_to, number + 1)
    left, right = st.columns(2)
    left.button("Back", key="tour back", on_click=back, disabled=first, shortcut="P",
                width="stretch")  # fmt: skip
    right.button("Next", key="tour next", on_click=forward, disabled=last, shortcut="N",
                 width="stretch")  # fmt: skip
    listen_to_keys(number, len(STOPS) - 1, go_to)
    st.caption(_KEYS)


def _show_stop_list(number: int) -> None:
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
