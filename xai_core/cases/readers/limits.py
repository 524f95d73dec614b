"""Limits on the size of pictures and files, the shape of pixels, and detection of a file's kind
from its first bytes.

The limits are the same for every kind of file.  The kind is taken from the content, not the name.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from xai_core.errors import UnreadableImage
from xai_core.files import not_a_file

# --- Limits of size ---------------------------------------------------------------------------

MIN_SIDE = 32  # px; smaller pictures hold too little for the classifier
MAX_SIDE = 20_000  # px
MAX_PIXELS = 100_000_000  # a mammogram has 5 to 30 million
MAX_ASPECT = 10  # long side to short side; a breast has 2 to 3
MAX_FILE_BYTES = 512 * 2**20
MAX_DECODED_BYTES = 520_000_000  # what the decoder of a picture allocates; see check_decoded_size

ALLOWED_SIZE = (
    f"allowed are {MIN_SIDE} to {MAX_SIDE:,} px on each side, at most "
    f"{MAX_PIXELS // 1_000_000} megapixels, and at most {MAX_ASPECT}:1 in shape"
)


def check_size(name: str, height: int, width: int) -> None:
    """Check a picture's size as stated in its header, before any pixel is decoded.

    ``name``: the file's name without folders, for messages; ``height``, ``width``: in pixels.

    Raises:
        UnreadableImage: a side, the area or the aspect ratio is outside the limits above.
    """
    short, long = sorted((height, width))
    if (
        short < MIN_SIDE
        or long > MAX_SIDE
        or height * width > MAX_PIXELS
        or long > MAX_ASPECT * short
    ):
        raise UnreadableImage(f"{name} is {width} x {height} px (width x height); {ALLOWED_SIZE}.")


def check_decoded_size(name: str, height: int, width: int, bytes_per_pixel: int) -> None:
    """Check what decoding a picture of an allowed size will allocate, before it does.

    ``bytes_per_pixel``: of all its channels together, as the decoder keeps them.

    Raises:
        UnreadableImage: more than :data:`MAX_DECODED_BYTES`.
    """
    if height * width * bytes_per_pixel > MAX_DECODED_BYTES:
        most = MAX_DECODED_BYTES / bytes_per_pixel / 1e6
        raise UnreadableImage(
            f"{name} is {width} x {height} px (width x height); of its kind (colour, 16 bits per "
            f"channel or progressive) at most {most:.0f} megapixels are read; save it as 8-bit or "
            "16-bit grey."
        )


def check_file_size(name: str, size: int) -> None:
    """Check that a file of ``size`` bytes is not empty and not larger than any mammogram.

    Raises:
        UnreadableImage: no bytes, or more than :data:`MAX_FILE_BYTES`.
    """
    if size == 0:
        raise UnreadableImage(f"{name} is empty (0 bytes); copy or export it again.")
    if size > MAX_FILE_BYTES:
        raise UnreadableImage(
            f"{name} has {size / 2**20:,.0f} MiB; at most {MAX_FILE_BYTES // 2**20} MiB are read."
        )


# --- Shape of pixels --------------------------------------------------------------------------

_ROUNDING = 0.01  # relative; sizes are given with two digits or three


def is_square(height: float, width: float) -> bool:
    """Whether pixels of this size, above 0 and in any unit, are square but for rounding."""
    return abs(height - width) <= _ROUNDING * max(height, width)


def not_square(name: str, size: str) -> str:
    """The remark that a file's pixels are not square.  ``size``: their height and width."""
    return (
        f"{name} has pixels that are not square ({size}); they are shown and explained as if they "
        "were square, so shapes are distorted."
    )


# --- Kind of file -----------------------------------------------------------------------------

Kind = Literal["picture", "dicom"]

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff")
DICOM_SUFFIXES = (".dcm", ".dicom")

_MAGIC = (
    b"\x89PNG\r\n\x1a\n",  # PNG: W3C, section 5.2
    b"\xff\xd8\xff",  # JPEG: ITU-T T.81, SOI and the next marker
    b"II*\x00",  # TIFF 6.0, section 2, little-endian
    b"MM\x00*",  # TIFF 6.0, big-endian
    b"II+\x00",  # BigTIFF, little-endian
    b"MM\x00+",  # BigTIFF, big-endian
    b"II\x00*",  # the mark's own bytes swapped: written by some software, and read by Pillow
    b"MM*\x00",
)
_PREAMBLE = 128  # bytes before "DICM": DICOM PS3.10, section 7.1


def kind_of(start: bytes) -> Kind | None:
    """The kind of a file that begins with ``start`` (132 bytes are enough), or None.

    DICOM is tested first: its preamble may be a valid TIFF header (PS3.10, section 7.1).
    """
    if start[_PREAMBLE : _PREAMBLE + 4] == b"DICM":
        return "dicom"
    return "picture" if start.startswith(_MAGIC) else None


def kind_of_file(path: Path) -> Kind | None:
    """The kind of the file at ``path``; None where it is neither, cannot be opened, or is no
    regular file: opening a pipe would block."""
    try:
        if not_a_file(path):
            return None
        with path.open("rb") as file:
            return kind_of(file.read(_PREAMBLE + 4))
    except OSError:
        return None
