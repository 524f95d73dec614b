"""Style of figures for a dark reading room, and the defaults shared with the viewer.

``assets/viewer/defaults.json`` holds what Python and the viewer in the browser both need: colours,
opacity, limits.  The colours are those of Okabe and Ito, distinguishable with all kinds of colour
vision.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import plotly.graph_objects as go

from xai_core.settings import ASSETS

# --- the shared defaults ---

_TABLE: dict[str, Any] = json.loads((ASSETS / "viewer" / "defaults.json").read_text("utf-8"))
_PALETTE: dict[str, str] = _TABLE.pop("palette")
_TABLE["colours"] = {use: _PALETTE[name] for use, name in _TABLE["colours"].items()}


def _limits(name: str, key: str = "limits") -> tuple[float, float]:
    low, high = _TABLE[name][key]
    return float(low), float(high)


COLOURS: Mapping[str, str] = MappingProxyType(_TABLE["colours"])
"""``#rrggbb`` by use (``insertion``, ``deletion``, ``lesion``, ...)."""
OPACITY = float(_TABLE["opacity"]["value"])
"""Opacity of the colour at the map's maximum, in [0, 1]."""
OPACITY_LIMITS = _limits("opacity")
ZOOM_LIMITS = _limits("zoom")
"""Zoom factors; 1 fits the breast into the pane."""
WINDOW_WIDTH_LIMITS = _limits("window", "width_limits")
WINDOW_LEVEL_LIMITS = _limits("window", "level_limits")
"""Both in grey levels of 8 bits."""
CONTOUR_LIMITS = _limits("contours")
"""In percent of the map's maximum."""
MOST_CONTOURS = int(_TABLE["contours"]["most"])


def as_script() -> str:
    """The defaults as one line of JavaScript that defines ``DEFAULTS``."""
    return f"const DEFAULTS = {json.dumps(_TABLE)};"


# --- figures ---

INK = "#dfe5ea"
QUIET = "#93a0ab"
GRID = "#252c33"
FONT_PX = 15
FONT_FAMILY = '"Source Sans", sans-serif'  # that of the page


def dark(figure: go.Figure, height: int) -> go.Figure:
    """``figure`` with the dark style: ``height`` px, transparent background, large type."""
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 16, "t": 8, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"size": FONT_PX, "color": INK, "family": FONT_FAMILY},
        hoverlabel={"font": {"size": FONT_PX}},
        uirevision="kept",  # keeps hidden traces and zoom when the figure is updated
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
