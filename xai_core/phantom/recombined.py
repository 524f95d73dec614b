"""Drawing of the recombined (subtracted) image: contrast uptake and the artefacts of subtraction.

Its parts: relief and ripples from motion between the two exposures; contrast medium in glands,
vessels and nipple; brightness by breast thickness; and the enhancement of lesions.  Under the
compression paddle the breast is thick and scatters more: recombined images show a smooth bright
zone there, with an edge that follows the skin (the "breast within the breast" artefact).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import ndimage as ndi

from xai_core.phantom.enhancement import draw_enhancement
from xai_core.phantom.fields import power_law
from xai_core.phantom.materials import CALCIUM, IODINE, recombined
from xai_core.phantom.nuisance import Nuisances
from xai_core.phantom.place import Lesion
from xai_core.phantom.recombined_tone import apply_tone, draw_target_greys
from xai_core.phantom.tissue import REFERENCE, Background
from xai_core.types import BoolArray, FloatArray

# --- Motion between the exposures -------------------------------------------------------------


def draw_reliefs(
    rng: np.random.Generator, background: Background, tissues: Sequence[FloatArray],
    broad: FloatArray,
) -> list[FloatArray]:  # fmt: skip
    """What the subtraction leaves of low-energy images: float32 (H, W), about unit variance.

    The tissue moves by a fraction of a pixel between the exposures, so that edges appear as if lit
    from one side; and the sharpness of the two exposures differs a little.

    ``tissues``: of the low-energy image, the first one without lesions: all are divided by its
    variance, so that a lesion changes nothing far from it.  ``broad``: a slowly varying texture of
    unit variance, which makes the motion stronger in some parts than in others.
    """
    scale = background.scale
    inside = background.depth > 10 * scale
    h, w = background.breast.shape
    turn = rng.uniform(0, 2 * np.pi) + 0.5 * broad
    blur = rng.uniform(0.25, 0.5) * scale
    # Fine tissue that the picture itself does not resolve moves too.
    grain = rng.standard_normal((h, w), dtype=np.float32)
    grain = ndi.gaussian_filter(grain, 0.9 * scale)
    rows, columns = np.gradient(grain)
    fine = columns * np.cos(turn) + rows * np.sin(turn)
    fine = fine / _spread(fine, inside)
    against, share = rng.normal(0, 0.35), rng.uniform(0.15, 0.45)
    deep = np.clip(background.depth / (5 * scale), 0, 1)
    uneven = np.clip(0.95 - 0.22 * broad, 0.3, 2)
    out: list[FloatArray] = []
    spreads = 1.0, 1.0
    for k, tissue in enumerate(tissues):
        sharp = ndi.gaussian_filter(tissue, blur)
        rows, columns = np.gradient(sharp)
        lit = columns * np.cos(turn) + rows * np.sin(turn)
        rest = sharp - ndi.gaussian_filter(sharp, 2.0 * scale)
        if k == 0:
            spreads = _spread(lit, inside), _spread(rest, inside)
        # Faint lines in fat are nearly as clear as strong ones: the vendor's processing evens them.
        lit = np.clip(lit / spreads[0], -3, 3)
        relief = np.sign(lit) * np.abs(lit) ** 0.75
        relief = relief + against * np.clip(rest / spreads[1], -3, 3)
        relief += share * np.clip(fine, -3, 3)
        out.append(np.asarray(deep * uneven * relief, dtype=np.float32))
    return out


def _spread(picture: FloatArray, inside: BoolArray) -> float:
    """The standard deviation ``inside``, at least 1e-6."""
    return max(float(picture[inside].std()) if inside.any() else 1.0, 1e-6)


def draw_ripple(rng: np.random.Generator, background: Background) -> FloatArray:
    """Fine parallel waves in a part of the breast, float32 (H, W), as from cardiac motion."""
    h, w = background.breast.shape
    scale = background.scale
    y, x = np.mgrid[:h, :w].astype(np.float32)
    period, turn = rng.uniform(5, 10) * scale, rng.normal(0, 0.3)
    waves = np.sin(2 * np.pi * (y * np.cos(turn) + x * np.sin(turn)) / period)
    cx, cy, reach = rng.uniform(0, 0.5) * w, rng.uniform(0.2, 0.8) * h, rng.uniform(0.12, 0.3) * h
    where = np.exp(-(((x - cx) / reach) ** 2) - ((y - cy) / reach) ** 2)
    return np.asarray(waves * where, dtype=np.float32)


# --- Contrast medium in normal tissue ---------------------------------------------------------

# Background parenchymal enhancement: frequency, and strength relative to the other structures.
_PARENCHYMA = {
    "minimal": (0.42, 0.05), "mild": (0.30, 0.3), "moderate": (0.19, 0.8), "marked": (0.09, 1.6),
}  # fmt: skip


def draw_parenchyma(
    rng: np.random.Generator, background: Background, broad: FloatArray
) -> FloatArray:
    """Background parenchymal enhancement, float32 (H, W): the path through lively gland, modulated
    by ``broad``."""
    level = str(rng.choice(list(_PARENCHYMA), p=[share for share, _ in _PARENCHYMA.values()]))
    strength = _PARENCHYMA[level][1] * float(np.exp(rng.normal(0, 0.25)))
    lively = np.clip(0.8 + 0.4 * broad, 0.1, 2.0)
    path = ndi.gaussian_filter(background.uptake, rng.uniform(0.7, 2.0) * background.scale)
    return np.asarray(strength * 3.2 / REFERENCE * path * lively, dtype=np.float32)


def draw_contrast_vessels(rng: np.random.Generator, background: Background) -> FloatArray:
    """Vessels filled with contrast medium, float32 (H, W), peak about 1; faint in many pictures."""
    strength = float(np.exp(rng.normal(-2.1, 0.8)))
    blood = ndi.gaussian_filter(background.blood, 0.5 * background.scale)
    return np.asarray(strength * blood.clip(0, 3), dtype=np.float32)


def draw_nipple(rng: np.random.Generator, background: Background) -> FloatArray:
    """The nipple, which is thick since it is not compressed: float32 (H, W), up to about 14, and a
    darker area behind it, down to about -2."""
    h, w = background.breast.shape
    scale = background.scale
    radius = rng.uniform(9, 14) * scale
    rows, columns = (
        slice(max(0, int(c - 5 * radius)), int(c + 5 * radius) + 1)
        for c in (background.nipple[1], background.nipple[0])
    )
    y, x = np.mgrid[:h, :w][:, rows, columns].astype(np.float32)
    dx, dy = x - background.nipple[0], y - background.nipple[1]
    bean = np.hypot((dx - 0.15 * radius) / radius, dy / (radius * rng.uniform(0.9, 1.25)))
    white = rng.choice([2.0, 6.0, 14.0], p=[0.12, 0.18, 0.7]) * rng.uniform(0.6, 1)
    hollow = np.hypot((dx + rng.uniform(0.6, 1.2) * radius) / 1.6, dy / 1.8) / radius
    out = np.zeros((h, w), np.float32)
    out[rows, columns] = white / (1 + np.exp(np.clip((bean - 0.95) / 0.08, -40, 40)))
    out[rows, columns] -= rng.uniform(0, 2.0) * np.exp(-(hollow**4)) * (bean > 0.9)
    return out


# --- Thickness --------------------------------------------------------------------------------


def draw_thickness(
    rng: np.random.Generator, background: Background, broad: FloatArray
) -> FloatArray:
    """Brightness by breast thickness, float32 (H, W), of the order of 1.

    ``broad``: a slowly varying texture of zero mean and unit variance, which bends the zone's edge.
    """
    h, w = background.breast.shape
    scale = background.scale
    y = np.arange(h, dtype=np.float32)[:, None] / h
    x = np.arange(w, dtype=np.float32)[None] / background.nipple[0]
    # Smoothed: contours far from the skin do not follow its details, such as the nipple.
    depth = ndi.zoom(ndi.gaussian_filter(background.depth[::4, ::4], 4 * scale), 4, order=1)
    depth = np.pad(
        depth, ((0, max(0, h - depth.shape[0])), (0, max(0, w - depth.shape[1]))), "edge"
    )
    depth = depth[:h, :w] / scale + 3.0 * broad
    begin, soft = rng.normal(46, 9), rng.uniform(1.5, 5)
    inner = np.maximum(depth - begin - rng.uniform(4, 45), 0)
    zone = 1 / (1 + np.exp(np.clip((begin - depth) / soft, -40, 40)))
    zone *= rng.uniform(0.1, 0.5) + np.exp(-inner / rng.uniform(45, 130))
    # The zone ends towards the arm above, and below.
    middle, reach = rng.normal(0.52, 0.05), rng.uniform(0.24, 0.42)
    zone *= 1 / (1 + np.exp(np.clip((np.abs(y - middle) - reach) / 0.05, -40, 40)))
    out = rng.uniform(1.5, 4.5) * zone
    # Upper and lower ends: dark above, bright below, where the skin folds against the support.
    out -= rng.uniform(0.0, 1.4) * np.exp(-y / rng.uniform(0.02, 0.12))
    out += rng.uniform(0.0, 1.6) * np.exp(-(1 - y) / rng.uniform(0.03, 0.12))
    below = np.clip((y - 0.55) / 0.35, 0, 1)
    out += below * rng.uniform(0.0, 1.4) * np.exp(-depth / 14)
    out += below * rng.uniform(0.0, 4.0) * np.exp(-depth / 5)
    # Towards the chest wall the compression is uneven.
    out -= rng.uniform(0.6, 2.5) * np.exp(-x / rng.uniform(0.04, 0.35))
    out -= rng.uniform(0.0, 3.0) * np.exp(-x / 0.03)
    return np.asarray(out + _corners(rng, x, y), dtype=np.float32)


def _corners(rng: np.random.Generator, x: FloatArray, y: FloatArray) -> FloatArray:
    """Dark areas with a bright edge where skin folds meet the chest wall, in some pictures."""
    out = np.zeros((y.shape[0], x.shape[1]), np.float32)
    for row, share in ((rng.uniform(0.0, 0.2), 0.35), (rng.uniform(0.8, 1.0), 0.6)):
        if rng.random() > share:
            continue
        lean, tall, wide = rng.normal(0, 0.35), rng.uniform(0.02, 0.12), rng.uniform(0.05, 0.35)
        across = (y - row - lean * x) / tall
        fade = np.exp(-x / wide)
        out -= rng.uniform(1.0, 4.0) * fade * np.exp(-(across**2))
        out += rng.uniform(0.0, 1.5) * fade * np.exp(-(((across - 1.6) / 0.5) ** 2))
    return out


# --- The image --------------------------------------------------------------------------------

# Grey levels per mm of calcium: as iodine of moderate conspicuity, 36 grey levels, which is about
# 2 mg per cm2.
_CALCIUM = 36 * recombined(CALCIUM) / (0.02 * recombined(IODINE))
_RIPPLED = 0.08  # share of pictures with ripples


@dataclass(frozen=True, eq=False)
class Recombined:
    """``image``: float32 (H', W'), grey 0..255, on its own pixel grid.  ``masks``: the enhancing
    region of each lesion, bool (H', W'); all False where it does not enhance."""

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
    rng: np.random.Generator, background: Background, tissue: FloatArray,
    lesions: tuple[Lesion, ...], streams: Sequence[np.random.Generator], nuisances: Nuisances,
) -> Recombined:  # fmt: skip
    """The recombined image of a view.

    Its grid is up to 3 % larger or smaller than the low-energy image's, so that masks of one image
    cannot be used for the other.

    ``tissue``: what the low-energy image shows, with lesions.  ``streams``: of each lesion's
    enhancement.
    """
    zoom = 1 + float(rng.uniform(-0.03, 0.03))
    targets = draw_target_greys(rng)
    h, w = background.breast.shape
    y, x = np.mgrid[:h, :w].astype(np.float32)
    slow = power_law(rng, int(320 * background.scale), 3.0, smooth=4 * background.scale)
    broad = slow.at(0.5 * x, 0.5 * y)
    body = _structure(rng, background, broad) + 0.2 * slow.at(y + 99 * background.scale, x)
    moved = rng.spawn(1)[0]
    strength = 6.2 * float(np.exp(rng.normal(0, 0.55)))
    mottle = _mottle(rng, background)
    # The tone is that of the breast without lesions, so that it does not depend on them.
    normal, relief = draw_reliefs(
        moved, background, (background.tissue + nuisances.added, tissue + nuisances.added), broad
    )
    grey = apply_tone(body, targets.gain**0.5 * (strength * normal + mottle), background, targets)
    grey = grey + targets.gain**0.5 * strength * (relief - normal)
    masks = []
    for lesion, own in zip(lesions, streams, strict=True):
        added, region = draw_enhancement(own, background, lesion)
        grey = grey + added * targets.gain**0.5
        masks.append(region)
        calcium = lesion.solid.calcium if lesion.solid is not None else None
        if lesion.solid is not None and calcium is not None:
            # The weight that cancels gland against fat takes off too much of calcium.
            site = lesion.solid.site
            grey[site.rows, site.columns] += _CALCIUM * np.clip(calcium, 0, 1.5) * lesion.plan.gain
        if lesion.solid is not None and lesion.solid.metal is not None:
            site, metal = lesion.solid.site, lesion.solid.metal.astype(np.float32)
            edge = 25 * ndi.gaussian_filter(metal, 1.5) - 40 * metal
            grey[site.rows, site.columns] += edge
    # Subtraction does not cancel metal: a clip appears as a dark spot with a bright edge.
    grey = grey - 40 * nuisances.metal + 25 * ndi.gaussian_filter(nuisances.metal, 1.5)
    image = np.where(background.breast, grey.clip(1, 255), 0).astype(np.float32)
    return Recombined(_resized(image, zoom), tuple(_resized(m, zoom) for m in masks))


def _structure(rng: np.random.Generator, background: Background, broad: FloatArray) -> FloatArray:
    """Normal tissue, float32 (H, W), in the units of :func:`draw_thickness`."""
    body = draw_thickness(rng, background, broad)
    body += draw_parenchyma(rng, background, broad)
    body += 0.7 * float(np.exp(rng.normal(0, 0.6))) * draw_contrast_vessels(rng, background)
    body += draw_nipple(rng, background)
    if rng.random() < _RIPPLED:
        body += rng.uniform(0.05, 0.25) * draw_ripple(rng, background)
    return np.asarray(body, dtype=np.float32)


def _mottle(rng: np.random.Generator, background: Background) -> FloatArray:
    """Quantum noise, correlated by image processing: float32 (H, W), grey levels for a picture of
    average contrast."""
    h, w = background.breast.shape
    coarse = power_law(rng, max(h, w), float(rng.uniform(0.3, 1.4))).values[:h, :w]
    white = rng.standard_normal((h, w), dtype=np.float32)
    white = ndi.gaussian_filter(white, 0.4 * background.scale)
    strength = 1.25 * float(np.exp(rng.normal(0, 0.3)))
    return np.asarray(
        strength * (5.0 * coarse + rng.uniform(1.5, 5) * background.scale * white), dtype=np.float32
    )


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
