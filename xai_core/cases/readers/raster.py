"""Reading of PNG, JPEG and TIFF pictures as grey arrays in [0, 1].

:func:`read_picture` decodes in a child process with limited memory and time
(:mod:`xai_core.cases.readers.picture_child`); :func:`decode_picture` in this one.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, TiffImagePlugin, UnidentifiedImageError

from xai_core.cases.readers.child_process import Answer, run_child
from xai_core.cases.readers.jpeg_end import with_end_marker
from xai_core.cases.readers.limits import (
    ALLOWED_SIZE,
    MAX_PIXELS,
    check_decoded_size,
    check_file_size,
    check_size,
    is_square,
    kind_of,
    kind_of_file,
    not_square,
)
from xai_core.errors import UnreadableImage
from xai_core.types import FloatArray, read_only

FORMATS = ("PNG", "JPEG", "TIFF")
_GREY_8 = ("1", "L", "LA")
_GREY_16 = ("I;16", "I;16L", "I;16B", "I;16N")
_BITS_IN_16 = (8, 10, 12, 14, 16)
_COLOUR_DIFFERENCE = 8  # of 255; smaller differences between channels come from JPEG rounding
_LUMINANCE = (0.299, 0.587, 0.114)  # ITU-R BT.601
_BAND = 2**22  # pixels converted at a time

_DEPTHS = {
    "1": "1 bit, black and white",
    "L": "8 bits, grey",
    "LA": "8 bits, grey",
    "P": "8 bits, colours of a palette",
}
# What a mode of Pillow holds whose numbers have no known black and white.
_UNREAD = {
    "I": "whole numbers of 32 bits",
    "F": "decimal numbers (floating point)",
    "LAB": "Lab colours",
    "HSV": "HSV colours",
}

# TIFF 6.0, sections 3, 8, 18 and 19: the tags that say how samples are laid out.
_PHOTOMETRIC, _BITS_PER_SAMPLE, _PLANAR, _SAMPLE_FORMAT = 262, 258, 284, 339
_WHITE_IS_ZERO = 0
_SIGNED = 2

# Pillow's guard against decompression bombs warns at 89 megapixels by default: use the same limit.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS


def _add_layouts() -> None:
    """Add to Pillow's table of TIFF layouts the grey ones that it lacks or cannot make grey.

    Grey with alpha of 16 bits has four bytes per pixel: it is opened as RGBA, whose first two
    channels are then the bytes of the grey value, see :func:`_deep_words`.
    """
    for prefix, little in ((TiffImagePlugin.II, True), (TiffImagePlugin.MM, False)):
        deep = "I;16" if little else "I;16B"
        TiffImagePlugin.OPEN_INFO.setdefault(
            (prefix, _WHITE_IS_ZERO, (1,), 1, (16,), ()), (deep, deep)
        )
        for photometric in (0, 1):
            for extra in ((), (0,), (1,), (2,)):
                for bits, mode in ((8, "LA"), (16, "RGBA")):
                    key = (prefix, photometric, (1,), 1, (bits, bits), extra)
                    TiffImagePlugin.OPEN_INFO[key] = mode, mode  # alpha of any kind is ignored


_add_layouts()


@dataclass(frozen=True, eq=False)
class RasterImage:
    """The grey picture of a PNG, JPEG or TIFF file.

    ``image``: float32 (H, W) in [0, 1], 0 black.  ``warnings``: sentences about assumptions made.
    ``header``: title -> value of the facts that may be shown.  ``windowed``: how stored values were
    mapped to grey values, in words.
    """

    image: FloatArray
    warnings: tuple[str, ...]
    header: Mapping[str, str]
    windowed: str


@dataclass(frozen=True, eq=False)
class Decoded:
    """``words``: uint8 or uint16 (H, W), as stored.  ``levels``: float32 (256,) or (65536,), the
    grey value of each word.  The other fields are those of :class:`RasterImage`."""

    words: NDArray[Any]
    levels: FloatArray
    warnings: tuple[str, ...]
    header: Mapping[str, str]
    windowed: str

    def image(self) -> FloatArray:
        """float32 (H, W) in [0, 1], read-only."""
        found: FloatArray = read_only(self.levels[self.words])
        return found


def read_picture(content: Path | bytes, name: str) -> tuple[FloatArray, tuple[str, ...]]:
    """Image and warnings of :func:`read_raster`."""
    found = read_raster(content, name)
    return found.image, found.warnings


def read_raster(content: Path | bytes, name: str) -> RasterImage:
    """Read a picture as grey values, in a child process with limited memory and time.

    ``content``: a path, or the bytes of a file.  ``name``: the file's name in messages.

    The image has the EXIF or TIFF orientation applied.  8-bit values are divided by 255.  16-bit
    values, grey or colour, are divided by ``2**b - 1`` where b is the smallest of 8, 10, 12, 14 and
    16 bits that holds the maximum: detectors write 12 or 14 bits into 16, and dividing those by
    65535 would leave them nearly black; a sentence says so unless b is 16.  Colour becomes
    luminance (ITU-R BT.601).  Transparency is ignored, pixels count as square, and the first of
    several pictures is read; a sentence says so where it matters.

    Raises:
        UnreadableImage: not a PNG, JPEG or TIFF; empty, damaged or truncated; outside the limits
            of :mod:`xai_core.cases.readers.limits` (checked in the header); more than 16 bits, or
            numbers with a sign.
    """
    answer: Answer = run_child("xai_core.cases.readers.picture_child", content, name)
    return RasterImage(
        image=answer.image,
        warnings=tuple(answer.facts["warnings"]),
        header=answer.facts["header"],
        windowed=answer.facts["windowed"],
    )


def decode_picture(content: Path | bytes, name: str) -> Decoded:
    """:func:`read_raster` in this process, without its limits of memory and time: for files of
    known origin.

    Raises:
        UnreadableImage: see :func:`read_raster`.
    """
    try:
        size = len(content) if isinstance(content, bytes) else content.stat().st_size
        check_file_size(name, size)
        return _decode(content, name)
    except UnreadableImage:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise UnreadableImage(f"{name} is far too large; {ALLOWED_SIZE}.") from None
    except UnidentifiedImageError:
        start = kind_of(content[:132]) if isinstance(content, bytes) else kind_of_file(content)
        if start == "picture":
            raise UnreadableImage(
                f"{name} begins like a PNG, JPEG or TIFF picture, but is damaged or stores its "
                "pixels in a way that this software does not read; save it as an 8-bit or 16-bit "
                "grey PNG."
            ) from None
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


def _decode(content: Path | bytes, name: str) -> Decoded:
    notes: list[str] = []
    with _open(content) as image:
        check_size(name, image.height, image.width)
        check_decoded_size(name, image.height, image.width, _bytes_per_pixel(image))
        unread = _unread_numbers(image)
        if unread:
            raise UnreadableImage(
                f"{name} stores its pixels as {unread}; allowed are grey with 8 or 16 bits and "
                "ordinary colour (save it as a 16-bit grey PNG)."
            )
        if getattr(image, "n_frames", 1) > 1:
            several = "has several pages" if image.format == "TIFF" else "holds several pictures"
            notes.append(f"{name} {several}; the first one is shown.")
            image.seek(0)
        notes += _aspect(image, name)
        planes = _planes_of_16_bits(image)
        if planes is None and _has_16_bit_channels(image):
            raise UnreadableImage(
                f"{name} has 16 bits per channel in a layout that this software does not read "
                f"({image.mode}, channels stored apart or not RGB); save it as a 16-bit grey PNG."
            )
        mode, (width, height) = image.mode, image.size
        kind, inverted = str(image.format), _is_inverted(image)
        try:
            if planes is None:
                image.load()
        except Exception:
            whole = with_end_marker(content) if kind in ("JPEG", "MPO") else None
            if whole is None:
                raise
            found = _decode(whole, name)
            note = f"{name} lacks its end marker; its picture is complete."
            return Decoded(
                found.words, found.levels, (note, *found.warnings), found.header, found.windowed
            )
        if planes is None:
            _turn_upright(image)
        words: NDArray[Any]
        if planes is not None:
            words = _deep_words(content, planes, name, notes)
        elif mode in _GREY_16:
            words = np.array(image, dtype=np.uint16)
        elif mode in _GREY_8:
            words = _converted(image)
        else:
            words = _from_colour(image, name, notes)
        if planes is None and _has_transparent_pixels(image, words):
            notes.append(_transparency_note(name))
    if mode == "1":
        notes.append(f"{name} has 1 bit per pixel, black and white alone: it is no mammogram.")
    levels = _levels(words, name, notes)
    levels = 1 - levels if inverted else levels
    if words.min() == words.max():
        notes.append(f"{name} has the same value everywhere: there is nothing to see or explain.")
    is_grey = mode in _GREY_16 or (planes is not None and planes.is_grey)
    deep = words.dtype == np.uint16
    depth = _DEPTHS.get(mode, f"colour ({mode})")
    if deep:
        depth = "16 bits, grey" if is_grey else f"16 bits, colour ({mode})"
    facts = {"Kind of file": kind, "Rows": str(height), "Columns": str(width), "Pixels": depth}
    windowed = "0 to the top of the bits in use" if deep else "as stored, 0 black to 255 white"
    return Decoded(words, levels, tuple(notes), facts, windowed)


def _unread_numbers(image: Image.Image) -> str:
    """What a picture's pixels are, where their black and white cannot be told; "" for others."""
    formats = _tiff_tag(image, _SAMPLE_FORMAT, ())
    if _SIGNED in (formats if isinstance(formats, tuple) else (formats,)):
        return "whole numbers with a sign"
    return _UNREAD.get(image.mode, "")


