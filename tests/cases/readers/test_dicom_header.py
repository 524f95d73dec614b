from __future__ import annotations

import json

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from tests.cases.builders import mammogram
from xai_core.cases.readers.dicom_decoding import describe


def _code(value: str) -> Sequence:
    item = Dataset()
    item.CodeValue = value
    return Sequence([item])


def test_side_view_and_spacing() -> None:
    assert describe(mammogram()) == {
        "laterality": "R",
        "view": "MLO",
        "pixel_spacing": (0.07, 0.08),
        "warnings": [],
    }


def test_nothing_of_the_patient_is_told() -> None:
    ds = mammogram()
    ds.PatientBirthDate = "19990101"
    told = json.dumps(describe(ds))
    assert not any(word in told for word in ("SECRET", "Secret", "1999"))


@pytest.mark.parametrize(("code", "view"), [("R-10242", "CC"), ("399368009", "MLO"), ("x", None)])
def test_the_view_may_be_a_code(code: str, view: str | None) -> None:
    ds = mammogram()
    ds.ViewPosition, ds.ViewCodeSequence = "", _code(code)
    assert describe(ds)["view"] == view


def test_what_is_not_given_is_none() -> None:
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


def test_other_modalities_and_raw_values_are_told() -> None:
    ds = mammogram()
    ds.Modality, ds.PresentationIntentType = "CT", "FOR PROCESSING"
    warnings = describe(ds)["warnings"]
    assert "CT" in warnings[0]
    assert "raw detector values" in warnings[1]
