"""Where a lesion goes, and how it is put into the tissue there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage as ndi

from xai_core.phantom.kinds import LESION_KINDS
from xai_core.phantom.lesion import LesionPlan
from xai_core.phantom.plan import MM_PER_PIXEL_AT_512
from xai_core.phantom.shapes import Drawing
from xai_core.phantom.tissue import Background
from xai_core.phantom.tone import ToneCurve
from xai_core.types import BoolArray, FloatArray

_WHITE = 246.0  # grey that a lesion comes near to: more would be white, without detail


@dataclass(frozen=True, eq=False)
class Lesion:
    """A lesion where it lies: ``centre`` (column, row) and ``radius`` in px, ``mask`` bool
    (H, W)."""

    plan: LesionPlan
    centre: tuple[float, float]
    radius: float
    mask: BoolArray


def insert(
    rng: np.random.Generator, background: Background, tissue: FloatArray, plan: LesionPlan,
    curve: ToneCurve,
) -> tuple[FloatArray, Lesion]:  # fmt: skip
    """Tissue with the lesion put in where it fits, and the lesion.

    ``curve`` tells how much tissue makes the planned contrast in grey there.
    """
    scale = background.scale
    radius = 0.5 * plan.diameter / MM_PER_PIXEL_AT_512 * scale
    radius = min(radius, 0.55 * float(background.depth.max()))
    centre = _place(rng, background, radius)
    h, w = tissue.shape
    drawing = LESION_KINDS[plan.kind].draw(rng, plan, (h, w), centre, radius, scale)
    window = drawing.window
    here = (window.rows, window.columns)
    inside = background.breast[here] & (background.depth[here] > 2 * scale)
    around = inside & ~drawing.mask & (window.radius < 2.2 * radius + 6 * scale)
    known = around.sum() > 30
    level = float(tissue[here][around].mean() if known else tissue[here].mean())
    # A solid mass displaces the tissue it grows in: half of the texture goes, density comes.
    patch = _pulled(tissue[here], drawing, plan.contrast) if drawing.pull is not None else None
    patch = tissue[here] if patch is None else patch
    solid = np.clip(drawing.added, 0, 1) if drawing.solid is None else drawing.solid
    visible = min(1.0, plan.contrast / 20)
    kept = patch - 0.5 * visible * solid * (patch - level)
    out = tissue.copy()
    dense = _dense(curve, level, plan.contrast)
    out[here] = np.where(inside, kept + drawing.added * dense, tissue[here])
    mask = np.zeros(tissue.shape, bool)
    mask[here] = drawing.mask & inside
    if not mask.any():  # a lesion that lies wholly in the skin still has its place
        mask[round(min(centre[1], h - 1)), round(min(centre[0], w - 1))] = True
    return out, Lesion(plan, centre, radius, mask)


def _dense(curve: ToneCurve, level: float, contrast: float) -> float:
    """Tissue units that show as ``contrast`` grey levels over tissue of ``level``."""
    grey = curve.grey(level)
    room = max(_WHITE - grey, 8.0)
    return curve.tissue(grey + room * float(np.tanh(contrast / room))) - level


def _pulled(tissue: FloatArray, drawing: Drawing, contrast: float) -> FloatArray:
    """The window's tissue drawn towards the centre by ``drawing.pull`` px."""
    window = drawing.window
    pull = (0 if drawing.pull is None else drawing.pull) * min(1.0, contrast / 20)
    along = window.radius + 1e-6
    rows, columns = np.mgrid[: tissue.shape[0], : tissue.shape[1]].astype(np.float32)
    where = [rows + pull * window.dy / along, columns + pull * window.dx / along]
    return np.asarray(ndi.map_coordinates(tissue, where, order=1, mode="nearest"), np.float32)


def _place(rng: np.random.Generator, background: Background, radius: float) -> tuple[float, float]:
    """A centre (column, row) at least 0.8 radii under the skin, rather in glandular tissue;
    shallower in a small breast."""
    depth = background.depth[::2, ::2]
    rows, columns = np.mgrid[: depth.shape[0], : depth.shape[1]] * 2
    weight = 0.3 + background.glands[::2, ::2]
    weight = weight * (0.45 + columns / background.nipple[0])  # marked ones lie about half way out
    margin = 0.6 * radius
    fits = (rows > margin) & (rows < background.depth.shape[0] - margin) & (columns > margin)
    for need in (0.8 * radius + 6 * background.scale, 0.4 * radius, 0.0):
        keep = np.flatnonzero(fits & (depth > need))
        if len(keep) > 50:
            chance = np.cumsum(weight.ravel()[keep].astype(np.float64))
            k = int(keep[np.searchsorted(chance, rng.uniform(0, chance[-1]))])
            return float(columns.ravel()[k]), float(rows.ravel()[k])
    row, column = np.unravel_index(int(background.depth.argmax()), background.depth.shape)
    return float(column), float(row)
