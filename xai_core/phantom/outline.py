"""The breast's outline in a CC or MLO view, chest wall at the left edge of the picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage as ndi

from xai_core.types import BoolArray, FloatArray


@dataclass(frozen=True, eq=False)
class Outline:
    """``breast``: bool (H, W).  ``depth``: distance to the skin in px, 0 outside.
    ``nipple``: its column and row in px."""

    breast: BoolArray
    depth: FloatArray
    nipple: tuple[float, float]


def draw_outline(rng: np.random.Generator, view: str, height: int) -> Outline:
    """An outline ``height`` px high; widths follow the measured width/height of real breasts."""
    h = height
    scale = h / 512
    width = int(np.clip(rng.normal(0.55, 0.11), 0.38, 0.75) * h)
    # The upper half of an MLO view is longer: the arm's side of the breast.
    nipple_row = (rng.uniform(0.44, 0.56) if view == "CC" else rng.uniform(0.58, 0.70)) * h
    rows = np.arange(h, dtype=np.float32)
    t = np.where(
        rows < nipple_row, (nipple_row - rows) / nipple_row, (rows - nipple_row) / (h - nipple_row)
    )
    p, q = rng.uniform(1.9, 2.6), rng.uniform(1.8, 2.5)
    edge = width * 0.97 * np.clip(1 - t**p, 0, 1) ** (1 / q)
    if view == "MLO":
        shoulder = width * rng.uniform(0.35, 0.6)
        top = int(nipple_row)
        edge[:top] = np.maximum(edge[:top], shoulder * (0.75 + 0.25 * np.linspace(0, 1, top)))
    edge = ndi.gaussian_filter1d(edge, h * 0.03 if view == "MLO" else 6 * scale)
    columns = width + int(24 * scale)  # air beyond the skin
    breast = np.arange(columns, dtype=np.float32)[None] < edge[:, None]
    # The chest wall and the picture's upper and lower edge are cuts, not skin.
    padded = np.pad(breast, ((1, 1), (int(20 * scale), 1)), mode="edge")
    depth = ndi.distance_transform_edt(padded)[1:-1, int(20 * scale) : -1]
    return Outline(
        breast, depth.astype(np.float32), (float(edge[int(nipple_row)]), float(nipple_row))
    )
