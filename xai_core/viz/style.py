"""How figures look in a dark room, and the table of defaults shared with the viewer.

What the viewer in the browser and Python's figures share: ``assets/viewer/defaults.json``.

The colours are Okabe and Ito's, told apart with every kind of colour vision.

How figures look in a dark room: large type, quiet lines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import plotly.graph_objects as go

from xai_core.settings import ASSETS

_TABLE: dict[str, Any] = json.loads((ASSETS / "viewer" / "defaults.json").read_text("utf-8"))
_PALETTE: dict[str, str] = _TABLE.pop("palette")
_TABLE["colours"] = {use: _PALETTE[name] for use, name in _TABLE["colours"].items()}


def _limits(name: str, key: str = "limits") -> tuple[float, float]:
    low, high = _TABLE[name][key]
    return float(low), float(high)


COLOURS: Mapping[str, str] = MappingProxyType(_TABLE["colours"])
"""By what is drawn in it (``insertion``, ``deletion``, ``lesion``, ...): ``#rrggbb``."""
OPACITY = float(_TABLE["opacity"]["value"])
"""How much of the image the highest heat hides, in [0, 1]."""
OPACITY_LIMITS = _limits("opacity")
ZOOM_LIMITS = _limits("zoom")
"""1 fits the breast into the pane."""
WINDOW_WIDTH_LIMITS = _limits("window", "width_limits")
WINDOW_LEVEL_LIMITS = _limits("window", "level_limits")
"""Both in grey levels of 8 bits."""
CONTOUR_LIMITS = _limits("contours")
"""In percent of the highest heat."""
MOST_CONTOURS = int(_TABLE["contours"]["most"])


def as_script() -> str:
    """The table as a line of JavaScript: ``DEFAULTS``, with its colours by their use."""
    return f"const DEFAULTS = {json.dumps(_TABLE)};"


INK = "#dfe5ea"
QUIET = "#93a0ab"
GRID = "#252c33"
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
