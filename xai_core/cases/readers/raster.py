"""Reading of PNG, JPEG and TIFF pictures as grey arrays in [0, 1]."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from xai_core.cases.readers.limits import ALLOWED_SIZE, MAX_PIXELS, check_file_size, check_size
from xai_core.errors import UnreadableImage
from xai_core.types import FloatArray, read_only

FORMATS = ("PNG", "JPEG", "TIFF")
_GREY_8 = ("1", "L", "LA", "La")
_GREY_16 = ("I;16", "I;16L", "I;16B", "I;16N")
_BITS_IN_16 = (8, 10, 12, 14, 16)
_COLOUR_DIFFERENCE = 8  # of 255; smaller differences between channels come from JPEG rounding
_TIFF_PHOTOMETRIC = 262  # TIFF 6.0, section 3: 0 = white is zero

# Pillow's guard against decompression bombs warns at 89 megapixels by default: use the same limit.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS


def read_picture(content: Path | bytes, name: str) -> tuple[FloatArray, tuple[str, ...]]:
    """Read a picture as grey values.

    ``content``: a path, or the bytes of a file.  ``name``: the file's name in messages.

    Returns float32 (H, W) in [0, 1], read-only, with the EXIF or TIFF orientation applied, and
    sentences about assumptions made.  8-bit values are divided by 255.  16-bit values are divided
    by ``2**b - 1`` where b is the smallest of 8, 10, 12, 14 and 16 bits that holds the maximum:
    detectors write 12 or 14 bits into 16, and dividing those by 65535 would leave them nearly
    black; a sentence says so unless b is 16.  Colour becomes luminance (ITU-R BT.601);
    transparency is ignored.

    Raises:
        UnreadableImage: not a PNG, JPEG or TIFF; empty, damaged or truncated; outside the limits
            of :mod:`xai_core.cases.readers.limits` (checked in the header); more than 16 bits.
    """
    try:
        size = len(content) if isinstance(content, bytes) else content.stat().st_size
        check_file_size(name, size)
        file = io.BytesIO(content) if isinstance(content, bytes) else content
        with Image.open(file, formats=FORMATS) as image:
            return _grey(image, name)
    except UnreadableImage:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise UnreadableImage(f"{name} is far too large; {ALLOWED_SIZE}.") from None
    except UnidentifiedImageError:
        raise UnreadableImage(
            f"{name} is not a picture this software reads; give a PNG, JPEG or TIFF picture, "
            "or a DICOM file."
        ) from None
    except FileNotFoundError:
        raise UnreadableImage(f"{name} is no longer there; put it back, or reload.") from None
    except MemoryError:
        raise UnreadableImage(f"{name} does not fit into memory; give a smaller picture.") from None
    except Exception:  # decoders can raise any exception on damaged bytes
        raise UnreadableImage(
            f"{name} is damaged or incomplete and cannot be decoded; copy or export it again."
        ) from None


def _grey(image: Image.Image, name: str) -> tuple[FloatArray, tuple[str, ...]]:
    check_size(name, image.height, image.width)
    notes: list[str] = []
    if image.format == "TIFF" and getattr(image, "n_frames", 1) > 1:
        notes.append(f"{name} has several pages; the first one is shown.")
    inverted = _white_is_zero(image)
    if image.mode not in _GREY_16 and any(
        "16" in str(tile.args) for tile in getattr(image, "tile", ())
    ):
        notes.append(f"{name} has 16 bits per channel; only the upper 8 bits are read.")
    image.load()
    if image.mode in _GREY_16:
        values = _from_16_bits(np.asarray(ImageOps.exif_transpose(image)), name, notes)
        values = 1 - values if inverted else values
    elif image.mode in _GREY_8:
        values = _from_8_bits(ImageOps.exif_transpose(image).convert("L"))
    elif image.mode in ("I", "F", "LAB", "HSV"):
        raise UnreadableImage(
            f"{name} stores its pixels as {image.mode!r}; allowed are grey with 8 or 16 bits and "
            "ordinary colour (save it as a 16-bit grey PNG)."
        )
    else:
        values = _from_colour(ImageOps.exif_transpose(image), name, notes)
    if values.min() == values.max():
        notes.append(f"{name} has the same value everywhere: there is nothing to see or explain.")
    return read_only(values), tuple(notes)


def _white_is_zero(image: Image.Image) -> bool:
    """Whether 0 is white in a 16-bit TIFF: Pillow inverts 8-bit files itself, but not 16-bit
    ones."""
    tags = getattr(image, "tag_v2", None)
    return image.mode in _GREY_16 and tags is not None and tags.get(_TIFF_PHOTOMETRIC) == 0


def _from_8_bits(image: Image.Image) -> NDArray[np.float32]:
    return np.asarray(image, dtype=np.float32) / np.float32(255)


def _from_16_bits(stored: NDArray[np.uint16], name: str, notes: list[str]) -> NDArray[np.float32]:
    top = int(stored.max())
    bits = next(b for b in _BITS_IN_16 if top < 2**b)
    if bits != 16:
        notes.append(
            f"{name} has 16-bit pixels but uses only {bits} bits (maximum {top}); it is shown on "
            f"a scale of 0 to {2**bits - 1}."
        )
    return stored.astype(np.float32) / np.float32(2**bits - 1)


def _from_colour(image: Image.Image, name: str, notes: list[str]) -> NDArray[np.float32]:
    # A palette may contain transparency, which Pillow drops only when converting via RGBA.
    rgb = (image.convert("RGBA") if image.mode in ("P", "PA") else image).convert("RGB")
    red, green, blue = (np.asarray(band, dtype=np.int16) for band in rgb.split())
    if max(int(np.abs(red - green).max()), int(np.abs(green - blue).max())) > _COLOUR_DIFFERENCE:
        notes.append(
            f"{name} is a colour picture; its luminance is used, and a mammogram has no colour."
        )
    return _from_8_bits(rgb.convert("L"))
