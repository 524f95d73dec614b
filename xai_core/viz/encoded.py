"""Arrays as text, for the browser."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xai_core.viz.pictures import to_png


def array_text(array: NDArray[Any]) -> str:
    """The bytes of an array, row by row, in base64."""
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")


def png_text(picture: NDArray[np.uint8]) -> str:
    """A picture, uint8 (H, W) or (H, W, 3), as a PNG file in base64."""
    return base64.b64encode(to_png(picture)).decode("ascii")
