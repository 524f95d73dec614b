"""The recombined (subtracted) image: what took up contrast, and the artefacts of subtracting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import ndimage as ndi

from xai_core.phantom.background import Background
from xai_core.phantom.enhancement import draw_enhancement
from xai_core.phantom.fields import power_law
from xai_core.phantom.motion import draw_relief, draw_ripple
from xai_core.phantom.nuisance import Nuisances
from xai_core.phantom.paddle import draw_thickness
from xai_core.phantom.place import Lesion
from xai_core.phantom.recombined_grey import draw_wanted
from xai_core.phantom.recombined_tone import toned
from xai_core.phantom.uptake import draw_contrast_vessels, draw_nipple, draw_parenchyma
from xai_core.types import BoolArray, FloatArray

_RIPPLED = 0.08  # share of pictures


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
    zoom = 1 + float(rng.uniform(-0.03, 0.03))
    wanted = draw_wanted(rng)
    h, w = background.breast.shape
    y, x = np.mgrid[:h, :w].astype(np.float32)
    slow = power_law(rng, int(320 * background.scale), 3.0, smooth=4 * background.scale)
    broad = slow.at(0.5 * x, 0.5 * y)
    body = _structure(rng, background, broad) + 0.2 * slow.at(y + 99 * background.scale, x)
    relief = draw_relief(rng, background, background.tissue + nuisances.added, broad)
    fine = 3.2 * float(np.exp(rng.normal(0, 0.65))) * relief + _mottle(rng, background)
    grey = toned(body, wanted.gain**0.5 * fine, background, wanted)
    masks = []
    for lesion in lesions:
        added, region = draw_enhancement(rng, background, lesion)
        grey = grey + added * wanted.gain**0.5
        masks.append(region)
    # Metal does not cancel out: a clip leaves a dark spot with a bright edge.
    grey = grey - 40 * nuisances.metal + 25 * ndi.gaussian_filter(nuisances.metal, 1.5)
    image = np.where(background.breast, grey.clip(1, 255), 0).astype(np.float32)
    return Recombined(_resized(image, zoom), tuple(_resized(m, zoom) for m in masks))


def _structure(rng: np.random.Generator, background: Background, broad: FloatArray) -> FloatArray:
    """Normal tissue, float32 (H, W), in units of the zone under the paddle."""
    body = draw_thickness(rng, background, broad)
    body += draw_parenchyma(rng, background, broad)
    body += 0.7 * float(np.exp(rng.normal(0, 0.6))) * draw_contrast_vessels(rng, background)
    body += draw_nipple(rng, background)
    if rng.random() < _RIPPLED:
        body += rng.uniform(0.05, 0.25) * draw_ripple(rng, background)
    return np.asarray(body, dtype=np.float32)


def _mottle(rng: np.random.Generator, background: Background) -> FloatArray:
    """Quantum noise, correlated by processing: grey of a picture of middling contrast, (H, W)."""
    h, w = background.breast.shape
    coarse = power_law(rng, max(h, w), float(rng.uniform(0.3, 1.4))).values[:h, :w]
    white = rng.standard_normal((h, w), dtype=np.float32)
    white = ndi.gaussian_filter(white, 0.4 * background.scale)
    strength = 1.3 * float(np.exp(rng.normal(0, 0.3)))
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
