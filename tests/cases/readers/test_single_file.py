from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cases.builders import dicom_bytes, encode, mammogram, noise
from xai_core.cases.readers.single_file import plain_name, read_upload
from xai_core.errors import UnreadableImage


def test_uploaded_picture_becomes_a_case() -> None:
    case = read_upload(encode(noise()), "C:\\Users\\x\\scan.png")
    assert (case.id, case.source, case.pathology) == ("scan.png", "upload", None)
    assert case.image.shape == (64, 48)


def test_uploaded_dicom_is_recognised_under_any_name() -> None:
    case = read_upload(dicom_bytes(mammogram()), "scan.png")
    assert (case.laterality, case.view, case.pixel_spacing) == ("R", "MLO", (0.07, 0.07))
    assert "SECRET" not in repr(case)
    assert any("window" in w for w in case.warnings)


def test_warnings_of_the_reader_are_in_the_case() -> None:
    assert read_upload(encode(noise(top=4095)), "a.png").warnings


@pytest.mark.parametrize(
    ("data", "name", "says"),
    [
        (b"", "a.png", "empty"),
        (b"text", "a.png", "not a picture"),
        (b"text", "a.dcm", "not a DICOM file"),
        (b"text", "/etc/a\nb", "^a\N{REPLACEMENT CHARACTER}b "),
    ],
)
def test_bad_uploads_raise_unreadable_image(data: bytes, name: str, says: str) -> None:
    with pytest.raises(UnreadableImage, match=says):
        read_upload(data, name)


@given(st.text(max_size=300))
def test_shown_names_are_bounded_and_printable(name: str) -> None:
    shown = plain_name(name)
    assert 1 <= len(shown) <= 100
    assert shown.isprintable()
    assert "/" not in shown
    shown.encode()
