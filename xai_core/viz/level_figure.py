"""Hybrid-CAM's area levels as bars: what keeping each area gained."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from xai_core.types import LevelResult
from xai_core.viz.style import FONT_PX, INK, SKY, dark


def level_figure(levels: Sequence[LevelResult], class_name: str, *, height: int = 200) -> go.Figure:
    """delta(p) per level, over the area asked and the area really kept (ties may enlarge it)."""
    names = [f"{level.percent:g}<br>{level.realised * 100:.3g}" for level in levels]
    deltas = [level.delta for level in levels]
    hover = [
        f"asked {level.percent:g} % of the pixels, kept {level.realised:.1%}<br>"
        f"the {class_name} logit rises by {level.delta:.3f}"
        for level in levels
    ]
    figure = go.Figure(
        go.Bar(
            x=names,
            y=deltas,
            marker={"color": SKY, "line": {"width": 0}},
            text=[f"{delta:.2f}" for delta in deltas],
            textposition="outside",
            textfont={"size": FONT_PX - 1, "color": INK},
            cliponaxis=False,
            customdata=hover,
            hovertemplate="%{customdata}<extra></extra>",
        )
    )
    top = max([*deltas, 1e-3])
    figure.update_xaxes(type="category", title="area asked, and really kept (%)", tickangle=0)
    figure.update_yaxes(title="delta(p), logit", range=[0, top * 1.25], nticks=4)
    return dark(figure, height)
