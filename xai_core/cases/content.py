"""What a file is, by its first bytes: names lie, contents do not."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

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
