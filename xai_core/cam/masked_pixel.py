"""What a pixel becomes where a mask hides it."""

from __future__ import annotations

import enum
from dataclasses import dataclass

import torch
from torch import Tensor

from xai_core.cam.base import LayerInputs
from xai_core.cam.options import CamOptions, option


class MaskedPixel(enum.StrEnum):
    """The value of a pixel where the mask is 0."""

    ZERO = "normalised-zero"  # 0 in input space: the training mean's grey
    BLACK = "black"  # 0 in [0, 1]
    BLUR = "blur"  # the baseline


@dataclass(frozen=True)
class MaskOptions(CamOptions):
    """The options of a method that masks the image and leaves open with what."""

    masked_pixel: MaskedPixel = option(
        MaskedPixel.ZERO,
        title="A masked pixel becomes",
        help="What stands where the mask is 0: the training mean's grey, black, or the blurred "
        "image.",
        expert=True,
    )


def fill_of(layer_inputs: LayerInputs, pixel: MaskedPixel) -> Tensor:
    """The fully masked image, (C, S, S), input space."""
    return {
        MaskedPixel.ZERO: torch.zeros_like(layer_inputs.x),
        MaskedPixel.BLACK: layer_inputs.black,
        MaskedPixel.BLUR: layer_inputs.baseline,
    }[pixel]
