"""The address of a page <-> the case and request it shows.  No Streamlit: plain text in and out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xai_core.cam import METHODS
from xai_core.cam.options import Kind
from xai_core.errors import BadRequest
from xai_core.model.classifier import Classifier
from xai_core.request import PREDICTED, CaseRequest, known_options
from xai_core.types import CURVE_MODES


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
