"""Decoding of a DICOM mammogram's pixels to the grey values that a radiologist would see, inside
the child process (:mod:`xai_core.cases.readers.dicom_child`).

Clauses are those of DICOM PS3.3 (information objects) unless another part is named.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.pixels import apply_modality_lut, apply_windowing, get_decoder
from pydicom.uid import JPEGBaseline8Bit, JPEGExtended12Bit, RLELossless

from xai_core.cases.readers.child_process import bands
from xai_core.cases.readers.dicom_elements import (
    text_of,
    usable,
    values_of,
    whole_number,
)
from xai_core.cases.readers.dicom_header import term
from xai_core.cases.readers.dicom_tables import UnusableTable, read_table
from xai_core.cases.readers.jpeg_end import has_end_marker, with_end_marker
from xai_core.cases.readers.limits import check_size
from xai_core.errors import UnreadableImage
from xai_core.list_text import counted
from xai_core.types import FloatArray

GREY = ("MONOCHROME1", "MONOCHROME2")  # C.7.6.3.1.2: lowest value shown white, or black


def check_header(ds: Dataset, name: str) -> None:
    """Check, before decoding, that the file holds one grey picture of an allowed size.

    Raises:
        UnreadableImage: no pixel data, several frames, colour, or a size outside the limits.
    """
    if "PixelData" not in ds:
        if "FloatPixelData" not in ds and ("Rows" in ds or not len(ds)):
            raise UnreadableImage(
                f"{name} is a DICOM file with no pixel data: it may have been cut off; copy or "
                "export it again."
            )
        kind = "floating-point pixels" if "FloatPixelData" in ds else "no pixel data"
        raise UnreadableImage(f"{name} is a DICOM file with {kind}; give a grey mammogram.")
    frames = _needed_number(ds, "NumberOfFrames", name, default=1)
    rows, columns = (_needed_number(ds, key, name) for key in ("Rows", "Columns"))
    photometric = term(ds, "PhotometricInterpretation")
    if frames != 1:
        raise UnreadableImage(
            f"{name} holds {frames} frames (tomosynthesis, for example); give a single picture."
        )
    if photometric not in GREY:
        kind = photometric or "its Photometric Interpretation is missing or unknown"
        raise UnreadableImage(
            f"{name} is not a grey picture ({kind}); allowed are {' and '.join(GREY)}."
        )
    samples = _needed_number(ds, "SamplesPerPixel", name, default=1)
    if samples != 1:
        raise UnreadableImage(
            f"{name} is not a grey picture: its header says {samples} values per pixel (Samples "
            "per Pixel), allowed is 1; export it again as grey."
        )
    check_size(name, rows, columns)
    allocated = _needed_number(ds, "BitsAllocated", name)
    stored = _needed_number(ds, "BitsStored", name, default=allocated)
    if allocated not in (8, 16) or not 1 <= stored <= allocated:
        raise UnreadableImage(
            f"{name} has {stored} of {allocated} bits per pixel; allowed are up to 8 of 8, "
            "or up to 16 of 16."
        )
    if whole_number(ds, "PixelRepresentation") not in (0, 1):
        raise UnreadableImage(
            f"{name} has a Pixel Representation of {whole_number(ds, 'PixelRepresentation')}; "
            "allowed are 0 (unsigned) and 1 (signed)."
        )


@dataclass(frozen=True, eq=False)
class Pixels:
    """``words``: uint8 or uint16 (Rows, Columns), the bits of each pixel.  ``values``: int32 (256,)
    or (65536,), the stored value of every possible word.  ``notes``: sentences about them."""

    words: NDArray[Any]
    values: NDArray[np.int32]
    notes: list[str] = field(default_factory=list)

    def present(self) -> NDArray[np.bool_]:
        """bool, as long as ``values``: whether a pixel has that word."""
        found = np.zeros(len(self.values), dtype=bool)
        for band in bands(self.words):
            found[np.unique(band)] = True
        return found


def decode(ds: Dataset, path: str) -> Pixels:
    """The pixels, decoded by pydicom's decoders or GDCM."""
    syntax = ds.file_meta.TransferSyntaxUID
    if syntax == JPEGExtended12Bit and ds.BitsStored > 8:
        return _within_stored_bits(ds, _decode_with_gdcm(ds, path))
    if not syntax.is_compressed or syntax == RLELossless:
        # The words as they are: pydicom would take the low bits, whatever High Bit says.
        array, _ = get_decoder(syntax).as_array(ds, view_only=True, correct_unused_bits=False)
        found = _from_words(ds, array)
        return Pixels(found.words, found.values, _surplus(ds) + found.notes)
    notes = []
    if syntax in (JPEGBaseline8Bit, JPEGExtended12Bit):
        jpeg = next(generate_frames(ds.PixelData, number_of_frames=1))
        if not has_end_marker(jpeg):  # some decoders fill what is missing, and do not tell
            whole = with_end_marker(jpeg)
            if whole is None:
                raise ValueError("a part of the picture is missing")
            ds.PixelData = encapsulate([whole])
            notes.append("The file's JPEG lacks its end marker; its picture is complete.")
    found = _within_stored_bits(ds, np.asarray(ds.pixel_array))
    return Pixels(found.words, found.values, notes + found.notes)


