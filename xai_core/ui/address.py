"""The address of a page: the case and request, and how the viewer looks at it.

How the viewer looks at a picture, as a part of the address.  No Streamlit: text in, values out.

The browser itself writes this part (``assets/viewer/model/address.js``), so that zooming and moving
ask nothing of the server; here it is read where somebody comes with such an address.

The address of a page <-> the case and request it shows.  No Streamlit: plain text in and out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from xai_core.cam import METHODS
from xai_core.cam.options import Kind
from xai_core.errors import BadRequest
from xai_core.explain.request import PREDICTED, CaseRequest, known_options
from xai_core.model.classifier import Classifier
from xai_core.types import CURVE_MODES
from xai_core.viz.colormap import TABLES
from xai_core.viz.style import (
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
VIEWPORT_NAMES = tuple(_READ)
"""The parameters of an address that are the viewer's own."""


def read_viewport(parameters: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """What an address says of the viewer, and a sentence for each part that cannot be used.

    ``zoom``: 1 fits.  ``at``: the centre, as shares of the picture.  ``window``: width and level in
    grey levels.  ``step``: a curve and the patches changed.  ``show``: what is not as usual.
    """
    viewport: dict[str, Any] = {}
    problems: list[str] = []
    for name, (read, words) in _READ.items():
        text = parameters.get(name)
        if text is None:
            continue
        try:
            viewport[name] = read(text)
        except ValueError:
            problems.append(
                f"The address's {name} is “{text:.60}”, but should be {words}; it was left out."
            )
    return viewport, problems


def without_viewport(parameters: Mapping[str, str]) -> dict[str, str]:
    """The rest of an address."""
    return {name: value for name, value in parameters.items() if name not in _READ}


def read_address(
    parameters: Mapping[str, str],
    case_ids: Sequence[str],
    start: CaseRequest,
    classifier: Classifier,
) -> tuple[CaseRequest, list[str]]:
    """What an address names, and a sentence for each part of it that cannot be used.

    Args:
        parameters: of the address; unknown ones are ignored.
        case_ids: the cases there are.
        start: what holds where the address says nothing, or something unusable.
        classifier: its layers and classes can be asked for.
    """
    choices: Mapping[str, Sequence[str]] = {
        "method": tuple(METHODS),
        "layer": [layer.name for layer in classifier.layers],
        "target": (PREDICTED, *classifier.spec.class_names),
        "curves": CURVE_MODES,
    }
    chosen: dict[str, Any] = {}
    problems: list[str] = []

    def refuse(name: str, value: str, instead: str) -> None:
        problems.append(f"The address names {name} “{value:.60}”, {instead}")

    case = parameters.get("case", start.case_id)
    if case in case_ids:
        chosen["case_id"] = case
    else:
        refuse("the case", case, f"which is not among these cases; showing {start.case_id}.")
    for name, allowed in choices.items():
        value = parameters.get(name)
        if value is None:
            continue
        if value in allowed:
            chosen[name] = value
        else:
            refuse(f"the {name}", value, f"but only {', '.join(allowed)} exist; it was left out.")
    for name, option in known_options().items():
        if name not in parameters:
            continue
        try:
            chosen[name] = option.parse(parameters[name])
        except BadRequest as problem:
            problems.append(f"The address's {name} were left out. {problem}")
    return start.change(**chosen), problems


def write_address(shown: CaseRequest) -> dict[str, str]:
    """The parameters that lead back to what is shown; what is as usual is left out."""
    request = shown.request
    address = {"case": shown.case_id, "method": request.method, "layer": request.layer}
    if request.target != PREDICTED:
        address["target"] = request.target
    read = {option.name for option in METHODS[request.method].options.declared()}
    for name, value in request.options:
        option = known_options()[name]
        # Area levels always: Compare shows the methods that read them beside those that do not.
        if name in read or option.kind is Kind.PERCENTAGES:
            address[name] = option.write(value)
    if request.curves != "adaptive":
        address["curves"] = request.curves
    return address
