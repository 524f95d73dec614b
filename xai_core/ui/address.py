"""The address of a page <-> the request it shows.  No Streamlit: plain text in, a request out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from xai_core.cam import METHODS
from xai_core.errors import BadRequest
from xai_core.list_text import percentages
from xai_core.request import TARGETS, ExplainRequest
from xai_core.types import CURVE_MODES, LAYERS, PAPER_LEVELS, check_levels

_CHOICES: Mapping[str, Sequence[str]] = {
    "method": tuple(METHODS),
    "layer": LAYERS,
    "target": TARGETS,
    "curves": CURVE_MODES,
}

_MOST_CHANNELS = 768  # of the explained layers


def read_levels(text: str) -> tuple[float, ...]:
    """Area levels from text such as "1, 2.5; 90 %".

    Raises:
        BadRequest: not numbers, or outside what is allowed.
    """
    return check_levels(percentages(text))


def _read_channels(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text[:9]) <= _MOST_CHANNELS:
        raise BadRequest(f"“{text:.20}” is not a number from 1 to {_MOST_CHANNELS}.")
    return int(text)


def write_levels(levels: Sequence[float]) -> str:
    """The shortest text :func:`read_levels` understands."""
    return ",".join(f"{level:g}" for level in levels)


def read_address(
    parameters: Mapping[str, str], case_ids: Sequence[str], start: ExplainRequest
) -> tuple[ExplainRequest, list[str]]:
    """The request an address names, and a sentence for each part of it that cannot be used.

    Args:
        parameters: of the address; unknown ones are ignored.
        case_ids: the cases there are.
        start: what holds where the address says nothing, or something unusable.
    """
    chosen: dict[str, object] = {}
    problems: list[str] = []

    def refuse(name: str, value: str, instead: str) -> None:
        problems.append(f"The address names {name} “{value:.60}”, {instead}")

    case = parameters.get("case", start.case_id)
    if case in case_ids:
        chosen["case_id"] = case
    else:
        refuse("the case", case, f"which is not among these cases; showing {start.case_id}.")
    for name, allowed in _CHOICES.items():
        value = parameters.get(name)
        if value is None:
            continue
        if value in allowed:
            chosen[name] = value
        else:
            refuse(f"the {name}", value, f"but only {', '.join(allowed)} exist; it was left out.")
    if "channels" in parameters:
        _take(chosen, "channels", lambda: _read_channels(parameters["channels"]), problems)
    if "levels" in parameters:
        _take(chosen, "levels", lambda: read_levels(parameters["levels"]), problems)
    fields = {name: getattr(start, name) for name in ExplainRequest.__dataclass_fields__}
    return ExplainRequest(**{**fields, **chosen}), problems


def _take(
    chosen: dict[str, object], name: str, read: Callable[[], object], problems: list[str]
) -> None:
    try:
        chosen[name] = read()
    except BadRequest as problem:
        problems.append(f"The address's {name} were left out. {problem}")


def write_address(request: ExplainRequest) -> dict[str, str]:
    """The parameters that lead back to ``request``; what is as usual is left out."""
    address = {"case": request.case_id, "method": request.method, "layer": request.layer}
    if request.target != TARGETS[0]:
        address["target"] = request.target
    if request.levels != PAPER_LEVELS:
        address["levels"] = write_levels(request.levels)
    if request.channels is not None and request.method == "score-cam":
        address["channels"] = str(request.channels)
    if request.curves != "adaptive":
        address["curves"] = request.curves
    return address
