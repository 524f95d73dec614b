"""Reading of a DICOM mammogram's header and pixels, inside the child process
(:mod:`xai_core.cases.readers.dicom_child`).

From the header come laterality, view and pixel spacing, and an allow-list of attributes about the
picture and the machine that may be shown.  Everything else is not read: names, numbers, dates and
places of people, and free text.  From the pixels come the grey values that a radiologist would see.
Clauses are those of DICOM PS3.3 (information objects) unless another part is named.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels import apply_modality_lut, apply_voi_lut, apply_windowing
from pydicom.uid import JPEGExtended12Bit

from xai_core.cases.readers.limits import check_size
from xai_core.errors import UnreadableImage

# --- The part of the header that may be shown -------------------------------------------------

_LONGEST = 64  # characters of a value; DICOM's own limit for most text (PS3.5 section 6.2)

# Title -> DICOM attribute (PS3.3 and PS3.6).
_ALLOWED = {
    "Modality": "Modality",
    "Side (laterality)": "ImageLaterality",
    "View": "ViewPosition",
    "Meant for": "PresentationIntentType",
    "Rows": "Rows",
    "Columns": "Columns",
    "Pixel spacing at the detector, mm": "ImagerPixelSpacing",
    "Pixel spacing, mm": "PixelSpacing",
    "Bits stored": "BitsStored",
    "Bits allocated": "BitsAllocated",
    "Photometric interpretation": "PhotometricInterpretation",
    "Manufacturer": "Manufacturer",
    "Model of the machine": "ManufacturerModelName",
}


def shown_header(ds: Dataset) -> dict[str, str]:
    """Title -> value of the allowed attributes that the file has, in a fixed order, and the
    transfer syntax.  Values are printable text of at most 64 characters."""
    found = {title: _text(ds.get(key)) for title, key in _ALLOWED.items()}
    syntax = getattr(getattr(ds, "file_meta", None), "TransferSyntaxUID", None)
    if syntax is not None:
        found["Stored as"] = _text(syntax.name)
    return {title: value for title, value in found.items() if value}


def _text(value: Any) -> str:
    if value is None:
        return ""
    parts = (
        value
        if isinstance(value, list | tuple) or type(value).__name__ == "MultiValue"
        else [value]
    )
    whole = " x ".join(str(part) for part in parts)
    return "".join(c for c in whole if c.isprintable()).strip()[:_LONGEST]


# --- Laterality, view and scale ---------------------------------------------------------------

# PS3.16 CID 4014 "View for Mammography": SNOMED CT codes, and the SNOMED-RT codes they replaced.
_VIEW_CODES = {"399162004": "CC", "R-10242": "CC", "399368009": "MLO", "R-10226": "MLO"}


def describe(ds: Dataset) -> dict[str, Any]:
    """Laterality ("L", "R" or None), view ("CC", "MLO" or None), pixel spacing and warnings.

    ``pixel_spacing`` is (row, column) in millimetres at the detector, not corrected for
    magnification (Imager Pixel Spacing, PS3.3 C.8.7.4), or None.
    """
    side = str(ds.get("ImageLaterality") or ds.get("Laterality") or "").strip().upper()
    notes: list[str] = []
    modality = str(ds.get("Modality") or "").strip().upper()
    if modality != "MG":
        notes.append(
            f"The file's modality is {modality[:16] or 'not given'}, not MG (mammography); "
            "the classifier knows mammograms only."
        )
    if ds.get("PresentationIntentType") == "FOR PROCESSING":  # PS3.3 C.8.11.7
        notes.append(
            "The file holds raw detector values (FOR PROCESSING); a reader would see the processed "
            "picture (FOR PRESENTATION)."
        )
    return {
        "laterality": side if side in ("L", "R") else None,
        "view": _view(ds),
        "pixel_spacing": _spacing(ds),
        "warnings": notes,
    }


def _view(ds: Dataset) -> str | None:
    """From View Position, else from the code sequence (PS3.3 C.8.11.7.1)."""
    position = str(ds.get("ViewPosition") or "").strip().upper()
    if position in ("CC", "MLO"):
        return position
    codes = ds.get("ViewCodeSequence") or []
    return _VIEW_CODES.get(str(codes[0].get("CodeValue", ""))) if codes else None


def _spacing(ds: Dataset) -> tuple[float, float] | None:
    for key in ("ImagerPixelSpacing", "PixelSpacing"):
        try:
            row, column = (float(v) for v in ds.get(key) or ())
        except (TypeError, ValueError):
            continue
        if 0 < row < 100 and 0 < column < 100:
            return row, column
    return None


# --- Pixels -----------------------------------------------------------------------------------

GREY = ("MONOCHROME1", "MONOCHROME2")  # C.7.6.3.1.2: lowest value shown white, or black


def check_header(ds: Dataset, name: str) -> None:
    """Check, before decoding, that the file holds one grey picture of an allowed size.

    Raises:
        UnreadableImage: no pixel data, several frames, colour, or a size outside the limits.
    """
    if "PixelData" not in ds:
        kind = "floating-point pixels" if "FloatPixelData" in ds else "no pixel data"
        raise UnreadableImage(f"{name} is a DICOM file with {kind}; give a grey mammogram.")
    frames = _whole_number(ds, "NumberOfFrames", name, default=1)
    rows, columns = (_whole_number(ds, key, name) for key in ("Rows", "Columns"))
    photometric = str(ds.get("PhotometricInterpretation", "") or "no photometric interpretation")
    if frames != 1:
        raise UnreadableImage(
            f"{name} holds {frames} frames (tomosynthesis, for example); give a single picture."
        )
    if photometric not in GREY or _whole_number(ds, "SamplesPerPixel", name, default=1) != 1:
        raise UnreadableImage(
            f"{name} is not a grey picture ({photometric[:40]}); allowed are {' and '.join(GREY)}."
        )
    check_size(name, rows, columns)
    allocated = _whole_number(ds, "BitsAllocated", name)
    stored = _whole_number(ds, "BitsStored", name, default=allocated)
    if allocated not in (8, 16) or not 1 <= stored <= allocated:
        raise UnreadableImage(
            f"{name} has {stored} of {allocated} bits per pixel; allowed are up to 8 of 8, "
            "or up to 16 of 16."
        )


def decode(ds: Dataset, path: str) -> NDArray[Any]:
    """The stored values, (Rows, Columns), decoded by pydicom's decoders or GDCM."""
    if ds.file_meta.TransferSyntaxUID == JPEGExtended12Bit and ds.BitsStored > 8:
        return _decode_with_gdcm(ds, path)
    return np.asarray(ds.pixel_array)