def _aspect(image: Image.Image, name: str) -> list[str]:
    """A sentence where the resolution, horizontal and vertical, is not that of square pixels."""
    for key in ("dpi", "aspect", "resolution", "jfif_density"):
        try:
            across, down = (float(value) for value in image.info[key])
        except (KeyError, TypeError, ValueError, ZeroDivisionError):
            continue
        if 0 < across < np.inf and 0 < down < np.inf:
            size = f"its resolution is {across:.4g} x {down:.4g}"
            return [] if is_square(across, down) else [not_square(name, size)]
    return []


def _turn_upright(image: Image.Image) -> None:
    """Apply the orientation of a loaded picture in place; Pillow does so itself for TIFF."""
    if image.format != "TIFF":
        ImageOps.exif_transpose(image, in_place=True)


@contextmanager
def _open(content: Path | bytes) -> Iterator[Image.Image]:
    """The opened picture.  A path is opened here: Pillow maps a TIFF that it opens itself into
    memory, and then takes the rows of a turned one for its columns."""
    source = io.BytesIO(content) if isinstance(content, bytes) else content.open("rb")
    with source as file, Image.open(file, formats=FORMATS) as image:
        yield image


def _bytes_per_pixel(image: Image.Image) -> int:
    """The bytes that decoding allocates for each pixel: Pillow keeps colour in four bytes."""
    if image.mode in ("1", *_GREY_8, *_GREY_16, "P"):
        return 2 if image.mode in _GREY_16 else 1
    planes = 2 if _planes_of_16_bits(image) is not None else 1
    coefficients = 6 if image.info.get("progressive") else 0  # libjpeg holds all of them at once
    return 4 * planes + coefficients


