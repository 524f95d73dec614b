from __future__ import annotations

import io
import tempfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset

from tests.cases.builders import dicom_bytes, encode, mammogram, noise
from tests.support.canaries import Canaries, found_in, planted
from xai_core.cases.readers import fork_server
from xai_core.cases.readers.dicom_header import shown_header
from xai_core.cases.sources import upload
from xai_core.cases.sources.upload import OWN_ID, OneCase, read_own
from xai_core.errors import CaseNotFound, UnreadableImage


def personal() -> Dataset:
    """A mammogram whose header contains many values that must not be shown."""
    ds = mammogram()
    ds.PatientBirthDate, ds.StudyDate, ds.AccessionNumber = "19990101", "20200202", "SECRET-2"
    ds.InstitutionName, ds.ReferringPhysicianName = "SECRET Hospital", "Secret^Doctor"
    ds.StudyDescription, ds.DeviceSerialNumber, ds.StationName = "SECRET", "SECRET-3", "SECRET-4"
    ds.Manufacturer, ds.ManufacturerModelName = "Maker", "Model\n7"
    ds.WindowCenter, ds.WindowWidth = 2000, 1500
    return ds


def test_dicom_header_shows_only_facts_of_the_picture() -> None:
    found = read_own(dicom_bytes(personal()), "Jane Doe 1999.dcm")
    assert found.header == {
        "Kind of file": "DICOM",
        "Modality": "MG",
        "Side (laterality)": "R",
        "View": "MLO",
        "Rows": "64",
        "Columns": "48",
        "Pixel spacing at the detector, mm": "0.07 x 0.07",
        "Bits stored": "12",
        "Bits allocated": "16",
        "Photometric interpretation": "MONOCHROME2",
        "Manufacturer": "Maker",
        "Model of the machine": "Model7",
        "Stored as": "Explicit VR Little Endian",
    }
    assert found.windowed == "window centre 2000, width 1500 (LINEAR)"
    assert (found.case.id, found.case.patient_id) == (OWN_ID, OWN_ID)
    text = repr((found.header, found.windowed, found.case))
    assert not any(word in text for word in ("SECRET", "Secret", "1999", "2020", "Jane", "1.2.3"))


@pytest.mark.filterwarnings("ignore:The value length")
def test_long_header_values_are_truncated() -> None:
    ds = Dataset()
    ds.ManufacturerModelName = "x" * 500
    assert shown_header(ds) == {"Model of the machine": "x" * 64}
    assert shown_header(Dataset()) == {}


@pytest.mark.parametrize(
    ("change", "windowed"),
    [
        ({}, "full range of its values"),
        ({"WindowCenter": 10, "WindowWidth": 0}, "full range of its values"),
        (
            {"WindowCenter": [2, 9], "WindowWidth": [4, 9], "VOILUTFunction": "SIGMOID"},
            "window centre 2, width 4 (SIGMOID)",
        ),
        (
            {"PhotometricInterpretation": "MONOCHROME1"},
            "full range of its values; black and white exchanged (MONOCHROME1)",
        ),
    ],
)
def test_windowing_is_described_in_words(change: dict[str, object], windowed: str) -> None:
    ds = mammogram()
    for key, value in change.items():
        setattr(ds, key, value)
    assert read_own(dicom_bytes(ds), "a.dcm").windowed == windowed


def test_header_facts_of_pictures() -> None:
    grey = read_own(encode(noise()), "a.png")
    assert grey.header == {
        "Kind of file": "PNG", "Rows": "64", "Columns": "48", "Pixels": "8 bits, grey",
    }  # fmt: skip
    deep = read_own(encode(noise(top=4095)), "a.png")
    assert deep.header["Pixels"] == "16 bits, grey"
    assert any("12 bits" in warning for warning in deep.case.warnings)
    colour = read_own(encode(np.stack([noise(seed=i) for i in range(3)], -1)), "a.png")
    assert colour.header["Pixels"] == "colour (RGB)"
    assert any("colour" in warning for warning in colour.case.warnings)


def test_exif_texts_are_not_shown() -> None:
    exif = Image.Exif()
    exif[0x013B], exif[0x010E] = "SECRET artist", "SECRET description"
    buffer = io.BytesIO()
    Image.fromarray(noise()).save(buffer, "JPEG", exif=exif)
    assert "SECRET" not in repr(read_own(buffer.getvalue(), "a.jpg"))


def test_no_identifier_of_a_file_comes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """See tests/e2e/test_canaries.py for the page; here, what is read, and the child's command."""
    commands: list[str] = []
    run = fork_server.SERVERS.run

    def recorded(words: list[str], wait: float) -> int:
        commands.append(repr(words))
        return run(words, wait)

    monkeypatch.setattr(fork_server.SERVERS, "run", recorded)
    canaries = Canaries(seed=1)
    for file in planted(canaries):
        assert found_in(file.data, canaries), "the search finds what is there"
        try:
            found = read_own(file.data, file.name)
            told = repr((found.header, found.windowed, found.case)).encode()
        except UnreadableImage as refused:
            assert file.refused
            told = str(refused).encode()
        else:
            assert not file.refused
        left = found_in(told, canaries)
        assert len(left) == len(file.shown)
        assert all(one.startswith(tuple(file.shown)) for one in left)
    assert len(set(canaries.given)) >= 200
    assert len(commands) >= 10
    assert not found_in("\n".join(commands).encode(), canaries)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"text", "not a picture"),
        (encode(noise(16, 16)), "32 to 20,000 px"),
        (encode(noise(64, 64))[:60], "damaged"),
        (dicom_bytes(mammogram())[:400], "damaged|cannot be decoded|no pixel data"),
    ],
)
def test_bad_files_raise_unreadable_image_with_one_sentence(data: bytes, says: str) -> None:
    with pytest.raises(UnreadableImage, match=says):
        read_own(data, "a.png")


def test_picture_too_large_for_a_browser_is_averaged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "MOST_SHOWN", 40 * 40)
    case = read_own(dicom_bytes(mammogram(noise(65, 48, top=4095))), "a.dcm").case
    assert case.image.shape == (32, 24)
    assert case.pixel_spacing == (0.14, 0.14)
    assert any("2 x 2" in warning for warning in case.warnings)
    whole = noise(65, 48)
    found = read_own(encode(whole), "a.png").case.image
    np.testing.assert_allclose(found[0, 1], whole[:2, 2:4].mean() / 255, atol=1e-6)


def test_no_temporary_file_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    read_own(dicom_bytes(personal()), "a.dcm")
    with pytest.raises(UnreadableImage):
        read_own(dicom_bytes(personal())[:400], "a.dcm")
    read_own(encode(noise()), "a.png")
    assert list(tmp_path.iterdir()) == []


def test_one_case_source_lists_and_loads_its_case() -> None:
    case = read_own(encode(noise()), "a.png").case
    source = OneCase(case)
    assert source.records() == (case,)
    assert source.load(OWN_ID) is case
    with pytest.raises(CaseNotFound, match="no case"):
        source.load("another")
