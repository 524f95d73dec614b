"""What a DICOM mammogram's header says, inside the child process
(:mod:`xai_core.cases.readers.dicom_child`): laterality, view and pixel spacing, and an allow-list
of attributes about the picture and the machine that may be shown, as numbers and as the standard's
terms.

Everything else is not read: names, numbers, dates and places of people, and free text.
Clauses are those of DICOM PS3.3 (information objects) unless another part is named.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import UID, UID_dictionary

from xai_core.cases.base import printable
from xai_core.cases.readers.dicom_elements import (
    is_empty,
    numbers_of,
    text_of,
    usable,
    values_of,
    whole_number,
)
from xai_core.cases.readers.limits import is_square, not_square

# --- The part of the header that may be shown -------------------------------------------------

_LONGEST = 64  # characters of a value; DICOM's own limit for most text (PS3.5 section 6.2)

# The terms that an attribute may hold (PS3.3: C.7.3.1.1.1 of pictures, C.8.3.1, C.8.11.7).
_TERMS = {
    "Modality": (
        "MG", "CR", "DX", "RG", "RF", "XA", "IO", "PX", "CT", "MR", "NM", "PT", "US", "OT",
    ),
    "ImageLaterality": ("L", "R", "B", "U"),
    "ViewPosition": (
        "CC", "MLO", "ML", "LM", "LMO", "SIO", "FB", "XCC", "XCCL", "XCCM", "AP", "PA", "LL", "RL",
    ),
    "PresentationIntentType": ("FOR PRESENTATION", "FOR PROCESSING"),
    "PhotometricInterpretation": (
        "MONOCHROME1", "MONOCHROME2", "PALETTE COLOR", "RGB", "HSV", "ARGB", "CMYK", "YBR_FULL",
        "YBR_FULL_422", "YBR_PARTIAL_420", "YBR_PARTIAL_422", "YBR_ICT", "YBR_RCT", "XYB",
    ),
}  # fmt: skip


def term(ds: Dataset, keyword: str) -> str:
    """The attribute's value if it is one of the standard's terms; "" for any other text, which
    could be anything, a name for example."""
    value = text_of(ds, keyword)
    return value if value in _TERMS[keyword] else ""


def _count(ds: Dataset, keyword: str) -> str:
    number = whole_number(ds, keyword)
    return "" if number is None else str(number)


def _lengths(ds: Dataset, keyword: str) -> str:
    numbers = numbers_of(ds, keyword)
    known = [number for number in numbers if number is not None and 0 < number < 100]
    return " x ".join(f"{number:g}" for number in known) if len(known) == len(numbers) else ""


def _name(ds: Dataset, keyword: str) -> str:
    """A name as printable text, at most 64 characters long."""
    parts = [value for value in values_of(ds, keyword) if isinstance(value, str)]
    return "".join(c for c in " x ".join(parts) if printable(c) == c).strip()[:_LONGEST]


# Title, attribute (PS3.3 and PS3.6), and what of its value may be shown.
_SHOWN: tuple[tuple[str, str, Callable[[Dataset, str], str]], ...] = (
    ("Modality", "Modality", term),
    ("Side (laterality)", "ImageLaterality", term),
    ("View", "ViewPosition", term),
    ("Meant for", "PresentationIntentType", term),
    ("Rows", "Rows", _count),
    ("Columns", "Columns", _count),
    ("Pixel spacing at the detector, mm", "ImagerPixelSpacing", _lengths),
    ("Pixel spacing, mm", "PixelSpacing", _lengths),
    ("Bits stored", "BitsStored", _count),
    ("Bits allocated", "BitsAllocated", _count),
    ("Photometric interpretation", "PhotometricInterpretation", term),
    ("Manufacturer", "Manufacturer", _name),
    ("Model of the machine", "ManufacturerModelName", _name),
)


def shown_header(ds: Dataset) -> dict[str, str]:
    """Title -> value of the attributes that may be shown and that the file has, in a fixed order,
    and the transfer syntax.

    Each value is a number, or a term that the standard lists, with two exceptions: the names of the
    machine's manufacturer and model are printable text of at most 64 characters.  They identify no
    person.
    """
    found = {title: show(ds, keyword) for title, keyword, show in _SHOWN}
    found["Stored as"] = syntax_name(ds)
    return {title: value for title, value in found.items() if value}


def syntax_name(ds: Dataset) -> str:
    """The name of the transfer syntax; "" where it is missing, private or not known: then its
    identifier (UID) alone is given, which may be of any file or maker."""
    syntax = getattr(getattr(ds, "file_meta", None), "TransferSyntaxUID", None)
    if syntax is None or syntax.is_private or not syntax.is_transfer_syntax:
        return ""
    return str(syntax.name)


# --- Laterality, view and scale ---------------------------------------------------------------

# PS3.16 CID 4014 "View for Mammography": SNOMED CT codes, and the SNOMED-RT codes they replaced.
_VIEW_CODES = {"399162004": "CC", "R-10242": "CC", "399368009": "MLO", "R-10226": "MLO"}
_SPACINGS = ("ImagerPixelSpacing", "PixelSpacing")


def _is_image_class(uid: UID) -> bool:
    """Whether a SOP class (PS3.4 B.5) is one of pictures, or an unknown one."""
    words = ("Image", "Segmentation", "Parametric Map")
    return uid not in UID_dictionary or any(word in uid.name for word in words)


def describe(ds: Dataset) -> dict[str, Any]:
    """Laterality ("L", "R" or None), view ("CC", "MLO" or None), pixel spacing and warnings.

    ``pixel_spacing`` is (row, column) in millimetres at the detector, not corrected for
    magnification (Imager Pixel Spacing, PS3.3 C.8.7.4), or None.
    """
    notes: list[str] = []
    if text_of(ds, "Modality") != "MG":
        notes.append(
            f"The file's modality is {term(ds, 'Modality') or 'not given or no known one'}, not MG "
            "(mammography); the classifier knows mammograms only."
        )
    if (what := text_of(ds, "SOPClassUID")) and not _is_image_class(UID(what)):
        notes.append(
            f"The file says that it is no image ({UID(what).name}), yet it holds one, which is "
            "shown."
        )
    if text_of(ds, "PresentationIntentType") == "FOR PROCESSING":  # PS3.3 C.8.11.7
        notes.append(
            "The file holds raw detector values (FOR PROCESSING); a reader would see the processed "
            "picture (FOR PRESENTATION)."
        )
    side = _side(ds, notes)
    view = _view(ds)
    notes += _orientation(ds, side, view)
    notes += _aspect(ds)
    spacing = _spacing(ds)
    if spacing is None and any(key in ds and not is_empty(ds, key) for key in _SPACINGS):
        notes.append("The file's pixel spacing cannot be used; no scale is shown.")
    if text_of(ds, "PresentationLUTShape") == "INVERSE" and (
        text_of(ds, "PhotometricInterpretation") == "MONOCHROME2"
    ):
        notes.append(
            "The file says both MONOCHROME2 and an INVERSE Presentation LUT Shape; it is shown as "
            "MONOCHROME2, its lowest value black."
        )
    return {
        "laterality": side,
        "view": view,
        "pixel_spacing": spacing,
        "warnings": notes,
    }


def _side(ds: Dataset, notes: list[str]) -> str | None:
    """Image Laterality, else the series' Laterality."""
    image, series = (text_of(ds, key) for key in ("ImageLaterality", "Laterality"))
    side = image or series
    if side and side not in ("L", "R"):
        told = repr(side) if side in _TERMS["ImageLaterality"] else "an unknown term"
        notes.append(f"The file's side (laterality) is {told}, not L or R; none is shown.")
        return None
    if image and series in ("L", "R") and series != image:
        notes.append(
            f"The file's sides differ: {image} for the image, {series} for its series; the "
            "image's is used."
        )
    return side or None


