"""What the eye sees first of a breast: its fine lines, how they run, how smooth its borders are.

Lines and their direction are measured on the picture whose local mean was removed and which was
divided by its local standard deviation (both Gaussian, ``LOCAL`` px), so that neither grey levels
nor contrast count:

- ridge strength: minus the smaller eigenvalue of the Hessian matrix, scale-normalised, where it is
  below 0 and the larger one in size; its mean and its 95 % percentile;
- coherence of the structure tensor, 0 where lines run in all directions, 1 where in one;
- lacunarity of the strongest fifth of the ridges: the variance of their number in boxes over its
  square mean (Allain and Cloitre, Physical Review A 44:3552, 1991), high where they leave gaps.

Of the borders: how much the skin's width varies along the contour, and how far the contour is from
a smooth one.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage as ndi

from xai_core.types import BoolArray, FloatArray

SCALES = (1, 2, 4)  # px of a 512 px high picture
LOCAL = 12.0  # px
_BOX = 24  # px, for lacunarity
_STRONG = 80  # percentile of ridge strength from which on a pixel counts as a line
_NAN = float("nan")


def lines(grey: FloatArray, breast: BoolArray) -> dict[str, float]:
    """``ridge<s>``, ``peak<s>`` and ``coherence<s>`` for each scale s, and ``lacunarity``; NaN
    where the breast is too small.

    ``grey``, ``breast``: (H, W); only the breast without its outermost 12 px counts.
    """
    names = [f"{name}{s}" for s in SCALES for name in ("ridge", "peak", "coherence")]
    inner = ndi.distance_transform_edt(np.pad(breast, 1))[1:-1, 1:-1] > 12
    if inner.sum() < 1000:
        return dict.fromkeys([*names, "lacunarity"], _NAN)
    # Filters run on the part of the picture that holds the breast.
    rows, columns = (np.flatnonzero(inner.any(axis)) for axis in (1, 0))
    part = np.s_[max(rows[0] - 40, 0) : rows[-1] + 40, max(columns[0] - 40, 0) : columns[-1] + 40]
    image, inner = grey[part].astype(np.float32), inner[part]
    mean = ndi.gaussian_filter(image, LOCAL)
    spread = ndi.gaussian_filter((image - mean) ** 2, LOCAL)
    z = (image - mean) / np.sqrt(np.maximum(spread, 1))
    found: dict[str, float] = {}
    for s in SCALES:
        strength = ridges(z, s)
        found[f"ridge{s}"] = float(strength[inner].mean())
        found[f"peak{s}"] = float(np.percentile(strength[inner], 95))
        found[f"coherence{s}"] = float(coherence(z, s)[inner].mean())
        if s == 2:
            found["lacunarity"] = lacunarity(strength, inner)
    return found


def ridges(z: FloatArray, scale: float) -> FloatArray:
    """Strength of bright ridges at a scale, float32 (H, W), at least 0."""
    rows, mixed, columns = (
        ndi.gaussian_filter(z, scale, order=order) * scale**2 for order in ((2, 0), (1, 1), (0, 2))
    )
    spread = np.sqrt(((rows - columns) / 2) ** 2 + mixed**2)
    middle = (rows + columns) / 2
    low, high = middle - spread, middle + spread
    return np.asarray(np.where((low < 0) & (np.abs(low) > np.abs(high)), -low, 0), np.float32)


def coherence(z: FloatArray, scale: float) -> FloatArray:
    """Coherence of the structure tensor, averaged over three scales: float32 (H, W) in [0, 1]."""
    down = ndi.gaussian_filter(z, scale, order=(1, 0))
    across = ndi.gaussian_filter(z, scale, order=(0, 1))
    j, k, m = (ndi.gaussian_filter(v, 3 * scale) for v in (down**2, across**2, down * across))
    return np.asarray(np.sqrt((j - k) ** 2 + 4 * m * m) / (j + k + 1e-9), np.float32)


def lacunarity(strength: FloatArray, inner: BoolArray) -> float:
    """Lacunarity of the strongest fifth of the ridges ``inner``; NaN where no box fits."""
    strong = inner & (strength > np.percentile(strength[inner], _STRONG))
    boxes = [
        float(ndi_sum)
        for ndi_sum, whole in zip(_sums(strong), _sums(inner), strict=True)
        if whole > 0.9 * _BOX**2
    ]
    if len(boxes) < 4:
        return _NAN
    mass = np.array(boxes)
    return float(mass.var() / max(float(mass.mean()), 1e-9) ** 2)


def _sums(mask: BoolArray) -> FloatArray:
    """Number of pixels in every box of a grid without overlap."""
    h, w = (n // _BOX * _BOX for n in mask.shape)
    blocks = mask[:h, :w].reshape(h // _BOX, _BOX, w // _BOX, _BOX)
    return np.asarray(blocks.sum((1, 3), dtype=np.float32).ravel(), np.float32)


def borders(grey: FloatArray, depth: FloatArray) -> dict[str, float]:
    """``skin_spread``: standard deviation of the skin's width along the contour over its mean;
    ``outline``: root mean square of the contour's distance from a smooth one, px.

    ``grey``, ``depth``: (H, W); ``depth``: px from the skin, infinite outside the breast.
    """
    skin = np.where(np.isfinite(depth), depth, -1).astype(int)
    there = (skin >= 0) & (skin < 14)
    rows = np.flatnonzero((skin == 0).any(1))
    if len(rows) < 60:
        return {"skin_spread": _NAN, "outline": _NAN}
    widths = []
    for first in range(rows[0], rows[-1] - 16, 16):
        part = np.s_[first : first + 16]
        count = np.bincount(skin[part][there[part]], minlength=14)
        if count.min() < 4:
            continue
        profile = np.bincount(skin[part][there[part]], grey[part][there[part]], 14) / count
        above = profile - profile[8:].min()
        top = int(above[:8].argmax())
        below = np.flatnonzero(above[top:] < 0.5 * above[top])
        widths.append(top + (below[0] if len(below) else 14 - top))
    spread = float(np.std(widths) / max(float(np.mean(widths)), 1e-9)) if len(widths) > 3 else _NAN
    inside = np.isfinite(depth)
    edge = inside.shape[1] - inside[:, ::-1].argmax(1)
    edge = edge[inside.any(1)].astype(np.float64)
    edge = edge[len(edge) // 8 : len(edge) - len(edge) // 8]
    away = edge - ndi.gaussian_filter1d(edge, 12.0, mode="nearest")
    return {"skin_spread": spread, "outline": float(np.sqrt(np.mean(away[20:-20] ** 2)))}


def visible_share(grey: FloatArray, region: BoolArray, ring: BoolArray) -> float:
    """The area that looks like the marked region, over the marked area.

    What looks like it is brighter than midway between the median of the ring around it and that
    of the region's brightest half, within the region and as far again; NaN where the region does
    not stand out.
    """
    if ring.sum() < 30 or not region.any():
        return _NAN
    around = float(np.median(grey[ring]))
    bright = float(np.percentile(grey[region], 75))
    if bright <= around + 3:
        return _NAN
    near = ndi.distance_transform_edt(~region) < 0.6 * np.sqrt(region.sum() / np.pi)
    seen = near & (ndi.gaussian_filter(grey.astype(np.float32), 1.5) > (around + bright) / 2)
    pieces, n = ndi.label(seen)
    if not n:
        return _NAN
    touching = np.unique(pieces[region & seen])
    return float(np.isin(pieces, touching[touching > 0]).sum() / region.sum())
