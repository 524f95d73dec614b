"""The parameters of a page's address: the case, the request and the viewer's viewport.

Python reads and writes the case and the request.  The viewport (zoom, window, ...) is written by
the browser itself (``assets/viewer/model/address.js``), so that zooming and panning send nothing to
the server; Python only reads it when a page is opened with such an address.  No Streamlit here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from xai_core.cam import METHODS
from xai_core.cam.options import Kind
from xai_core.errors import BadRequest
from xai_core.explain.request import PREDICTED, CaseRequest, known_options
from xai_core.model.classifier import Classifier
from xai_core.types import CURVE_MODES, TIES
from xai_core.viz.colormap import TABLES
from xai_core.viz.style import (
    CONTOUR_LIMITS,
    MOST_CONTOURS,
    OPACITY_LIMITS,
    WINDOW_LEVEL_LIMITS,
    WINDOW_WIDTH_LIMITS,
    ZOOM_LIMITS,
)

# --- the viewport ---

HEAT_KINDS = ("fill", "contours", "signed", "off")
SHOW_FLAGS = ("alone", "recombined", "outline", "invert", "inside")
_CURVES = ("insertion", "deletion")


def _number(text: str, low: float, high: float) -> float:
    value = float(text)
    if not math.isfinite(value) or not low <= value <= high:
        raise ValueError
    return value


def _range_words(ends: tuple[float, float]) -> str:
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


def _show_flags(text: str) -> list[str]:
    return [_one_of(SHOW_FLAGS)(word) for word in text.split(",")]


_VIEWPORT_READERS: dict[str, tuple[Callable[[str], Any], str]] = {
    "zoom": (lambda t: _number(t, *ZOOM_LIMITS), _range_words(ZOOM_LIMITS)),
    "at": (lambda t: _pair(t, ((0, 1), (0, 1))), "two shares of the picture such as 0.4,0.6"),
    "window": (
        lambda t: _pair(t, (WINDOW_WIDTH_LIMITS, WINDOW_LEVEL_LIMITS)),
        "width and level such as 160,80",
    ),
    "step": (_step, "a curve and a number of patches such as deletion:120"),
    "heat": (_one_of(HEAT_KINDS), f"one of {', '.join(HEAT_KINDS)}"),
    "contours": (_percentages, f"at most {MOST_CONTOURS} percentages such as 25,50,75"),
    "opacity": (lambda t: _number(t, *OPACITY_LIMITS), _range_words(OPACITY_LIMITS)),
    "colours": (_one_of(tuple(TABLES)), f"one of {', '.join(TABLES)}"),
    "show": (_show_flags, f"some of {', '.join(SHOW_FLAGS)}"),
}
VIEWPORT_NAMES = tuple(_VIEWPORT_READERS)
"""The parameters of an address that describe the viewport."""


def read_viewport(parameters: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """The viewport in an address, and one sentence for each parameter that cannot be used.

    ``zoom``: 1 fits the breast into the pane.  ``at``: the centre (x, y) as shares of the picture.
    ``window``: width and level in grey levels.  ``step``: a curve and the number of changed
    patches.  ``show``: the switches that differ from the default.
    """
    viewport: dict[str, Any] = {}
    problems: list[str] = []
    for name, (read, allowed) in _VIEWPORT_READERS.items():
        text = parameters.get(name)
        if text is None:
            continue
        try:
            viewport[name] = read(text)
        except ValueError:
            problems.append(
                f"The address's {name} is “{text:.60}”, but should be {allowed}; it was left out."
            )
    return viewport, problems


def without_viewport(parameters: Mapping[str, str]) -> dict[str, str]:
    """The parameters of an address without those of the viewport."""
    return {name: value for name, value in parameters.items() if name not in _VIEWPORT_READERS}


# --- the case and the request ---


def read_address(
    parameters: Mapping[str, str],
    case_ids: Sequence[str],
    default: CaseRequest,
    classifier: Classifier,
) -> tuple[CaseRequest, list[str]]:
    """The case request in an address, and one sentence for each parameter that cannot be used.

    Args:
        parameters: of the address; unknown ones are ignored.
        case_ids: the ids of all cases of the source.
        default: taken for parameters that are missing or unusable.
        classifier: gives the allowed layers and classes.
    """
    choices: Mapping[str, Sequence[str]] = {
        "method": tuple(METHODS),
        "layer": [layer.name for layer in classifier.layers],
        "target": (PREDICTED, *classifier.spec.class_names),
        "curves": CURVE_MODES,
        "ties": TIES,
    }
    chosen: dict[str, Any] = {}
    problems: list[str] = []

    def refuse(name: str, value: str, instead: str) -> None:
        problems.append(f"The address names {name} “{value:.60}”, {instead}")

    case = parameters.get("case", default.case_id)
    if case in case_ids:
        chosen["case_id"] = case
    else:
        refuse("the case", case, f"which is not among these cases; showing {default.case_id}.")
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
    return default.change(**chosen), problems


def write_address(shown: CaseRequest) -> dict[str, str]:
    """The parameters that restore ``shown``; default values are left out."""
    request = shown.request
    address = {"case": shown.case_id, "method": request.method, "layer": request.layer}
    if request.target != PREDICTED:
        address["target"] = request.target
    declared = {option.name for option in METHODS[request.method].options.declared()}
    for name, value in request.options:
        option = known_options()[name]
        # Area levels always: Compare shows methods with levels beside methods without.
        if name in declared or option.kind is Kind.PERCENTAGES:
            address[name] = option.write(value)
    if request.curves != "adaptive":
        address["curves"] = request.curves
    if request.ties != TIES[0]:
        address["ties"] = request.ties
    return address
