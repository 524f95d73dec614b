"""The baseline that replaces removed pixels: the image under a strong Gaussian blur, which leaves
no lesion visible."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from xai_core.errors import BadRequest
from xai_core.types import FloatArray

SIGMA = 35.0  # pixels of the network's input
MODE = "reflect"  # scipy's: (d c b a | a b c d | d c b a)
TRUNCATE = 4.0  # standard deviations
DESCRIPTION = (
    f"Gaussian blur of the [0, 1] image, sigma {SIGMA:g} px, {MODE}, truncate {TRUNCATE:g}"
)


def blurred(image01: FloatArray, sigma: float = SIGMA) -> FloatArray:
    """x_blur: the blurred image at the network's input resolution.

    Args:
        image01: float32 (S, S) in [0, 1], before the normalisation.
        sigma: standard deviation in pixels, above 0.

    Returns:
        float32 (S, S) in [0, 1].

    Raises:
        BadRequest: not a grey picture, or ``sigma`` is not above 0.
    """
    if image01.ndim != 2:
        raise BadRequest(f"The image to blur has shape {image01.shape}; a grey one has two axes.")
    if not sigma > 0:
        raise BadRequest(f"The blur's sigma is {sigma}; give a number of pixels above 0.")
    out = ndimage.gaussian_filter(
        image01.astype(np.float64), sigma, mode=MODE, truncate=TRUNCATE
    )  # float64, since each value is a sum over 281 taps
    return np.asarray(np.clip(out, 0, 1), dtype=np.float32)
