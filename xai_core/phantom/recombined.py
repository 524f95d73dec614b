"""The recombined (subtracted) image: what took up contrast, and the artefacts of subtracting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import ndimage as ndi

from xai_core.phantom.background import Background
from xai_core.phantom.enhancement import draw_enhancement
from xai_core.phantom.fields import power_law
from xai_core.phantom.nuisance import Nuisances
from xai_core.phantom.place import Lesion
from xai_core.phantom.skin import RECOMBINED, corrected, faded_ends, skin_correction
from xai_core.types import BoolArray, FloatArray

_QUANTILES = (1, 5, 25, 50, 75, 95, 99)
# Grey percentiles within the breast of recombined images of CDD-CESM, what enhances left out.
_GREY = np.array([12, 30, 43, 50, 70, 103, 138], dtype=np.float64)
# Background parenchymal enhancement: frequency, and strength beside the other textures.
_PARENCHYMA = {
    "minimal": (0.42, 0.4), "mild": (0.30, 1.2), "moderate": (0.19, 2.4), "marked": (0.09, 4.0),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Recombined:
    """``image``: float32 (H', W'), grey 0..255, on its own pixel grid.  ``masks``: one per lesion,
    bool (H', W'), where it enhances; all False where it does not."""

    image: FloatArray
    masks: tuple[BoolArray, ...]

    @property
    def mask(self) -> BoolArray:
        """bool (H', W'), True where any lesion enhances."""
        union = np.zeros(self.image.shape, bool)
        for mask in self.masks:
            union |= mask
        return union


def draw_recombined(
    rng: np.random.Generator, background: Background, lesions: tuple[Lesion, ...],
    nuisances: Nuisances,
) -> Recombined:  # fmt: skip
    """The recombined image of a view.

    Its grid is up to 3 % larger or smaller than the low-energy image's: masks of the one do not
    fit the other.
    """
    grey = _tissue(rng, background)
    masks = []
    for lesion in lesions:
        added, region = draw_enhancement(rng, background, lesion)
        grey = grey + added
        masks.append(region)
    # Metal does not cancel out: a clip leaves a dark spot with a bright edge.
    grey = grey - 40 * nuisances.metal + 25 * ndi.gaussian_filter(nuisances.metal, 1.5)
    zoom = 1 + float(rng.uniform(-0.03, 0.03))
    grey = grey * faded_ends(rng, background, 0.98)
    grey = grey * np.clip(
        1 - rng.uniform(0.4, 4.5) * np.exp(grey * (-1 / 9)), 0, 1
    )  # the film's toe
    image = ndi.gaussian_filter(grey, 0.4 * background.scale)
    noise = rng.standard_normal(image.shape, dtype=np.float32)
    image = np.where(
        background.breast, (image + rng.uniform(5, 21) * background.scale * noise).clip(1, 255), 0
    )
    return Recombined(_resized(image, zoom), tuple(_resized(m, zoom) for m in masks))


def _tissue(rng: np.random.Generator, background: Background) -> FloatArray:
    """Grey of normal tissue, float32 (H, W)."""
    scale = background.scale
    depth = background.depth / scale
    h, w = background.tissue.shape
    y, x = np.mgrid[:h, :w].astype(np.float32)
    size = int(640 * scale)
    fine, broad = power_law(rng, size, 1.3), power_law(rng, size, 3.0)
    level = str(rng.choice(list(_PARENCHYMA), p=[share for share, _ in _PARENCHYMA.values()]))
    strength = _PARENCHYMA[level][1] * float(np.exp(rng.normal(0, 0.2)))
    lively = np.clip(1 + 0.6 * broad.at(x + 99 * scale, y), 0.2, 2.2)
    body = rng.uniform(0.15, 0.6) * fine.at(x, y) + 0.6 * broad.at(x, y)
    body += strength * ndi.gaussian_filter(background.glands, 2.5 * scale) * lively
    # Where the paddle presses, the breast is thick and even; towards the skin it thins out.
    body += rng.uniform(0.8, 3.2) / (1 + np.exp(-(depth - rng.uniform(30, 48)) / 6))
    body += _embossed(rng, background)
    if rng.random() < 0.15:
        body += _ripple(rng, x, y, scale)
    r = np.hypot(x - background.nipple[0], y - background.nipple[1]) / (9 * scale)
    body += rng.uniform(0.5, 4.0) / (1 + np.exp(np.clip((r - 1) / 0.2, -40, 40)))
    knots = np.percentile(body[background.breast], _QUANTILES)
    target = _GREY * np.exp(rng.normal(0, 0.10))
    target = target[3] + (target - target[3]) * np.exp(rng.normal(0.05, 0.3))
    target[:2] *= np.exp(rng.normal([-0.45, 0.1], [0.5, 0.25]))
    target[5:] = target[4] + (target[5:] - target[4]) * np.exp(rng.normal(0.1, 0.35))
    target = np.maximum.accumulate(target.clip(4, 250) + np.arange(7) * 0.01)
    grey = np.interp(body, knots, target).astype(np.float32)
    return corrected(
        grey, background, skin_correction(rng, grey, background, RECOMBINED, 0.34, 0.6)
    )


def _embossed(rng: np.random.Generator, background: Background) -> FloatArray:
    """The breast moved between the two exposures: edges stay, as if lit from one side."""
    turn, amount = rng.uniform(0, 2 * np.pi), abs(rng.normal(0, 0.10))
    smooth = ndi.gaussian_filter(background.tissue, 0.8 * background.scale)
    rows, columns = np.gradient(smooth)
    relief = (columns * np.cos(turn) + rows * np.sin(turn)) * background.scale
    deep = np.clip(background.depth / (8 * background.scale), 0, 1)
    return np.asarray(amount * deep * relief.clip(-12, 12), dtype=np.float32)


def _ripple(rng: np.random.Generator, x: FloatArray, y: FloatArray, scale: float) -> FloatArray:
    """Fine parallel waves in a part of the breast: the heart's motion."""
    h, w = x.shape
    period, turn = rng.uniform(5, 10) * scale, rng.normal(0, 0.3)
    waves = np.sin(2 * np.pi * (y * np.cos(turn) + x * np.sin(turn)) / period)
    cx, cy, reach = rng.uniform(0, 0.5) * w, rng.uniform(0.2, 0.8) * h, rng.uniform(0.12, 0.3) * h
    where = np.exp(-(((x - cx) / reach) ** 2) - ((y - cy) / reach) ** 2)
    return np.asarray(rng.uniform(0.3, 0.8) * waves * where, dtype=np.float32)


def _resized(picture: FloatArray | BoolArray, zoom: float) -> Any:
    """The picture at ``zoom`` times its size: linear for grey, nearest for masks."""
    h, w = picture.shape
    rows = (np.arange(round(h * zoom), dtype=np.float32)[:, None] + 0.5) / zoom - 0.5
    columns = (np.arange(round(w * zoom), dtype=np.float32)[None] + 0.5) / zoom - 0.5
    where = np.broadcast_arrays(rows, columns)
    if picture.dtype == bool:
        near = [np.rint(a).astype(int) for a in where]
        return picture[near[0].clip(0, h - 1), near[1].clip(0, w - 1)]
    return ndi.map_coordinates(picture, where, order=1, mode="nearest").astype(np.float32)