def to_grey(ds: Dataset, stored: NDArray[Any]) -> tuple[NDArray[np.float32], list[str], str]:
    """Grey values in [0, 1], 0 black; sentences about assumptions made; the windowing in words.

    The order is that of PS3.4 N.2: modality LUT or rescale (C.11.1), VOI LUT or window (C.11.2),
    then inversion for MONOCHROME1.  Padding (C.7.5.1.1.2) becomes black.  Of several windows the
    first is used; without a window, the range of the values.
    """
    notes: list[str] = []
    padding = _padding(ds, stored)
    if ds.get("ModalityLUTSequence"):
        _descriptor(ds.ModalityLUTSequence[0])
        # Table positions are computed in the type of the values: those of a table with more than
        # 32768 entries would not fit into 16 signed bits.
        values = apply_modality_lut(stored.astype(np.int32), ds)
    else:
        values = apply_modality_lut(stored, ds)
    shown: NDArray[np.float64] | None = None
    how = "full range of its values"
    if ds.get("VOILUTSequence"):
        shown, how = _by_table(ds, values), "the file's table (VOI LUT)"
    elif "WindowCenter" in ds and "WindowWidth" in ds:
        if ds["WindowCenter"].VM > 1:
            notes.append("The file offers several windows; the first one is used.")
        shown = _by_window(ds, values)
        if shown is not None:
            how = _window_words(ds)
        else:
            notes.append("The file's window cannot be used; its full range of values is shown.")
    else:
        notes.append("The file gives no window; its full range of values is shown.")
    if shown is None:
        shown = _by_range(values, padding)
    if ds.PhotometricInterpretation == "MONOCHROME1":
        shown = 1 - shown
        how += "; black and white exchanged (MONOCHROME1)"
    shown[padding] = 0
    if shown.min() == shown.max():
        notes.append("The picture has the same value everywhere: there is nothing to explain.")
    return np.clip(shown, 0, 1).astype(np.float32), notes, how


def _padding(ds: Dataset, stored: NDArray[Any]) -> NDArray[np.bool_]:
    """bool (Rows, Columns), True on padding: pixels with the padding value, or with a value from it
    to the padding range limit."""
    first = ds.get("PixelPaddingValue")
    if first is None:
        return np.zeros(stored.shape, dtype=bool)
    last = ds.get("PixelPaddingRangeLimit")
    low, high = sorted((int(first), int(first if last is None else last)))
    return np.asarray((stored >= low) & (stored <= high))


def _descriptor(item: Dataset) -> tuple[int, int, int]:
    """Number of entries (0: 65536), first value mapped, and bits of a table (C.11.1.1.1).

    The number is unsigned, but in implicit encodings of signed pixels all three are read as signed,
    so that 40000 entries would be -25536.  It is corrected in ``item`` too, as 32-bit numbers (SL).
    """
    entries, first, bits = (int(v) for v in item.LUTDescriptor)
    item.add_new("LUTDescriptor", "SL", [entries % 2**16, first, bits])
    return entries % 2**16, first, bits


def _by_table(ds: Dataset, values: NDArray[Any]) -> NDArray[np.float64]:
    """The values mapped by the first VOI LUT (C.11.2.1.1), whose entries span 0 to 2**bits - 1."""
    item = ds.VOILUTSequence[0]
    entries, first, bits = _descriptor(item)
    last = first + (entries or 2**16) - 1
    # Clip here and declare 16 bits: apply_voi_lut stores table positions in a type as wide as the
    # entries, so positions above 255 of an 8-bit table would wrap around to its beginning.
    item.add_new("LUTDescriptor", "SL", [entries, first, 16])
    index = np.clip(np.rint(values), first, last).astype(np.int32)
    shown: NDArray[np.float64] = np.asarray(apply_voi_lut(index, ds), dtype=np.float64)
    return shown / float(2**bits - 1)


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


def _by_range(values: NDArray[Any], padding: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The values mapped linearly from their range outside the padding to [0, 1]."""
    inside = values[~padding] if not padding.all() else values.ravel()
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


def _whole_number(ds: Dataset, key: str, name: str, default: int | None = None) -> int:
    value = ds.get(key)
    if value is None or value == "":
        value = default
    try:
        return int(value)
    except (TypeError, ValueError):
        raise UnreadableImage(
            f"{name} is a DICOM file without a usable {key}; export it again."
        ) from None
