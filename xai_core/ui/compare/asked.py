"""Which maps stand where: rows of requests.  No Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xai_core.model.layers import Layer
from xai_core.request import CaseRequest, ExplainRequest, OptionValues


@dataclass(frozen=True)
class Line:
    """A row: maps of one case.  ``original``: its first place shows the case as it is, else it is
    left empty.  ``layer``: the layer of every map in it, None where they differ."""

    case_id: str
    requests: tuple[CaseRequest, ...]
    original: bool = True
    layer: Layer | None = None


def matrix(
    case_id: str,
    methods: tuple[str, ...],
    target: str,
    options: OptionValues,
    layers: Sequence[Layer],
) -> tuple[Line, ...]:
    """The methods (columns) at every one of ``layers`` (rows) for one case."""
    return tuple(
        Line(
            case_id,
            tuple(
                CaseRequest(case_id, ExplainRequest(method, layer.name, target, options, "none"))
                for method in methods
            ),
            original=layer == layers[0],
            layer=layer,
        )
        for layer in layers
    )


def figure_3(case_id: str, options: OptionValues, layers: Sequence[Layer]) -> Line:
    """A case as the paper's Figure 3 shows it, for the class the model decides for.

    ``layers``: of the model, Stage 3's first and Stage 4's last.
    """
    finer, coarser = layers[0].name, layers[-1].name
    shown = (("score-cam", coarser), ("grad-cam", finer), ("hybrid-cam", finer))
    return Line(
        case_id,
        tuple(
            CaseRequest(case_id, ExplainRequest(method, layer, options=options, curves="none"))
            for method, layer in shown
        ),
    )
