from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cases.builders import dicom_bytes, encode, mammogram, noise
from xai_core.cases.readers.limits import kind_of, kind_of_file
from xai_core.cases.readers.raster import read_picture
from xai_core.cases.sources.walk import walk
from xai_core.errors import UnreadableImage


def test_kind_is_detected_from_content() -> None:
    for kind in ("PNG", "JPEG", "TIFF"):
        assert kind_of(encode(noise(), kind)) == "picture"
    assert kind_of(dicom_bytes(mammogram())) == "dicom"


def test_dicom_with_a_tiff_preamble_is_dicom() -> None:
    data = b"II*\0" + dicom_bytes(mammogram())[4:]
    assert kind_of(data) == "dicom"


@given(st.binary(max_size=127))
def test_short_bytes_are_never_dicom(data: bytes) -> None:
    assert kind_of(data) != "dicom"


def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")  # opening it would block
    assert kind_of_file(tmp_path / "pipe.png") is None
    with pytest.raises(UnreadableImage, match=r"^pipe\.png is not a regular file \(it is a pipe"):
        read_picture(tmp_path / "pipe.png", "pipe.png")


def test_a_hidden_pipe_in_a_folder_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".pipe.png")
    assert walk(tmp_path, max_files=9).files == []


def test_kind_of_a_folder_or_missing_file_is_none(tmp_path: Path) -> None:
    assert kind_of_file(tmp_path) is None
    assert kind_of_file(tmp_path / "absent") is None
