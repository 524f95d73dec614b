"""The colour scales of heatmaps: even to the eye and safe for colour blindness; Inferno by default.

Their lightness rises steadily, so they stay readable in grey print and for every kind of colour
vision.  A rainbow ("jet") has bright bands where the data have none.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from plotly.colors import hex_to_rgb, sequential

from xai_core.types import FloatArray

Rgb = NDArray[np.uint8]

# Matplotlib's: Plotly's copy is a grey level off at three of its ten stops.
_VIRIDIS = (
    (68, 1, 84), (72, 40, 120), (62, 74, 137), (49, 104, 142), (38, 130, 142),
    (31, 158, 137), (53, 183, 121), (109, 205, 89), (180, 222, 44), (253, 231, 37),
)  # fmt: skip
# Blue for evidence against, orange for evidence in favour, grey for neither.
_DIVERGING = ((40, 120, 255), (110, 165, 245), (128, 128, 128), (245, 165, 80), (255, 120, 20))


def _table(given: Sequence[tuple[int, ...]]) -> Rgb:
    """256 colours through stops at equal distances, each (r, g, b) in 0..255."""
    stops = np.array(given, dtype=np.float64)
    at = np.linspace(0, len(stops) - 1, 256)
    columns = [np.interp(at, np.arange(len(stops)), stops[:, i]) for i in range(3)]
    table = np.stack(columns, axis=1).round().astype(np.uint8)
    table.setflags(write=False)
    return table


def _of_plotly(stops: Sequence[str]) -> Rgb:
    """``stops``: colours as #rrggbb."""
    return _table([hex_to_rgb(stop) for stop in stops])


TABLE: Rgb = _of_plotly(sequential.Inferno)
"""256 colours, (256, 3) uint8: from no evidence (0) to the most (255)."""
TABLES: dict[str, Rgb] = {
    "Inferno": TABLE, "Viridis": _table(_VIRIDIS),
    "Cividis": _of_plotly(sequential.Cividis),
}  # fmt: skip
"""The scales a person can choose between; the first is the default."""
DIVERGING: Rgb = _table(_DIVERGING)
"""For signed maps, (256, 3) uint8: the most negative at 0, the most positive at 255."""


def colours(values: FloatArray) -> Rgb:
    """The colours (..., 3) of values in [0, 1]; others take the colour of the nearer end."""
    return np.asarray(TABLE[(np.clip(values, 0, 1) * 255).round().astype(np.uint8)])
