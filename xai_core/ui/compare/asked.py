"""Which maps stand where: rows of requests.  No Streamlit."""

from __future__ import annotations

from dataclasses import dataclass

from xai_core.request import CaseRequest, ExplainRequest, OptionValues
from xai_core.types import LAYERS

FINER, COARSER = LAYERS
_FIGURE_3 = (("score-cam", COARSER), ("grad-cam", FINER), ("hybrid-cam", FINER))


@dataclass(frozen=True)
class Line:
    """A row: maps of one case.  ``original``: its first place shows the case as it is, else it is
    left empty.  ``layer``: the layer of every map in it, None where they differ."""

    case_id: str
    requests: tuple[CaseRequest, ...]
    original: bool = True
    layer: str | None = None


def matrix(
    case_id: str, methods: tuple[str, ...], target: str, options: OptionValues
) -> tuple[Line, ...]:
    """The methods (columns) at every layer (rows) for one case."""
    return tuple(
        Line(
            case_id,
            tuple(
                CaseRequest(case_id, ExplainRequest(method, layer, target, options, "none"))
                for method in methods
            ),
            original=layer == LAYERS[0],
            layer=layer,
        )
        for layer in LAYERS
    )


def figure_3(case_id: str, options: OptionValues) -> Line:
    """A case as the paper's Figure 3 shows it, for the class the model decides for."""
    return Line(
        case_id,
        tuple(
            CaseRequest(case_id, ExplainRequest(method, layer, options=options, curves="none"))
            for method, layer in _FIGURE_3
        ),
    )
