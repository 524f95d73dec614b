"""The outline of a compressed breast in a CC or MLO view, chest wall at the picture's left edge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage as ndi
from scipy.interpolate import PchipInterpolator

from xai_core.phantom.anatomy import Breast, stream
from xai_core.types import BoolArray, FloatArray


@dataclass(frozen=True, eq=False)
class Outline:
    """``breast``: bool (H, W), including the nipple.  ``depth``: distance to the skin in px, 0
    outside.  ``nipple``: its column and row in px.  ``in_profile``: whether the nipple projects
    beyond the contour.  ``edge``: the contour's column at each row, px."""

    breast: BoolArray
    depth: FloatArray
    nipple: tuple[float, float]
    in_profile: bool
    edge: FloatArray


def draw_outline(breast: Breast, view: str, height: int) -> Outline:
    """The outline of ``breast``, ``height`` px high."""
    rng = stream(breast.seed, "outline", breast.side, view)
    scale = height / 512
    own = rng.normal(0, 0.025)
    mean = breast.shape.reach + own - (0.0 if view == "CC" else 0.065)
    width = float(np.clip(mean, 0.32, 0.78) * height)
    edge, nipple_row = (_cc if view == "CC" else _mlo)(rng, width, height)
    edge += _waves(rng, height) * 1.6 * scale
    columns = int(edge.max()) + int(24 * scale)  # air beyond the skin
    x = np.arange(columns, dtype=np.float32)[None]
    y = np.arange(height, dtype=np.float32)[:, None]
    inside = x - edge[:, None]
    at = float(edge[int(nipple_row)]), float(nipple_row)
    in_profile = breast.shape.in_profile and bool(rng.random() < 0.93)
    if in_profile:
        inside = np.minimum(inside, _nipple(rng, breast, x, y, edge, at, scale))
    skin = inside < 0
    # The breast continues beyond the chest wall and the picture's upper and lower edge: no skin.
    side = int(56 * scale)
    padded = np.pad(skin, ((side, side), (side, 1)), mode="edge")
    depth = ndi.distance_transform_edt(padded)[side:-side, side:-1]
    return Outline(skin, depth.astype(np.float32), at, in_profile, edge)


def _nipple(
    rng: np.random.Generator, breast: Breast, x: FloatArray, y: FloatArray, edge: FloatArray,
    at: tuple[float, float], scale: float,
) -> FloatArray:  # fmt: skip
    """Below 0 inside the nipple: a blunt cylinder of about 9 mm on a shallow areola."""
    wide = rng.uniform(5.5, 10.0) * scale * breast.shape.nipple
    long = rng.uniform(1.0, 9.0) * scale * breast.shape.nipple
    lean = rng.normal(0, 0.22)
    areola = rng.uniform(0.6, 2.2) * scale
    dx = x - edge[np.newaxis].T
    dy = y - at[1] - lean * dx
    collar = areola * np.exp(-((dy / (3.0 * wide)) ** 2))
    profile = long * np.clip(1 - np.abs(dy / wide) ** rng.uniform(2.2, 3.6), 0, None) ** 0.5
    neck = 0.35 * long * np.exp(-((dy / (1.25 * wide)) ** 4))
    return np.asarray(dx - collar - np.maximum(profile, neck), np.float32)


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
        p, q, cut = rng.uniform(1.75, 2.3), rng.uniform(1.55, 2.1), rng.uniform(0.955, 1.0)
        edge[half] = width * (1 - (t[half] * cut) ** p) ** (1 / q)
    return edge.astype(np.float32), float(nipple_row)


def _mlo(rng: np.random.Generator, width: float, height: int) -> tuple[FloatArray, float]:
    """The outline of an MLO view: the arm above, the widest part at the nipple, the inframammary
    fold below."""
    at = rng.uniform(0.56, 0.72)
    shoulder = rng.uniform(0.28, 0.62)
    low = rng.uniform(0.60, 0.82)
    heights = [0.0, 0.45 * at, 0.75 * at, at, at + 0.55 * (1 - at), at + 0.85 * (1 - at), 1.0]
    widths = [
        shoulder,
        shoulder + (1 - shoulder) * rng.uniform(0.25, 0.62),
        rng.uniform(0.84, 0.95),
        1.0,
        rng.uniform(0.84, 0.96),
        low,
        low - rng.uniform(0.18, 0.42),
    ]
    rows = np.linspace(0, 1, height)
    edge = width * PchipInterpolator(heights, widths)(rows)
    # Continued beyond both ends, so that smoothing does not bend them.
    n = int(0.1 * height)
    before = edge[0] + (edge[0] - edge[1]) * np.arange(n, 0, -1)
    after = edge[-1] + (edge[-1] - edge[-2]) * np.arange(1, n + 1)
    edge = ndi.gaussian_filter1d(np.r_[before, edge, after], 0.03 * height)[n : n + height]
    return np.maximum(edge, 2).astype(np.float32), at * height


def _waves(rng: np.random.Generator, height: int) -> FloatArray:
    """A slowly varying irregularity of the contour, about unit amplitude, finer in some breasts."""
    rows = np.linspace(0, 2 * np.pi, height, dtype=np.float32)
    falls = rng.uniform(0.72, 1.25)
    waves = [np.cos(k * rows / 2 + rng.uniform(0, 6.3)) / k**falls for k in range(1, 40)]
    return np.asarray(sum(waves), dtype=np.float32)