_DIRECTION = re.compile("[AFHLPR]{1,3}")  # C.7.6.1.1.1


def _orientation(ds: Dataset, side: str | None, view: str | None) -> list[str]:
    """A sentence where Patient Orientation (C.7.6.1.1.1) says that the breast is stored mirrored
    or upside down.  As a reader hangs it, a right breast has its front to the left and a left
    breast to the right; a CC view has the outer half at the top, an MLO view the head."""
    values = [str(value).strip().upper() for value in values_of(ds, "PatientOrientation")]
    if side is None or len(values) != 2 or not all(map(_DIRECTION.fullmatch, values)):
        return []
    row, column = values
    faults = []
    if row[:1] == ("A" if side == "R" else "P"):
        faults.append("mirrored")
    outward = {"MLO": "H", "CC": side}.get(view or "")
    if outward is not None and outward in column:
        faults.append("upside down")
    if not faults:
        return []
    return [
        f"By its Patient Orientation ({row}, {column}) this {side} breast is stored "
        f"{' and '.join(faults)}; it is shown as stored."
    ]


def _view(ds: Dataset) -> str | None:
    """From View Position, else from the code sequence (PS3.3 C.8.11.7.1)."""
    position = text_of(ds, "ViewPosition")
    if position in ("CC", "MLO"):
        return position
    codes = values_of(ds, "ViewCodeSequence")
    return _VIEW_CODES.get(str(usable(codes[0], "CodeValue") or "")) if codes else None


def _spacing(ds: Dataset) -> tuple[float, float] | None:
    for key in _SPACINGS:
        numbers = numbers_of(ds, key)
        if len(numbers) != 2 or numbers[0] is None or numbers[1] is None:
            continue
        row, column = numbers[0], numbers[1]
        if 0 < row < 100 and 0 < column < 100:
            return row, column
    return None


def _aspect(ds: Dataset) -> list[str]:
    """A sentence where the pixels are not square, by their spacing or, where none is given, by
    Pixel Aspect Ratio (C.7.6.3.1.7), both vertical before horizontal."""
    for keyword in (*_SPACINGS, "NominalScannedPixelSpacing", "PixelAspectRatio"):
        numbers = [number for number in numbers_of(ds, keyword) if number is not None]
        if len(numbers) != 2 or min(numbers) <= 0:
            continue
        height, width = numbers
        if is_square(height, width):
            return []
        size = f"{height:g} mm high and {width:g} mm wide"
        if keyword == "PixelAspectRatio":
            size = f"height to width {height:g}:{width:g}, by its Pixel Aspect Ratio"
        return [not_square("The file", size)]
    return []
