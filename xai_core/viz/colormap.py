"""The colour scales of heatmaps: even to the eye and safe for colour blindness; Inferno by default.

Their lightness rises steadily, so they stay readable in grey print and for every kind of colour
vision.  A rainbow ("jet") has bright bands where the data have none.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from xai_core.types import FloatArray

Rgb = NDArray[np.uint8]

_STOPS = (
    (0, 0, 4), (27, 12, 65), (74, 12, 107), (120, 28, 109), (165, 44, 96),
    (207, 68, 70), (237, 105, 37), (251, 155, 6), (247, 209, 61), (252, 255, 164),
)  # fmt: skip
_VIRIDIS = (
    (68, 1, 84), (72, 40, 120), (62, 74, 137), (49, 104, 142), (38, 130, 142),
    (31, 158, 137), (53, 183, 121), (109, 205, 89), (180, 222, 44), (253, 231, 37),
)  # fmt: skip
_CIVIDIS = (
    (0, 34, 78), (18, 53, 112), (59, 73, 108), (87, 93, 109), (112, 113, 115),
    (138, 134, 120), (165, 156, 116), (195, 179, 105), (225, 204, 85), (254, 232, 56),
)  # fmt: skip
# Blue for evidence against, orange for evidence in favour, grey for neither.
_DIVERGING = ((40, 120, 255), (110, 165, 245), (128, 128, 128), (245, 165, 80), (255, 120, 20))


def _table(given: tuple[tuple[int, int, int], ...] = _STOPS) -> Rgb:
    stops = np.array(given, dtype=np.float64)
    at = np.linspace(0, len(stops) - 1, 256)
    columns = [np.interp(at, np.arange(len(stops)), stops[:, i]) for i in range(3)]
    table = np.stack(columns, axis=1).round().astype(np.uint8)
    table.setflags(write=False)
    return table


TABLE: Rgb = _table()
"""256 colours, (256, 3) uint8: from no evidence (0) to the most (255)."""
TABLES: dict[str, Rgb] = {
    "Inferno": TABLE, "Viridis": _table(_VIRIDIS), "Cividis": _table(_CIVIDIS),
}  # fmt: skip
"""The scales a person can choose between; the first is the default."""
DIVERGING: Rgb = _table(_DIVERGING)
"""For signed maps, (256, 3) uint8: the most negative at 0, the most positive at 255."""


def colours(values: FloatArray) -> Rgb:
    """The colours (..., 3) of values in [0, 1]; others take the colour of the nearer end."""
    return np.asarray(TABLE[(np.clip(values, 0, 1) * 255).round().astype(np.uint8)])


def plotly_scale() -> list[tuple[float, str]]:
    """The same scale in Plotly's words."""
    last = len(_STOPS) - 1
    return [(i / last, f"rgb({r},{g},{b})") for i, (r, g, b) in enumerate(_STOPS)]
