"""The figure of a sweep: what the model says and what is true, along one cue."""

from __future__ import annotations

import html
from collections.abc import Sequence

import plotly.graph_objects as go

from xai_core.viz.style import COLOURS, dark


def sweep_figure(
    labels: Sequence[str], model: Sequence[float | None], truth: Sequence[float | None],
    class_name: str, height: int = 260,
) -> go.Figure:  # fmt: skip
    """Two lines over the steps of a cue; a step that is not known yet has no point.

    Args:
        labels: of the steps.
        model: the model's probability of the class at each step, in [0, 1].
        truth: the probability by which the label is drawn, in [0, 1].
        class_name: Plotly reads HTML in titles, so it is escaped here.
        height: of the figure, px.
    """
    figure = go.Figure()
    for name, values, colour, dash, symbol in (
        ("model", model, COLOURS["insertion"], "solid", "circle"),
        ("truth (generator)", truth, COLOURS["deletion"], "dash", "diamond"),
    ):
        figure.add_trace(
            go.Scatter(
                x=list(labels), y=list(values), name=name, mode="lines+markers",
                line={"color": colour, "dash": dash, "width": 2.5},
                marker={"symbol": symbol, "size": 9},
                hovertemplate="%{x}: %{y:.2f}<extra>" + name + "</extra>",
            )
        )  # fmt: skip
    figure.update_xaxes(type="category", categoryorder="array", categoryarray=list(labels))
    figure.update_yaxes(
        title=f"P({html.escape(class_name, quote=False)})", range=[-0.02, 1.02], dtick=0.25
    )
    dark(figure, height)
    figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
    )
    return figure
