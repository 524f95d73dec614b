"""Names of images: digests of their pixels.

``pixels_sha256`` and ``array_sha256`` stand in files that are kept: changing them would make
earlier scores and manifests strangers.  ``array_tag`` and ``pictures_sha256`` live as long as a
browser session.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from numpy.typing import NDArray

from xai_core.types import FloatArray


def pixels_sha256(image: FloatArray) -> str:
    """SHA-256 (hex) of a case's own pixels and shape: float32 (H, W).  Names a case's scores."""
    return hashlib.sha256(image.tobytes() + repr(image.shape).encode()).hexdigest()


def array_sha256(array: NDArray[Any]) -> str:
    """SHA-256 (hex) of an array's values alone, row by row."""
    return hashlib.sha256(array.tobytes()).hexdigest()


def array_tag(array: NDArray[Any]) -> str:
    """A short name of an array's values, for the browser: BLAKE2b, 16 hex digits."""
    return hashlib.blake2b(array.tobytes(), digest_size=8).hexdigest()


def pictures_sha256(text: str, pictures: Iterable[NDArray[Any] | None]) -> str:
    """SHA-256 (hex) of a text and pictures in their order; None is an empty place."""
    name = hashlib.sha256(text.encode())
    for picture in pictures:
        name.update(b"-" if picture is None else picture.tobytes())
    return name.hexdigest()