def _surplus(ds: Dataset) -> list[str]:
    """A sentence where uncompressed pixels go on for a row or more after the last one."""
    row = ds.Columns * ds.BitsAllocated // 8
    rows = 0 if ds.file_meta.TransferSyntaxUID.is_compressed else len(ds.PixelData) // row - ds.Rows
    if rows <= 0:
        return []
    return [
        f"The file holds {counted(rows, 'more row', 'more rows')} of pixels than its Rows "
        f"({ds.Rows}) says; what is more is not shown, so a part of the picture may be missing."
    ]


def _plain(array: NDArray[Any]) -> Pixels:
    """Pixels whose words are the stored values themselves."""
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    unsigned = np.dtype(f"u{array.dtype.itemsize}")
    every = np.arange(2 ** (8 * array.dtype.itemsize), dtype=unsigned)
    return Pixels(array.view(unsigned), every.view(array.dtype).astype(np.int32))


def _from_words(ds: Dataset, array: NDArray[Any]) -> Pixels:
    """Pixels whose values are Bits Stored bits below High Bit (PS3.5 section 8.1.1)."""
    plain = _plain(array)
    stored, high = int(ds.BitsStored), whole_number(ds, "HighBit")
    shift = 0 if high is None else high + 1 - stored
    every = np.arange(len(plain.values))
    top = len(plain.values) >> stored  # of the bits above the stored ones, if these begin at 0
    present = plain.present()
    notes = []
    if shift > 0 and (every[present] % 2**shift).any() and not (every[present] >> stored).any():
        notes.append(
            f"The file's High Bit says that its values begin at bit {shift}, but they begin at "
            "bit 0; that is used."
        )
        shift = 0
    field_bits = (every >> shift) & (2**stored - 1)
    if ds.PixelRepresentation:
        field_bits = np.where(field_bits >= 2 ** (stored - 1), field_bits - 2**stored, field_bits)
    rest = every - (((every >> shift) & (2**stored - 1)) << shift)
    signs = plain.values == field_bits  # the unused bits may repeat the sign
    if top > 1 and (rest.astype(bool) & ~signs & present).any():
        notes.append(
            "Bits of its pixels that are not part of the picture are in use (an overlay, for "
            "example); they are not shown."
        )
    return Pixels(plain.words, field_bits.astype(np.int32), notes)


def _within_stored_bits(ds: Dataset, array: NDArray[Any]) -> Pixels:
    """Decoded pixels; where the decoder gave more bits than are stored, as of an overlay that was
    compressed with them, only those that are stored count."""
    plain = _plain(array)
    low = -(2 ** (ds.BitsStored - 1)) if ds.PixelRepresentation else 0
    inside = plain.values[plain.present()]
    if inside.min() >= low and inside.max() < low + 2**ds.BitsStored:
        return plain
    return _from_words(ds, array)


def to_grey(ds: Dataset, stored: NDArray[Any]) -> tuple[FloatArray, list[str], str]:
    """:func:`grey_levels` applied to an array of stored values, (Rows, Columns)."""
    pixels = _plain(stored)
    levels, notes, how = grey_levels(ds, pixels)
    return levels[pixels.words], notes, how


