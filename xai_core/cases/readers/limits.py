"""What is read at all: limits, and what a file is by its first bytes.

How large and how small a picture may be: one rule for every kind of file.

What a file is, by its first bytes: names lie, contents do not."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from xai_core.errors import UnreadableImage

MIN_SIDE = 32  # px; the classifier has nothing to look at below this
MAX_SIDE = 20_000  # px
MAX_PIXELS = 100_000_000  # a mammogram has 5 to 30 million
MAX_ASPECT = 10  # long side to short side; a breast has 2 to 3
MAX_FILE_BYTES = 512 * 2**20

ALLOWED_SIZE = (
    f"allowed are {MIN_SIDE} to {MAX_SIDE:,} px on each side, at most "
    f"{MAX_PIXELS // 1_000_000} megapixels, and at most {MAX_ASPECT}:1 in shape"
)


def check_size(name: str, height: int, width: int) -> None:
    """Refuse a picture by the size its header states, before any pixel is decoded.

    ``name`` is what the user calls the file, without folders; ``height`` and ``width`` in pixels.

    Raises:
        UnreadableImage: a side, the area or the shape is outside the limits above.
    """
    short, long = sorted((height, width))
    if (
        short < MIN_SIDE
        or long > MAX_SIDE
        or height * width > MAX_PIXELS
        or long > MAX_ASPECT * short
    ):
        raise UnreadableImage(f"{name} is {width} x {height} px (width x height); {ALLOWED_SIZE}.")


def check_file_size(name: str, size: int) -> None:
    """Refuse a file of ``size`` bytes that is empty or larger than any mammogram.

    Raises:
        UnreadableImage: no bytes, or more than :data:`MAX_FILE_BYTES`.
    """
    if size == 0:
        raise UnreadableImage(f"{name} is empty (0 bytes); copy or export it again.")
    if size > MAX_FILE_BYTES:
        raise UnreadableImage(
            f"{name} has {size / 2**20:,.0f} MiB; at most {MAX_FILE_BYTES // 2**20} MiB are read."
        )


Kind = Literal["picture", "dicom"]

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff")
DICOM_SUFFIXES = (".dcm", ".dicom")

_MAGIC = (
    b"\x89PNG\r\n\x1a\n",  # PNG: W3C, section 5.2
    b"\xff\xd8\xff",  # JPEG: ITU-T T.81, SOI and the next marker
    b"II*\x00",  # TIFF 6.0, section 2, little-endian
    b"MM\x00*",  # TIFF 6.0, big-endian
)
_PREAMBLE = 128  # bytes before "DICM": DICOM PS3.10, section 7.1


def kind_of(start: bytes) -> Kind | None:
    """The kind of a file that begins with ``start`` (132 bytes are enough), or None.

    DICOM comes first: its preamble may itself look like a TIFF (PS3.10, section 7.1).
    """
    if start[_PREAMBLE : _PREAMBLE + 4] == b"DICM":
        return "dicom"
    return "picture" if start.startswith(_MAGIC) else None


def kind_of_file(path: Path) -> Kind | None:
    """The kind of the file at ``path``; None where it is neither, or cannot be opened."""
    try:
        with path.open("rb") as file:
            return kind_of(file.read(_PREAMBLE + 4))
    except OSError:
        return None
