"""At which stop this browser session is; kept across pages, and in the address as ``?stop=3``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from xai_core.service import ExplainService
from xai_core.ui import state
from xai_core.ui.demo.stops import STOPS


@dataclass
class Tour:
    """``stop``: counted from 0.  ``arrived``: what was set up last.  ``brought``: whether an
    address led here, so that what it says of the viewer counts."""

    stop: int = 0
    arrived: tuple[object, ...] | None = None
    brought: bool = False


def restore(service: ExplainService) -> None:
    """Take the stop the address names where a person came with one."""

    def take(given: Mapping[str, str]) -> list[str]:
        text = given.get("stop")
        if text is None:
            return []
        if text.isascii() and text.isdigit() and 1 <= int(text[:4]) <= len(STOPS):
            go(int(text) - 1)
            state.part(Tour).brought = True
            return []
        return [f"The address names the stop “{text:.20}”, but there are {len(STOPS)}, from 1."]

    state.restore(service.records, service.explainer.classifier, also=take)


def place() -> int:
    """The stop, counted from 0."""
    return state.part(Tour).stop


def go(number: int) -> None:
    """Go to a stop, and show it as it is meant, whatever hands did to it before."""
    tour = state.part(Tour)
    tour.stop = min(max(number, 0), len(STOPS) - 1)
    tour.arrived = None


def brought() -> bool:
    """Whether an address led here, so that what it says of the viewer counts; True once."""
    tour = state.part(Tour)
    brought, tour.brought = tour.brought, False
    return brought


def arriving(scene: tuple[object, ...]) -> bool:
    """Whether ``scene`` (what the stop is to show) is still to be set up; True once for each."""
    tour = state.part(Tour)
    if tour.arrived == scene:
        return False
    tour.arrived = scene
    return True
