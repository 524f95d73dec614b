"""What of a DICOM header may be shown: an allow-list about the picture and the machine.

Whatever is not named here stays in the file: names, numbers, dates and places of people, free text.
"""

from __future__ import annotations

from typing import Any

from pydicom.dataset import Dataset

_LONGEST = 64  # characters of a value; DICOM's own limit for most text (PS3.5 section 6.2)

# Title -> attribute, PS3.3 and PS3.6.
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


def told(ds: Dataset) -> dict[str, str]:
    """Title -> value of the allowed attributes the file has, in a fixed order, and how its pixels
    are stored.  Values are printable text of at most 64 characters."""
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
