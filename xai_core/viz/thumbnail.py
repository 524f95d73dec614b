"""A case as a small picture, for lists."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from xai_core.preprocessing.breast import breast_box
from xai_core.types import Case

SIZE = (132, 132)
"""The most pixels a thumbnail has, (width, height)."""


def thumbnail(case: Case, size: tuple[int, int] = SIZE) -> bytes:
    """The breast of the low-energy image, at most ``size`` (width, height), as a grey JPEG file.

    What is marked on the case has no part in it: a thumbnail gives nothing away.
    """
    x0, y0, x1, y1 = breast_box(case.image)
    picture = Image.fromarray(np.rint(case.image[y0:y1, x0:x1] * 255).astype(np.uint8))
    picture.thumbnail(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    stream = io.BytesIO()
    picture.save(stream, format="JPEG", quality=82)
    return stream.getvalue()
