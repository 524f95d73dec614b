from __future__ import annotations

import json

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from tests.cases.builders import mammogram
from xai_core.cases.readers.dicom_header import describe


def _code(value: str) -> Sequence:
    item = Dataset()
    item.CodeValue = value
    return Sequence([item])


def test_side_view_and_spacing() -> None:
    assert describe(mammogram()) == {
        "laterality": "R",
        "view": "MLO",
        "pixel_spacing": (0.07, 0.07),
        "warnings": [],
    }


def test_patient_data_are_not_read() -> None:
    ds = mammogram()
    ds.PatientBirthDate = "19990101"
    text = json.dumps(describe(ds))
    assert not any(word in text for word in ("SECRET", "Secret", "1999"))


@pytest.mark.parametrize(("code", "view"), [("R-10242", "CC"), ("399368009", "MLO"), ("x", None)])
def test_view_is_read_from_the_code_sequence(code: str, view: str | None) -> None:
    ds = mammogram()
    ds.ViewPosition, ds.ViewCodeSequence = "", _code(code)
    assert describe(ds)["view"] == view


def test_missing_header_values_are_none() -> None:
    ds = mammogram()
    for key in ("ImageLaterality", "ViewPosition", "ImagerPixelSpacing"):
        delattr(ds, key)
    found = describe(ds)
    assert found["laterality"] is found["view"] is found["pixel_spacing"] is None
    ds.Laterality, ds.PixelSpacing = "L", [0.1, 0.1]
    found = describe(ds)
    assert (found["laterality"], found["pixel_spacing"]) == ("L", (0.1, 0.1))
    ds.Laterality = "B"
    ds.PixelSpacing = [0, 0.1]
    found = describe(ds)
    assert found["laterality"] is found["pixel_spacing"] is None
    assert "pixel spacing cannot be used" in " ".join(found["warnings"])


@pytest.mark.parametrize(
    ("elements", "says"),
    [
        ({"ImagerPixelSpacing": [0.1, 0.1]}, None),
        ({"ImagerPixelSpacing": [0.1, 0.1004]}, None),  # rounding
        ({"ImagerPixelSpacing": [0.1, 0.1], "PixelAspectRatio": ["2", "1"]}, None),
        ({"ImagerPixelSpacing": [0.2, 0.1]}, "0.2 mm high and 0.1 mm wide"),
        ({"PixelSpacing": [0.07, 0.08]}, "0.07 mm high and 0.08 mm wide"),
        ({"NominalScannedPixelSpacing": [0.07, 0.08]}, "0.07 mm high and 0.08 mm wide"),
        ({"PixelAspectRatio": ["7", "8"]}, "height to width 7:8, by its Pixel Aspect Ratio"),
        ({"PixelAspectRatio": ["7", "7"]}, None),
        ({"PixelAspectRatio": ["0", "7"]}, None),
        ({"PixelAspectRatio": "7"}, None),
    ],
)
def test_pixels_that_are_not_square_are_told(elements: dict[str, object], says: str | None) -> None:
    ds = mammogram()
    del ds.ImagerPixelSpacing
    for key, value in elements.items():
        setattr(ds, key, value)
    warnings = describe(ds)["warnings"]
    assert warnings == [] if says is None else says in warnings[0]
    assert says is None or "shown and explained as if they were square" in warnings[0]


def test_other_modalities_and_raw_values_give_warnings() -> None:
    ds = mammogram()
    ds.Modality, ds.PresentationIntentType = "CT", "FOR PROCESSING"
    warnings = describe(ds)["warnings"]
    assert "CT" in warnings[0]
    assert "raw detector values" in warnings[1]


@pytest.mark.parametrize(
    ("uid", "says"),
    [
        ("1.2.840.10008.5.1.4.1.1.1.2", None),  # Digital Mammography X-Ray Image Storage
        ("1.2.840.10008.5.1.4.1.1.66.4", None),  # Segmentation Storage
        ("1.2.3.4", None),  # a class nobody knows
        ("1.2.840.10008.5.1.4.1.1.88.22", "it is no image (Enhanced SR Storage)"),
    ],
)
def test_a_class_that_is_no_picture_is_told(uid: str, says: str | None) -> None:
    ds = mammogram()
    ds.SOPClassUID = uid
    warnings = describe(ds)["warnings"]
    assert warnings == [] if says is None else says in warnings[0]
