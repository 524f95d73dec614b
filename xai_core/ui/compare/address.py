"""What the Compare page shows beside the request, and its address.  No Streamlit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xai_core.cam import METHODS, PAPER_METHODS
from xai_core.request import CaseRequest
from xai_core.ui.address import write_address

METHODS_VIEW, FIGURE_VIEW = "methods", "figure3"
VIEWS = (METHODS_VIEW, FIGURE_VIEW)
_SHARED = ("case", "target", "levels")  # of the request's address; the rest is every panel's own
_CASES = {"tp": "positive", "tn": "negative"}


@dataclass(frozen=True)
class Comparison:
    """``view``: one case under several methods at every layer, or the paper's Figure 3.
    ``methods``: those of the first view, at least one.  ``curves``: measure insertion and deletion
    too.  ``positive``, ``negative``: Figure 3's cases, None until
    chosen."""

    view: str = METHODS_VIEW
    methods: tuple[str, ...] = PAPER_METHODS
    curves: bool = False
    positive: str | None = None
    negative: str | None = None


def read_comparison(
    parameters: Mapping[str, str], case_ids: Sequence[str]
) -> tuple[Comparison, list[str]]:
    """The comparison an address names, and a sentence for each part of it that cannot be used.

    Args:
        parameters: of the address; unknown ones are ignored.
        case_ids: the cases there are.
    """
    chosen: dict[str, Any] = {}
    problems: list[str] = []
    view = parameters.get("view", METHODS_VIEW)
    if view in VIEWS:
        chosen["view"] = view
    else:
        problems.append(
            f"The address names the view “{view:.60}”, but only {', '.join(VIEWS)} exist; "
            f"showing {METHODS_VIEW}."
        )
    if "methods" in parameters:
        methods = in_order(parameters["methods"].split(","))
        if methods:
            chosen["methods"] = methods
        else:
            problems.append(
                f"The address names the methods “{parameters['methods']:.60}”, but only "
                f"{', '.join(METHODS)} exist; showing the paper's."
            )
    curves = parameters.get("curves-too", "off")
    if curves in ("on", "off"):
        chosen["curves"] = curves == "on"
    else:
        problems.append(
            f"The address says curves-too “{curves:.60}”, but only on and off exist; it is off."
        )
    for name, field in _CASES.items():
        case = parameters.get(name)
        if case in case_ids:
            chosen[field] = case
        elif case is not None:
            problems.append(
                f"The address names the {name.upper()} case “{case:.60}”, which is not among these "
                "cases; one was chosen instead."
            )
    return Comparison(**chosen), problems


def in_order(methods: Iterable[str]) -> tuple[str, ...]:
    """Those of ``methods`` that exist, in the order in which they are always listed."""
    wanted = set(methods)
    return tuple(name for name in METHODS if name in wanted)


def write_comparison(comparison: Comparison, shown: CaseRequest) -> dict[str, str]:
    """The parameters that lead back to a comparison; what is as usual is left out."""
    shared = write_address(shown)
    address = {"view": comparison.view}
    address |= {name: shared[name] for name in _SHARED if name in shared}
    if comparison.methods != PAPER_METHODS:
        address["methods"] = ",".join(comparison.methods)
    if comparison.curves:
        address["curves-too"] = "on"
    for name, field in _CASES.items():
        case = getattr(comparison, field)
        if case is not None:
            address[name] = case
    return address
