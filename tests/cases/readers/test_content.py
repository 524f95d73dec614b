from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.cases.builders import dicom_bytes, encode, mammogram, noise
from xai_core.cases.readers.limits import kind_of, kind_of_file


def test_kinds_are_known_by_content() -> None:
    for kind in ("PNG", "JPEG", "TIFF"):
        assert kind_of(encode(noise(), kind)) == "picture"
    assert kind_of(dicom_bytes(mammogram())) == "dicom"


def test_a_dicom_whose_preamble_is_a_tiff_is_dicom() -> None:
    data = b"II*\0" + dicom_bytes(mammogram())[4:]
    assert kind_of(data) == "dicom"


@given(st.binary(max_size=127))
def test_short_bytes_are_never_dicom(data: bytes) -> None:
    assert kind_of(data) != "dicom"


def test_what_cannot_be_opened_has_no_kind(tmp_path: Path) -> None:
    assert kind_of_file(tmp_path) is None
    assert kind_of_file(tmp_path / "absent") is None