# --- 16 bits per channel ----------------------------------------------------------------------

# Raw modes of Pillow that take the upper byte of each channel -> those that take the lower one:
# little-endian for big-endian and back.
_COLOUR_16 = ("RGB", "RGBA", "RGBa", "RGBX")
_OTHER_BYTE = {"L": "B", "B": "L", "N": "B" if sys.byteorder == "little" else "L"}


@dataclass(frozen=True)
class _Planes:
    """How to decode pixels of several 16-bit channels with Pillow, which keeps 8 bits of each.

    ``is_grey``: grey with alpha; one decoding into four channels gives both bytes of the grey value
    as the first two of them, ``is_high_first`` says in which order.  Otherwise the picture is
    decoded twice, for the upper bytes and for the lower ones.
    """

    is_grey: bool
    is_high_first: bool = True
    apart: str = ""  # the order of bytes of a TIFF whose channels are stored apart


def _raw_modes(image: Image.Image) -> list[str]:
    """The raw mode of each part that Pillow decodes."""
    return [_raw_mode(tile.args) for tile in getattr(image, "tile", ())]


def _raw_mode(arguments: Any) -> str:
    return str(arguments if isinstance(arguments, str) else next(iter(arguments or ("",))))


def _tiff_tag(image: Image.Image, tag: int, default: Any) -> Any:
    return getattr(image, "tag_v2", {}).get(tag, default)


