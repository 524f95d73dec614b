"""How the viewer looks at a picture, as a part of the address.  No Streamlit: text in, values out.

The browser itself writes this part (``assets/viewer/model/address.js``), so that zooming and moving
ask nothing of the server; here it is read where somebody comes with such an address.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from xai_core.viz.colormap import TABLES
from xai_core.viz.viewer_defaults import (
    CONTOUR_LIMITS,
    MOST_CONTOURS,
    OPACITY_LIMITS,
    WINDOW_LEVEL_LIMITS,
    WINDOW_WIDTH_LIMITS,
    ZOOM_LIMITS,
)

HEATS = ("fill", "contours", "signed", "off")
SHOWN = ("alone", "recombined", "outline", "invert")
_CURVES = ("insertion", "deletion")


def _number(text: str, low: float, high: float) -> float:
    value = float(text)
    if not math.isfinite(value) or not low <= value <= high:
        raise ValueError
    return value


def _from_to(ends: tuple[float, float]) -> str:
    return f"a number from {ends[0]:g} to {ends[1]:g}"


def _pair(text: str, ends: tuple[tuple[float, float], tuple[float, float]]) -> list[float]:
    first, second = text.split(",")
    return [_number(first, *ends[0]), _number(second, *ends[1])]


def _step(text: str) -> list[Any]:
    curve, patches = text.split(":")
    if curve not in _CURVES:
        raise ValueError
    return [curve, int(_number(patches, 0, 100_000))]


def _one_of(allowed: tuple[str, ...]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in allowed:
            raise ValueError
        return text

    return read


def _percentages(text: str) -> list[float]:
    numbers = [_number(part, *CONTOUR_LIMITS) for part in text.split(",")]
    if len(numbers) > MOST_CONTOURS:
        raise ValueError
    return numbers


def _shown(text: str) -> list[str]:
    return [_one_of(SHOWN)(word) for word in text.split(",")]


_READ: dict[str, tuple[Callable[[str], Any], str]] = {
    "zoom": (lambda t: _number(t, *ZOOM_LIMITS), _from_to(ZOOM_LIMITS)),
    "at": (lambda t: _pair(t, ((0, 1), (0, 1))), "two shares of the picture such as 0.4,0.6"),
    "window": (
        lambda t: _pair(t, (WINDOW_WIDTH_LIMITS, WINDOW_LEVEL_LIMITS)),
        "width and level such as 160,80",
    ),
    "step": (_step, "a curve and a number of patches such as deletion:120"),
    "heat": (_one_of(HEATS), f"one of {', '.join(HEATS)}"),
    "contours": (_percentages, f"at most {MOST_CONTOURS} percentages such as 25,50,75"),
    "opacity": (lambda t: _number(t, *OPACITY_LIMITS), _from_to(OPACITY_LIMITS)),
    "colours": (_one_of(tuple(TABLES)), f"one of {', '.join(TABLES)}"),
    "show": (_shown, f"some of {', '.join(SHOWN)}"),
}
NAMES = tuple(_READ)
"""The parameters of an address that are the viewer's own."""


def read_look(parameters: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """What an address says of the viewer, and a sentence for each part that cannot be used.

    ``zoom``: 1 fits.  ``at``: the centre, as shares of the picture.  ``window``: width and level in
    grey levels.  ``step``: a curve and the patches changed.  ``show``: what is not as usual.
    """
    look: dict[str, Any] = {}
    problems: list[str] = []
    for name, (read, words) in _READ.items():
        text = parameters.get(name)
        if text is None:
            continue
        try:
            look[name] = read(text)
        except ValueError:
            problems.append(
                f"The address's {name} is “{text:.60}”, but should be {words}; it was left out."
            )
    return look, problems


def without_look(parameters: Mapping[str, str]) -> dict[str, str]:
    """The rest of an address."""
    return {name: value for name, value in parameters.items() if name not in _READ}
