"""The tissue of a real image, its marked lesions erased, as a background for phantom lesions."""

from __future__ import annotations

import numpy as np
from scipy import ndimage as ndi

from xai_core.model.geometry import fit, letterbox, letterbox_mask
from xai_core.phantom.background import Background
from xai_core.preprocessing.breast import largest_region
from xai_core.types import BoolArray, FloatArray

_SIZE = 512
_AIR = 0.03  # grey in [0, 1] up to which a pixel is air
_COARSE, _WIDE = 6.0, 28.0  # px: structure that is kept as texture, and reach of the filling


def tissue_of(
    image: FloatArray, mask: BoolArray, laterality: str | None, view: str | None
) -> Background:
    """The breast of ``image`` (float32 (H, W) in [0, 1]) without what ``mask`` marks, 512 px high,
    chest wall at the left edge.

    Where a lesion was, brightness comes from the tissue around it and texture from another part of
    the breast.
    """
    geometry = fit(image, _SIZE)
    grey, marked = letterbox(image, geometry), letterbox_mask(mask, geometry)
    if laterality == "R":
        grey, marked = grey[:, ::-1], marked[:, ::-1]
    seen = largest_region(ndi.binary_fill_holes(grey > _AIR))
    rows, columns = np.flatnonzero(seen.any(1)), np.flatnonzero(seen.any(0))
    box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    breast, tissue = seen[box], _erased(grey, marked & seen, seen)[box]
    # Air beyond the picture's edge is no skin: depth counts from the skin alone.
    padded = np.pad(breast, ((40, 40), (40, 0)), mode="edge")
    depth = ndi.distance_transform_edt(padded)[40:-40, 40:]
    smooth = ndi.gaussian_filter(tissue, 6.0)
    low, high = np.percentile(smooth[breast], (20, 90))
    glands = ((smooth - low) / max(high - low, 1e-3)).clip(0, 1) * breast
    ahead = np.flatnonzero(breast.any(0))[-1]
    return Background(
        (100 * tissue).astype(np.float32), np.ascontiguousarray(breast),
        np.asarray(depth * breast, np.float32), glands.astype(np.float32),
        (float(ahead), float(np.flatnonzero(breast[:, ahead]).mean())), view or "CC", "", 1.0,
    )  # fmt: skip


def _erased(grey: FloatArray, marked: BoolArray, seen: BoolArray) -> FloatArray:
    if not marked.any():
        return grey
    gone = ndi.binary_dilation(marked, iterations=6) & seen
    known = (seen & ~gone).astype(np.float32)
    texture = (grey - ndi.gaussian_filter(grey, _COARSE)) * known
    weight = ndi.gaussian_filter(known, _WIDE) + 1e-4
    filling = (ndi.gaussian_filter(grey * known, _WIDE) + 1e-4 * grey[seen].mean()) / weight
    # Texture from where the same breast is unmarked: the shift with the least marked under it.
    shifts = [(dy, dx) for dy in (-160, -80, 0, 80, 160) for dx in (-120, -60, 60, 120)]
    best = max(shifts, key=lambda s: float((np.roll(known, s, (0, 1)) * gone).sum()))
    filling = filling + np.roll(texture, best, (0, 1))
    soft = ndi.gaussian_filter(gone.astype(np.float32), 3.0)
    return np.asarray((grey * (1 - soft) + filling * soft).clip(0, 1), np.float32)