def _has_16_bit_channels(image: Image.Image) -> bool:
    if image.mode in _GREY_16:
        return False
    bits = _tiff_tag(image, _BITS_PER_SAMPLE, ())
    return 16 in bits if bits else any(";16" in raw for raw in _raw_modes(image))


def _planes_of_16_bits(image: Image.Image) -> _Planes | None:
    """How to decode all 16 bits of colour, or of grey with alpha; None for other pictures, and for
    layouts that Pillow decodes to 8 bits only."""
    if not _has_16_bit_channels(image):
        return None
    raw = _raw_modes(image)
    bits = tuple(_tiff_tag(image, _BITS_PER_SAMPLE, ()))
    if set(raw) == {"LA;16B"}:  # PNG, which is big-endian
        return _Planes(is_grey=True)
    if bits == (16, 16):
        big = sys.byteorder == "big"
        if image.info.get("compression") == "raw":
            big = image.tag_v2.prefix == TiffImagePlugin.MM  # type: ignore[attr-defined]
        return _Planes(is_grey=True, is_high_first=big)
    if _tiff_tag(image, _PLANAR, 1) != 1:  # channels stored apart; libtiff chooses the bytes itself
        is_raw = image.info.get("compression") == "raw"
        apart = "L" if image.tag_v2.prefix == TiffImagePlugin.II else "B"  # type: ignore[attr-defined]
        return _Planes(is_grey=False, apart=apart) if is_raw and set(raw) >= set("RGB") else None
    whole = [channels + ";16" + order for channels in _COLOUR_16 for order in _OTHER_BYTE]
    return _Planes(is_grey=False) if raw and set(raw) <= set(whole) else None


def _with_raw_modes(image: Image.Image, change: Callable[[str], str]) -> None:
    """Set other raw modes for a picture that is opened and not yet decoded."""
    image.tile = [  # type: ignore[attr-defined]
        tile._replace(
            args=change(tile.args)
            if isinstance(tile.args, str)
            else (change(tile.args[0]), *tile.args[1:])
        )
        for tile in image.tile  # type: ignore[attr-defined]
    ]


def _upper(raw: str, apart: str = "") -> str:
    """The raw mode for the upper bytes: the colours as stored, whatever their alpha says."""
    return f"{raw};16{apart}" if apart else raw.replace("RGBa;16", "RGBA;16")


def _lower(raw: str, apart: str = "") -> str:
    raw = _upper(raw, apart)
    return raw[:-1] + _OTHER_BYTE[raw[-1]]


def _deep_words(
    content: Path | bytes, planes: _Planes, name: str, notes: list[str]
) -> NDArray[np.uint16]:
    """uint16 (H, W): the 16-bit grey values or luminance of a picture of several channels."""
    changes: list[Callable[[str], str]] = [
        partial(_upper, apart=planes.apart),
        partial(_lower, apart=planes.apart),
    ]
    if planes.is_grey:
        changes = [lambda _: "RGBA"]
    parts = []
    for change in changes:
        with _open(content) as part:
            _with_raw_modes(part, change)
            part.load()
            _turn_upright(part)
            parts.append(part)
    words = np.empty((parts[0].height, parts[0].width), dtype=np.uint16)
    coloured = transparent = False
    for box, rows in _boxes(parts[0]):
        high = np.asarray(parts[0].crop(box), dtype=np.uint16)
        # Of grey with alpha the channels are two bytes of each; alpha's lower one is 255, too.
        alpha = high[..., 2 if planes.is_grey else 3 :] if parts[0].mode == "RGBA" else high[:0]
        transparent = transparent or bool((alpha < 255).any())
        if planes.is_grey:
            first, second = high[..., 0], high[..., 1]
            words[rows] = first << 8 | second if planes.is_high_first else second << 8 | first
            continue
        whole = high << 8 | np.asarray(parts[1].crop(box), dtype=np.uint16)
        key = parts[0].info.get("transparency")  # of a PNG: one colour that counts as transparent
        if isinstance(key, tuple):
            transparent = transparent or bool((whole[..., :3] == key).all(-1).any())
        red, green, blue = (whole[..., i].astype(np.int32) for i in range(3))
        spread = max(int(np.abs(red - green).max()), int(np.abs(green - blue).max()))
        if spread == 0:
            words[rows] = whole[..., 0]
            continue
        coloured = coloured or spread * 255 > _COLOUR_DIFFERENCE * int(whole.max())
        luminance = sum(w * c for w, c in zip(_LUMINANCE, (red, green, blue), strict=True))
        words[rows] = np.rint(luminance)
    if coloured:
        notes.append(_colour_note(name))
    if transparent:
        notes.append(_transparency_note(name))
    return words


