"""Digests of pixels that identify images.

``pixels_sha256`` and ``array_sha256`` are written into files that are kept: if they changed,
earlier scores and manifests would no longer be found.  ``array_tag`` and ``pictures_sha256`` are
used only within a browser session.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from numpy.typing import NDArray

from xai_core.types import FloatArray


def pixels_sha256(image: FloatArray) -> str:
    """SHA-256 (hex) of a case's pixels and shape, float32 (H, W): the key of its stored scores."""
    return hashlib.sha256(image.tobytes() + repr(image.shape).encode()).hexdigest()


def array_sha256(array: NDArray[Any]) -> str:
    """SHA-256 (hex) of an array's values alone, row by row."""
    return hashlib.sha256(array.tobytes()).hexdigest()


def array_tag(array: NDArray[Any]) -> str:
    """A short digest of an array's values for the browser: BLAKE2b, 16 hex digits."""
    return hashlib.blake2b(array.tobytes(), digest_size=8).hexdigest()


def pictures_sha256(text: str, pictures: Iterable[NDArray[Any] | None]) -> str:
    """SHA-256 (hex) of a text and of pictures in order; None stands for a missing picture."""
    name = hashlib.sha256(text.encode())
    for picture in pictures:
        name.update(b"-" if picture is None else picture.tobytes())
    return name.hexdigest()