def grey_levels(ds: Dataset, pixels: Pixels) -> tuple[FloatArray, list[str], str]:
    """The grey value in [0, 1], 0 black, of every word; sentences about assumptions made; the
    windowing in words.

    The order is that of PS3.4 N.2: modality LUT or rescale (C.11.1), VOI LUT or window (C.11.2),
    then inversion for MONOCHROME1.  Padding (C.7.5.1.1.2) becomes black.  Of several tables or
    windows the first usable one is used; without any, the range of the values.
    """
    notes = list(pixels.notes)
    present = pixels.present()
    padding = _padding(ds, pixels.values, present, notes)
    values, is_signed, is_sound = _modality(ds, pixels.values, present, notes)
    shown, how = _by_table(ds, values, is_signed, present, notes)
    if shown is None and "WindowCenter" in ds and "WindowWidth" in ds:
        if ds["WindowCenter"].VM > 1:
            notes.append("The file offers several windows; the first one is used.")
        shown = _by_window(ds, values)
        if shown is not None and not is_sound and np.ptp(shown[present]) == 0:
            shown = None  # the window was meant for what the unusable modality table gives
        if shown is not None:
            how = _window_words(ds)
        else:
            notes.append("The file's window cannot be used; its full range of values is shown.")
    elif shown is None:
        notes.append("The file gives no window; its full range of values is shown.")
    if shown is None:
        shown, how = _by_range(values, padding, present), "full range of its values"
    if text_of(ds, "PhotometricInterpretation") == "MONOCHROME1":
        shown = 1 - shown
        how += "; black and white exchanged (MONOCHROME1)"
    shown[padding] = 0
    if np.ptp(shown[present]) == 0:
        notes.append("The picture has the same value everywhere: there is nothing to explain.")
    return np.clip(shown, 0, 1).astype(np.float32), notes, how


def _padding(
    ds: Dataset, values: NDArray[np.int32], present: NDArray[np.bool_], notes: list[str]
) -> NDArray[np.bool_]:
    """bool, True for words of padding: with the padding value, or with a value from it to the
    padding range limit.  Both are read with the pixels' sign, whatever their own type (VR)."""
    given = whole_number(ds, "PixelPaddingValue")
    if given is None:
        if usable(ds, "PixelPaddingValue") is not None:
            notes.append("The file's Pixel Padding Value cannot be used; nothing is padding.")
        return np.zeros(len(values), dtype=bool)
    limit = whole_number(ds, "PixelPaddingRangeLimit")
    first = _as_stored(ds, given)
    last = first if limit is None else _as_stored(ds, limit)
    low, high = sorted((first, last))
    found = np.asarray((values >= low) & (values <= high))
    if (first, last) != (given, given if limit is None else limit) and (found & present).any():
        notes.append(
            f"The file's Pixel Padding Value {given} does not fit its pixels; it is read as "
            f"{first}."
        )
    return found


def _as_stored(ds: Dataset, value: int) -> int:
    """A value with the pixels' sign: one that was written with the other sign is turned back."""
    allocated, stored = int(ds.BitsAllocated), int(ds.BitsStored)
    if ds.PixelRepresentation:
        if value >= 2 ** (allocated - 1):
            value -= 2**allocated
        elif 2 ** (stored - 1) <= value < 2**stored:
            value -= 2**stored
    elif value < 0:
        value += 2**allocated
        if value >= 2**stored and value >> stored == 2 ** (allocated - stored) - 1:
            value &= 2**stored - 1  # the sign filled the unused bits
    return value


def _modality(
    ds: Dataset, values: NDArray[np.int32], present: NDArray[np.bool_], notes: list[str]
) -> tuple[NDArray[Any], bool, bool]:
    """The values after the modality LUT or rescale, whether they may have a sign, and whether they
    are what the file means."""
    is_signed = bool(ds.PixelRepresentation)
    is_sound = True
    items = values_of(ds, "ModalityLUTSequence")
    if items:
        try:
            table = read_table(items[0], ds)
            mapped = table.apply(values, values[present], signed=is_signed)
        except UnusableTable as fault:
            is_sound = False
            notes.append(
                f"The file's modality table (Modality LUT) cannot be used: {fault}; its values "
                "are used as they are stored."
            )
            del ds.ModalityLUTSequence
        else:
            if not 8 <= table.claimed_bits <= 16:
                del ds.ModalityLUTSequence  # apply_windowing reads its descriptor
            return mapped, False, True
    elif "ModalityLUTSequence" in ds:
        del ds["ModalityLUTSequence"]
    if "RescaleSlope" not in ds or "RescaleIntercept" not in ds:
        return values, is_signed, is_sound
    with np.errstate(over="ignore", invalid="ignore"):
        rescaled = np.asarray(apply_modality_lut(values, ds))
    if not np.isfinite(rescaled).all():
        notes.append("The file's rescale cannot be used; its values are used as they are stored.")
        del ds.RescaleSlope, ds.RescaleIntercept
        return values, is_signed, False
    return rescaled, bool(rescaled.min() < 0), is_sound


