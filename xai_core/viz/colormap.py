"""The one colour scale of every heatmap: Inferno, even to the eye and safe for colour blindness.

Its lightness rises steadily from black to pale yellow, so it stays readable in grey print and for
every kind of colour vision.  A rainbow ("jet") has bright bands where the data have none.
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


def _table() -> Rgb:
    stops = np.array(_STOPS, dtype=np.float64)
    at = np.linspace(0, len(stops) - 1, 256)
    columns = [np.interp(at, np.arange(len(stops)), stops[:, i]) for i in range(3)]
    table = np.stack(columns, axis=1).round().astype(np.uint8)
    table.setflags(write=False)
    return table


TABLE: Rgb = _table()
"""256 colours, (256, 3) uint8: from no evidence (0) to the most (255)."""


def colours(values: FloatArray) -> Rgb:
    """The colours (..., 3) of values in [0, 1]; others take the colour of the nearer end."""
    return np.asarray(TABLE[(np.clip(values, 0, 1) * 255).round().astype(np.uint8)])


def plotly_scale() -> list[tuple[float, str]]:
    """The same scale in Plotly's words."""
    last = len(_STOPS) - 1
    return [(i / last, f"rgb({r},{g},{b})") for i, (r, g, b) in enumerate(_STOPS)]
