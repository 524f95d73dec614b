"""The presenter's notes with a clock, for a second window (``demo?notes=1``)."""

from __future__ import annotations

from typing import Any

import streamlit as st

from xai_core.explain.service import PageService
from xai_core.settings import ASSETS
from xai_core.ui.demo.stops import STOPS, Stop, TourCases, fill_in

NOTES = "notes"
"""The address parameter of this window."""
ADDRESS = f"demo?{NOTES}=1"
_FOLDER = ASSETS / "pages"


def is_asked_for() -> bool:
    """Whether the address asks for the notes instead of the tour."""
    return bool(st.query_params.get(NOTES) == "1")


@st.cache_resource(show_spinner=False)  # type: ignore[untyped-decorator]
def _component() -> Any:
    """The component, registered once: it hears from the tour's window which stop is on show."""
    return st.components.v2.component(
        "cesm_tour_notes",
        html=(_FOLDER / "demo_notes.html").read_text("utf-8"),
        css=(_FOLDER / "demo_notes.css").read_text("utf-8"),
        js=(_FOLDER / "demo_notes.js").read_text("utf-8"),
    )


def show(service: PageService, cases: TourCases) -> None:
    """Draw the notes of all stops; the browser shows those of the stop that is on show.

    ``cases``: as far as they are chosen.
    """
    _component()(data={"stops": [_texts(service, stop, cases) for stop in STOPS]}, key="notes")


def _texts(service: PageService, stop: Stop, cases: TourCases) -> dict[str, str]:
    case_id = stop.pick_case(cases)
    if case_id is None:
        return {
            "title": stop.short or stop.title,
            "speech": "The case of this stop is not chosen yet.",
            "instruction": stop.instruction,
        }
    known = (
        service.records[case_id], service.predictions().get(case_id), service.classifier.spec,
        cases.outcome(case_id),
    )  # fmt: skip
    return {
        "title": fill_in(stop.title, *known),
        "speech": fill_in(stop.speech, *known),
        "instruction": stop.instruction,
    }