def _by_table(
    ds: Dataset,
    values: NDArray[Any],
    is_signed: bool,
    present: NDArray[np.bool_],
    notes: list[str],
) -> tuple[NDArray[np.float64] | None, str]:
    """The values mapped by the first usable VOI LUT (C.11.2.1.1), or None; and its words."""
    items = values_of(ds, "VOILUTSequence")
    for number, item in enumerate(items, start=1):
        try:
            table = read_table(item, ds)
            mapped = table.apply(values, values[present], signed=is_signed)
        except UnusableTable as fault:
            which = f"table {number}" if len(items) > 1 else "table"
            notes.append(f"The file's {which} (VOI LUT) cannot be used: {fault}.")
            continue
        if len(items) > 1:
            first = "first" if number == 1 else "first usable"
            notes.append(f"The file offers several tables (VOI LUT); the {first} one is used.")
        if table.bits != table.claimed_bits:
            notes.append(
                f"The file's table (VOI LUT) says {table.claimed_bits} bits, but its values reach "
                f"{table.bits} bits; it is shown on a scale of 0 to {2**table.bits - 1}."
            )
        return mapped / float(2**table.bits - 1), "the file's table (VOI LUT)"
    return None, ""


def _by_window(ds: Dataset, values: NDArray[Any]) -> NDArray[np.float64] | None:
    """The values mapped by the first window and its function (C.11.2.1.2, C.11.2.1.3); None where
    the window is invalid."""
    far = np.array([-1e12, 1e12])  # values outside every window: they give the output's range
    try:
        with np.errstate(over="ignore"):
            black, white = apply_windowing(far, ds)
            shown = apply_windowing(values, ds)
    except (ValueError, TypeError, AttributeError, IndexError):
        return None
    if not np.isfinite(shown).all() or not abs(white - black) > 0:
        return None
    return np.asarray((shown - black) / (white - black), dtype=np.float64)


def _window_words(ds: Dataset) -> str:
    """The first window and its function, in words."""
    centre, width = (
        float(v[0] if ds[key].VM > 1 else v)
        for key in ("WindowCenter", "WindowWidth")
        for v in (ds[key].value,)
    )
    function = str(ds.get("VOILUTFunction") or "LINEAR")[:16]
    return f"window centre {centre:g}, width {width:g} ({function})"


def _by_range(
    values: NDArray[Any], padding: NDArray[np.bool_], present: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """The values mapped linearly from the range of those present outside the padding to [0, 1]."""
    inside = values[present & ~padding] if (present & ~padding).any() else values[present]
    low, high = float(inside.min()), float(inside.max())
    span = high - low if high > low else 1.0
    shown: NDArray[np.float64] = (values.astype(np.float64) - low) / span
    return shown.clip(0, 1)


def _decode_with_gdcm(ds: Dataset, path: str) -> NDArray[Any]:
    """12-bit JPEG (PS3.5 A.4.1), by calling GDCM directly: it reads such files, but pydicom's GDCM
    decoder does not pass them on."""
    import gdcm  # type: ignore[import-untyped]

    reader = gdcm.ImageReader()
    reader.SetFileName(path)
    if not reader.Read():
        raise ValueError("GDCM cannot read the file")
    # GDCM returns bytes as a string with surrogates.
    data = reader.GetImage().GetBuffer().encode("utf-8", "surrogateescape")
    kind = np.int16 if ds.PixelRepresentation else np.uint16
    return np.frombuffer(data, dtype=kind).reshape(int(ds.Rows), int(ds.Columns))


def _needed_number(ds: Dataset, key: str, name: str, default: int | None = None) -> int:
    number = whole_number(ds, key)
    if number is None and usable(ds, key) is None:
        number = default
    if number is None:
        raise UnreadableImage(f"{name} is a DICOM file without a usable {key}; export it again.")
    return number
