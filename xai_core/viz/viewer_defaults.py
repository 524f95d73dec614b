"""What the viewer in the browser and Python's figures share: ``assets/viewer/defaults.json``.

The colours are Okabe and Ito's, told apart with every kind of colour vision.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

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
