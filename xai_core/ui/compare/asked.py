"""Which maps stand where: rows of requests.  No Streamlit."""

from __future__ import annotations

from dataclasses import dataclass

from xai_core.cam import METHODS
from xai_core.request import ExplainRequest
from xai_core.types import LAYERS

FINER, COARSER = LAYERS
_FIGURE_3 = (("score-cam", COARSER), ("grad-cam", FINER), ("hybrid-cam", FINER))


@dataclass(frozen=True)
class Line:
    """A row: maps of one case.  ``original``: its first place shows the case as it is, else it is
    left empty.  ``layer``: the layer of every map in it, None where they differ."""

    case_id: str
    requests: tuple[ExplainRequest, ...]
    original: bool = True
    layer: str | None = None


def matrix(case_id: str, target: str, levels: tuple[float, ...]) -> tuple[Line, ...]:
    """Every method (columns) at every layer (rows) for one case."""
    return tuple(
        Line(
            case_id,
            tuple(
                ExplainRequest(case_id, method, layer, target, levels, curves="none")
                for method in METHODS
            ),
            original=layer == LAYERS[0],
            layer=layer,
        )
        for layer in LAYERS
    )


def figure_3(case_id: str, levels: tuple[float, ...]) -> Line:
    """A case as the paper's Figure 3 shows it, for the class the model decides for."""
    return Line(
        case_id,
        tuple(
            ExplainRequest(case_id, method, layer, levels=levels, curves="none")
            for method, layer in _FIGURE_3
        ),
    )
