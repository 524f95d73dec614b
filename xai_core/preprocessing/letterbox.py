"""The exact mapping between a case's pixels and the network's square input (letterbox).

The breast's bounding box is cropped, padded to a square with black and resized, so that ONE scale
holds on both axes.  With pixel edges as coordinates (pixel i covers [i, i + 1]):

    x_network = (x_case - x0) * scale + left        y_network = (y_case - y0) * scale + top
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy import ndimage as ndi
from torch.nn import functional as F  # noqa: N812

from xai_core.preprocessing.breast import breast_box
from xai_core.types import BoolArray, FloatArray

VERSION = 1
"""The version of the preparation by :func:`fit` and :func:`letterbox`.  Increase it with every
change after which they give other pixels: scores that were kept are then computed again."""


@dataclass(frozen=True)
class Geometry:
    """``crop``: (x0, y0, x1, y1) in case pixels, ends exclusive.  ``scale``: network px per case
    px.  ``pad``: (left, top) in network px.  ``size``: side of the network's input, px."""

    crop: tuple[int, int, int, int]
    scale: float
    pad: tuple[float, float]
    size: int

    def to_network(self, x: Any, y: Any) -> tuple[Any, Any]:
        """Case coordinates to network coordinates (numbers or arrays)."""
        return (
            (x - self.crop[0]) * self.scale + self.pad[0],
            (y - self.crop[1]) * self.scale + self.pad[1],
        )

    def to_case(self, x: Any, y: Any) -> tuple[Any, Any]:
        """Network coordinates to case coordinates: the inverse of :meth:`to_network`."""
        return (
            (x - self.pad[0]) / self.scale + self.crop[0],
            (y - self.pad[1]) / self.scale + self.crop[1],
        )

    def map_to_case(
        self, values: FloatArray, shape: tuple[int, int], fill: float = 0.0
    ) -> FloatArray:
        """A map on the network's grid (size, size), resampled to a case of ``shape`` (H, W).

        Bilinear at pixel centres; ``fill`` outside the crop.
        """
        rows, columns = np.arange(shape[0]) + 0.5, np.arange(shape[1]) + 0.5
        x, y = self.to_network(columns, rows)
        grid = np.meshgrid(y - 0.5, x - 0.5, indexing="ij")
        out = ndi.map_coordinates(values, grid, order=1, mode="nearest").astype(np.float32)
        x0, y0, x1, y1 = self.crop
        inside = np.zeros(shape, bool)
        inside[y0:y1, x0:x1] = True
        return np.where(inside, out, np.float32(fill))

    def as_json(self) -> dict[str, Any]:
        """Crop, scale and pad for the manifest; see the formula at the head of this file."""
        return {"crop": list(self.crop), "scale": self.scale, "pad": list(self.pad)}


def fit(image: FloatArray, size: int) -> Geometry:
    """The geometry that centres this image's breast in a square of ``size`` px."""
    x0, y0, x1, y1 = breast_box(image)
    side = max(x1 - x0, y1 - y0)
    scale = size / side
    pad = ((side - (x1 - x0)) // 2 * scale, (side - (y1 - y0)) // 2 * scale)
    return Geometry((x0, y0, x1, y1), scale, pad, size)


def letterbox(image: FloatArray, geometry: Geometry) -> FloatArray:
    """The image on the network's grid: float32 (size, size), antialiased, padded with 0."""
    x0, y0, x1, y1 = geometry.crop
    side = max(x1 - x0, y1 - y0)
    left, top = (side - (x1 - x0)) // 2, (side - (y1 - y0)) // 2
    square = np.zeros((side, side), np.float32)
    square[top : top + y1 - y0, left : left + x1 - x0] = image[y0:y1, x0:x1]
    tensor = torch.from_numpy(square)[None, None]
    out = F.interpolate(
        tensor, size=(geometry.size, geometry.size), mode="bilinear", antialias=True
    )
    return np.asarray(out[0, 0].clamp_(0, 1).numpy(), dtype=np.float32)


def letterbox_mask(mask: BoolArray, geometry: Geometry) -> BoolArray:
    """A mask on the network's grid: True where at least half of the pixel's area is marked."""
    return np.asarray(letterbox(mask.astype(np.float32), geometry) >= 0.5)
