"""The colour tables of heatmaps: perceptually uniform, for all colour vision; default Inferno.

Their lightness rises steadily, so they stay readable in grey print and with colour blindness.  A
rainbow table ("jet") would show bright bands where the data have none.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from plotly.colors import hex_to_rgb, sequential

from xai_core.types import FloatArray

Rgb = NDArray[np.uint8]

# The values of Matplotlib: Plotly's copy differs by one grey level at three of the ten stops.
_VIRIDIS = (
    (68, 1, 84), (72, 40, 120), (62, 74, 137), (49, 104, 142), (38, 130, 142),
    (31, 158, 137), (53, 183, 121), (109, 205, 89), (180, 222, 44), (253, 231, 37),
)  # fmt: skip
# Blue for evidence against, orange for evidence in favour, grey for neither.
_DIVERGING = ((40, 120, 255), (110, 165, 245), (128, 128, 128), (245, 165, 80), (255, 120, 20))


def _table(stops: Sequence[tuple[int, ...]]) -> Rgb:
    """256 colours interpolated between equally spaced ``stops``, each (r, g, b) in 0..255."""
    colours_at_stops = np.array(stops, dtype=np.float64)
    positions = np.linspace(0, len(stops) - 1, 256)
    channels = [
        np.interp(positions, np.arange(len(stops)), colours_at_stops[:, i]) for i in range(3)
    ]
    table = np.stack(channels, axis=1).round().astype(np.uint8)
    table.setflags(write=False)
    return table


def _table_of_hex(stops: Sequence[str]) -> Rgb:
    """256 colours interpolated between equally spaced ``stops``, each as #rrggbb."""
    return _table([hex_to_rgb(stop) for stop in stops])


TABLE: Rgb = _table_of_hex(sequential.Inferno)
"""The default, (256, 3) uint8: from no evidence (row 0) to the most evidence (row 255)."""
TABLES: dict[str, Rgb] = {
    "Inferno": TABLE, "Viridis": _table(_VIRIDIS),
    "Cividis": _table_of_hex(sequential.Cividis),
}  # fmt: skip
"""The tables that the user can choose; the first is the default."""
DIVERGING: Rgb = _table(_DIVERGING)
"""For signed maps, (256, 3) uint8: most negative at row 0, most positive at row 255."""


def colours(values: FloatArray) -> Rgb:
    """The colours, uint8 (..., 3), of values in [0, 1]; other values are clipped to that range."""
    return np.asarray(TABLE[(np.clip(values, 0, 1) * 255).round().astype(np.uint8)])
