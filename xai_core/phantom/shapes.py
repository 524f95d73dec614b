"""The window in which a lesion is drawn, and the outline of a breast in a CC or MLO view, with the
chest wall at the left edge of the picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage as ndi
from scipy.interpolate import PchipInterpolator

from xai_core.types import BoolArray, FloatArray

# --- Windows ----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Window:
    """A part of a picture.  ``rows``, ``columns``: its position.  ``dx``, ``dy``: px from the
    lesion's centre."""

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
    """A lesion to insert; all arrays have the window's shape.

    ``added``: in units of the plan's contrast.  ``solid``: in [0, 1], the share of the tissue's
    texture that the lesion replaces.  ``pull``: px by which tissue is moved towards the centre, or
    None for no displacement.
    """

    window: Window
    added: FloatArray
    mask: BoolArray
    solid: FloatArray | None = None
    pull: FloatArray | None = None


def window_around(shape: tuple[int, int], centre: tuple[float, float], reach: float) -> Window:
    """The square of half-width ``reach`` px around ``centre`` (column, row), clipped to the
    picture."""
    cx, cy = centre
    y0, y1 = max(0, int(cy - reach)), min(shape[0], int(cy + reach) + 1)
    x0, x1 = max(0, int(cx - reach)), min(shape[1], int(cx + reach) + 1)
    dy, dx = np.mgrid[y0:y1, x0:x1].astype(np.float32)
    return Window(slice(y0, y1), slice(x0, x1), dx - cx, dy - cy)


# --- Outlines ---------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Outline:
    """``breast``: bool (H, W), including the nipple.  ``depth``: distance to the skin in px, 0
    outside.  ``nipple``: its column and row in px.  ``in_profile``: whether the nipple projects
    beyond the contour."""

    breast: BoolArray
    depth: FloatArray
    nipple: tuple[float, float]
    in_profile: bool


def draw_outline(rng: np.random.Generator, view: str, height: int) -> Outline:
    """An outline ``height`` px high; the widths follow the aspect ratios measured on real images.

    Four in five nipples are in profile, independent of the class.
    """
    scale = height / 512
    mean = 0.53 if view == "CC" else 0.46
    width = float(np.clip(rng.normal(mean, 0.105), 0.36, 0.78) * height)
    edge, nipple_row = (_cc if view == "CC" else _mlo)(rng, width, height)
    edge += _waves(rng, height) * 2.0 * scale
    columns = int(edge.max()) + int(22 * scale)  # air beyond the skin
    x = np.arange(columns, dtype=np.float32)[None]
    y = np.arange(height, dtype=np.float32)[:, None]
    breast = x < edge[:, None]
    nipple = float(edge[int(nipple_row)]), float(nipple_row)
    in_profile = bool(rng.random() < 0.8)
    if in_profile:
        long, tall = rng.uniform(6, 13) * scale, rng.uniform(6, 9) * scale
        bump = ((x - nipple[0]) / long) ** 2 + ((y - nipple[1]) / tall) ** 2
        breast = breast | (bump < 1)
    # The breast continues beyond the chest wall and the picture's upper and lower edge: no skin.
    side = int(48 * scale)
    padded = np.pad(breast, ((side, side), (side, 1)), mode="edge")
    depth = ndi.distance_transform_edt(padded)[side:-side, side:-1]
    return Outline(breast, depth.astype(np.float32), nipple, in_profile)


def _cc(rng: np.random.Generator, width: float, height: int) -> tuple[FloatArray, float]:
    """The outline of a CC view: half an ellipse with upper and lower halves of different shape, cut
    off by the picture."""
    nipple_row = rng.uniform(0.43, 0.57) * height
    rows = np.arange(height, dtype=np.float32)
    above = rows < nipple_row
    below = (rows - nipple_row) / (height - nipple_row)
    t = np.where(above, (nipple_row - rows) / nipple_row, below)
    edge = np.empty_like(t)
    for half in (above, ~above):
        p, q, cut = rng.uniform(1.7, 2.3), rng.uniform(1.55, 2.1), rng.uniform(0.92, 1.0)
        edge[half] = width * (1 - (t[half] * cut) ** p) ** (1 / q)
    return edge.astype(np.float32), float(nipple_row)


def _mlo(rng: np.random.Generator, width: float, height: int) -> tuple[FloatArray, float]:
    """The outline of an MLO view: the arm above, the widest part at the nipple, the inframammary
    fold below."""
    at = rng.uniform(0.56, 0.70)
    shoulder = rng.uniform(0.32, 0.68)
    heights = [0.0, 0.45 * at, 0.75 * at, at, at + 0.55 * (1 - at), at + 0.85 * (1 - at), 1.0]
    widths = [
        shoulder,
        shoulder + (1 - shoulder) * rng.uniform(0.45, 0.75),
        rng.uniform(0.90, 0.97),
        1.0,
        rng.uniform(0.78, 0.92),
        rng.uniform(0.48, 0.68),
        rng.uniform(0.15, 0.42),
    ]
    rows = np.linspace(0, 1, height)
    edge = width * PchipInterpolator(heights, widths)(rows)
    return ndi.gaussian_filter1d(edge, 0.03 * height).astype(np.float32), at * height


def _waves(rng: np.random.Generator, height: int) -> FloatArray:
    """A slowly varying irregularity of the contour, about unit amplitude."""
    rows = np.linspace(0, 2 * np.pi, height, dtype=np.float32)
    waves = [np.cos(k * rows / 2 + rng.uniform(0, 6.3)) / k for k in range(1, 6)]
    return np.asarray(sum(waves), dtype=np.float32)
