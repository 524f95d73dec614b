"""How figures look in a dark room: Okabe and Ito's colours, large type, quiet lines."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

INK = "#dfe5ea"
QUIET = "#93a0ab"
GRID = "#252c33"
SKY, ORANGE, GREEN = "#56b4e9", "#e69f00", "#009e73"
VIOLET = "#cc79a7"
FONT_PX = 15


def dark(figure: go.Figure, height: int) -> go.Figure:
    """``figure`` dressed for the reading room, ``height`` pixels high, on a clear ground."""
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 16, "t": 8, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"size": FONT_PX, "color": INK},
        hoverlabel={"font": {"size": FONT_PX}},
        uirevision="kept",  # what a person hid or zoomed stays so while the curve grows
        showlegend=False,
    )
    axis: dict[str, Any] = {
        "gridcolor": GRID,
        "zerolinecolor": GRID,
        "linecolor": QUIET,
        "tickfont": {"size": FONT_PX - 1, "color": QUIET},
        "title_font": {"size": FONT_PX - 1, "color": QUIET},
        "automargin": True,
        "fixedrange": True,
    }
    figure.update_xaxes(**axis)
    figure.update_yaxes(**axis)
    return figure