# --- To grey ----------------------------------------------------------------------------------


def _is_inverted(image: Image.Image) -> bool:
    """Whether 0 is white in a TIFF that Pillow does not invert itself: it inverts 8-bit grey
    without alpha only."""
    tags = getattr(image, "tag_v2", None)
    if tags is None or tags.get(_PHOTOMETRIC) != _WHITE_IS_ZERO:
        return False
    return image.mode in _GREY_16 or len(tags.get(_BITS_PER_SAMPLE, ())) == 2


def _boxes(image: Image.Image) -> Iterator[tuple[tuple[int, int, int, int], slice]]:
    """The picture in bands of whole rows: box for Pillow, rows for NumPy."""
    rows = max(1, _BAND // image.width)
    for top in range(0, image.height, rows):
        bottom = min(image.height, top + rows)
        yield (0, top, image.width, bottom), slice(top, bottom)


def _converted(image: Image.Image) -> NDArray[np.uint8]:
    words = np.empty((image.height, image.width), dtype=np.uint8)
    for box, rows in _boxes(image):
        words[rows] = np.asarray(image.crop(box).convert("L"))
    return words


def _from_colour(image: Image.Image, name: str, notes: list[str]) -> NDArray[np.uint8]:
    words = np.empty((image.height, image.width), dtype=np.uint8)
    coloured = False
    for box, rows in _boxes(image):
        band = image.crop(box)
        # A palette may contain transparency, which Pillow drops only when converting via RGBA.
        rgb = (band.convert("RGBA") if image.mode in ("P", "PA") else band).convert("RGB")
        red, green, blue = (np.asarray(channel, dtype=np.int16) for channel in rgb.split())
        spread = max(int(np.abs(red - green).max()), int(np.abs(green - blue).max()))
        coloured = coloured or spread > _COLOUR_DIFFERENCE
        words[rows] = np.asarray(rgb.convert("L"))
    if coloured:
        notes.append(_colour_note(name))
    return words


def _has_transparent_pixels(image: Image.Image, words: NDArray[Any]) -> bool:
    """Whether any pixel of a loaded picture is not opaque; ``words``: its grey values."""
    key = image.info.get("transparency")
    if image.mode in _GREY_16:
        return isinstance(key, int) and bool((words == key).any())
    if image.mode[-1:] not in ("A", "a") and key is None:
        return False
    for box, _ in _boxes(image):
        alpha = image.crop(box).convert("RGBA").getchannel("A")
        if np.asarray(alpha).min() < 255:
            return True
    return False


def _transparency_note(name: str) -> str:
    return f"{name} has transparent pixels; they are shown as if they were not."


def _colour_note(name: str) -> str:
    return f"{name} is a colour picture; its luminance is used, and a mammogram has no colour."


def _levels(words: NDArray[Any], name: str, notes: list[str]) -> FloatArray:
    """The grey value of every word; see :func:`read_raster`."""
    if words.dtype == np.uint8:
        return np.arange(256, dtype=np.float32) / np.float32(255)
    top = int(words.max())
    bits = next(b for b in _BITS_IN_16 if top < 2**b)
    if bits != 16:
        notes.append(
            f"{name} has 16-bit pixels but uses only {bits} bits (maximum {top}); it is shown on "
            f"a scale of 0 to {2**bits - 1}."
        )
    levels = np.arange(65536, dtype=np.float32) / np.float32(2**bits - 1)
    return levels.clip(0, 1)
