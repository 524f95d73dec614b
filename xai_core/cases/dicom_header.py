"""What a DICOM mammogram's header says about its picture: side, view and scale.

Names, dates and numbers of the patient are not read at all.
"""

from __future__ import annotations

from typing import Any

from pydicom.dataset import Dataset

# PS3.16 CID 4014 "View for Mammography": SNOMED CT, and the SNOMED-RT codes it replaced.
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
