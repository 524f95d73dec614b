"""The part of a picture in which a lesion is drawn, in polar and rectangular coordinates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xai_core.types import BoolArray, FloatArray


@dataclass(frozen=True, eq=False)
class Window:
    """``rows``, ``columns``: where it lies in the picture.  ``dx``, ``dy``: px from the centre."""

    rows: slice
    columns: slice
    dx: FloatArray
    dy: FloatArray

    @property
    def radius(self) -> FloatArray:
        """Distance from the centre in px."""
        return np.asarray(np.hypot(self.dx, self.dy), dtype=np.float32)

    @property
    def angle(self) -> FloatArray:
        """Direction from the centre in [0, 2 pi)."""
        return np.asarray(np.arctan2(self.dy, self.dx) % (2 * np.pi), dtype=np.float32)


@dataclass(frozen=True, eq=False)
class Drawing:
    """A lesion to add: all arrays have the window's shape.

    ``added`` is in units of the plan's contrast.
    ``solid`` in [0, 1]: how much of the tissue's own texture the lesion displaces.  ``pull``: px by
    which tissue is drawn towards the centre, or None where it stays.
    """

    window: Window
    added: FloatArray
    mask: BoolArray
    solid: FloatArray | None = None
    pull: FloatArray | None = None


def window_around(shape: tuple[int, int], centre: tuple[float, float], reach: float) -> Window:
    """The square of half-width ``reach`` px about ``centre`` (column, row), cut at the picture."""
    cx, cy = centre
    y0, y1 = max(0, int(cy - reach)), min(shape[0], int(cy + reach) + 1)
    x0, x1 = max(0, int(cx - reach)), min(shape[1], int(cx + reach) + 1)
    dy, dx = np.mgrid[y0:y1, x0:x1].astype(np.float32)
    return Window(slice(y0, y1), slice(x0, x1), dx - cx, dy - cy)
