"""DICOM files through the child process."""

from __future__ import annotations

import contextlib
import io
import tempfile
from pathlib import Path

import gdcm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    HTJ2KLossless,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from tests.cases.builders import dicom_bytes, encode, mammogram, noise
from xai_core.cases.readers import dicom, dicom_child, fork_server
from xai_core.cases.readers.dicom import read_dicom
from xai_core.cases.readers.fork_server import ForkServers
from xai_core.errors import UnreadableImage

PLAIN = noise(64, 48, top=4095)


def _windowed(syntax: UID | None = None) -> bytes:
    ds = mammogram(PLAIN)
    ds.WindowCenter, ds.WindowWidth, ds.VOILUTFunction = 2048, 4096, "LINEAR_EXACT"
    if syntax == DeflatedExplicitVRLittleEndian:
        ds.file_meta.TransferSyntaxUID = syntax
    elif syntax == RLELossless:
        ds.compress(syntax)
    data = dicom_bytes(ds)
    return (
        data
        if syntax in (None, RLELossless, DeflatedExplicitVRLittleEndian)
        else _gdcm(data, syntax)
    )


def _gdcm(data: bytes, syntax: UID) -> bytes:
    """The file compressed anew, by way of files: GDCM reads no memory from Python."""
    with tempfile.TemporaryDirectory() as folder:
        before, after = Path(folder, "a.dcm"), Path(folder, "b.dcm")
        before.write_bytes(data)
        reader = gdcm.ImageReader()
        reader.SetFileName(str(before))
        assert reader.Read()
        change = gdcm.ImageChangeTransferSyntax()
        change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(str(syntax))))
        change.SetInput(reader.GetImage())
        assert change.Change()
        writer = gdcm.ImageWriter()
        writer.SetFileName(str(after))
        writer.SetFile(reader.GetFile())
        writer.SetImage(change.GetOutput())
        assert writer.Write()
        return after.read_bytes()


@pytest.mark.parametrize(
    "syntax",
    [
        None,
        DeflatedExplicitVRLittleEndian,
        RLELossless,
        JPEGLosslessSV1,
        JPEGLSLossless,
        JPEG2000Lossless,
    ],
    ids=lambda s: "uncompressed" if s is None else s.name,
)
def test_lossless_syntaxes_give_the_same_picture(syntax: UID | None) -> None:
    data = _windowed(syntax)
    if syntax is not None:
        assert dcmread(io.BytesIO(data)).file_meta.TransferSyntaxUID == syntax
    found = read_dicom(data, "m.dcm")
    expected = np.clip((PLAIN.astype(float) - 2048) / 4096 + 0.5, 0, 1)
    np.testing.assert_allclose(found.image, expected, atol=1e-5)
    assert found.image.dtype == np.float32
    assert not found.image.flags.writeable
    assert (found.laterality, found.view, found.pixel_spacing) == ("R", "MLO", (0.07, 0.07))
    assert found.warnings == ()


def test_jpeg_baseline_is_decoded() -> None:
    smooth = np.tile(np.linspace(0, 255, 64).astype(np.uint8), (64, 1))
    ds = mammogram(smooth, JPEGBaseline8Bit)
    ds.PixelData = encapsulate([encode(smooth, "JPEG", quality=95)])
    ds["PixelData"].is_undefined_length = True
    found = read_dicom(dicom_bytes(ds), "m.dcm")
    np.testing.assert_allclose(found.image, smooth / 255, atol=0.05)


@pytest.mark.parametrize("cut", [1, 2])
def test_jpeg_without_its_end_marker_is_read(cut: int) -> None:
    def file(jpeg: bytes) -> bytes:
        ds = mammogram(noise(), JPEGBaseline8Bit)
        ds.PixelData = encapsulate([jpeg])
        ds["PixelData"].is_undefined_length = True
        return dicom_bytes(ds)

    whole = encode(noise(), "JPEG", quality=95)
    with pytest.raises(UnreadableImage, match="cannot be decoded"):
        read_dicom(file(whole[:-400]), "m.dcm")
    found = read_dicom(file(whole[:-cut]), "m.dcm")
    np.testing.assert_array_equal(found.image, read_dicom(file(whole), "m.dcm").image)
    assert "lacks its end marker" in " ".join(found.warnings)


@pytest.mark.parametrize("file", ["JPGExtended.dcm", "JPEG-lossy.dcm"])
def test_12_bit_jpeg_extended_is_decoded(file: str) -> None:
    path = Path(str(get_testdata_file(file, download=False)))
    found = read_dicom(path, file)
    assert found.image.shape == (1024, 256)
    assert 0.02 < found.image.mean() < 0.2


@pytest.mark.parametrize("file", ["image_dfl.dcm", "JPEG2000.dcm", "MR_small_expb.dcm"])
def test_dicom_files_of_other_software_are_read(file: str) -> None:
    found = read_dicom(Path(str(get_testdata_file(file, download=False))), file)
    assert np.ptp(found.image) > 0.5
    assert any("not MG" in w for w in found.warnings)


def test_implicit_vr_and_signed_values() -> None:
    stored = PLAIN.astype(np.int16) - 2048
    ds = mammogram(stored, ImplicitVRLittleEndian)
    found = read_dicom(dicom_bytes(ds), "m.dcm")
    np.testing.assert_allclose(found.image, PLAIN / 4095, atol=1e-5)


def test_bits_above_the_stored_ones_are_ignored() -> None:
    dirty = (PLAIN | 0xF000).astype(np.uint16)
    np.testing.assert_allclose(
        read_dicom(dicom_bytes(mammogram(dirty)), "m.dcm").image, PLAIN / 4095, atol=1e-5
    )


def test_path_and_bytes_give_the_same_picture(tmp_path: Path) -> None:
    path = tmp_path / "with blank é.dcm"
    path.write_bytes(_windowed())
    np.testing.assert_array_equal(
        read_dicom(path, path.name).image, read_dicom(_windowed(), "b").image
    )


def _changed(**values: object) -> bytes:
    ds = mammogram()
    for key, value in values.items():
        setattr(ds, key, value)
    return dicom_bytes(ds)


def _without_pixels() -> bytes:
    ds = mammogram()
    del ds.PixelData
    return dicom_bytes(ds)


def _colour() -> bytes:
    ds = mammogram(np.zeros((40, 120), np.uint8))
    ds.Columns, ds.SamplesPerPixel, ds.PlanarConfiguration = 40, 3, 0
    ds.PhotometricInterpretation = "RGB"
    return dicom_bytes(ds)


def _rle_bomb() -> bytes:
    """Some hundred bytes that claim four gigapixels."""
    ds = mammogram()
    ds.compress(RLELossless)
    ds.Rows = ds.Columns = 65535
    return dicom_bytes(ds)


def _truncated_jpeg() -> bytes:
    picture = noise(128, 128)
    ds = mammogram(picture, JPEGBaseline8Bit)
    ds.PixelData = encapsulate([encode(picture, "JPEG")[:200]])
    ds["PixelData"].is_undefined_length = True
    return dicom_bytes(ds)


def _unread_compression() -> bytes:
    ds = mammogram(noise(), HTJ2KLossless)
    ds.PixelData = encapsulate([b"\xff\x4f\xff\x51" + bytes(60)])
    ds["PixelData"].is_undefined_length = True
    return dicom_bytes(ds)


BAD = {
    "empty": (b"", "empty"),
    "text": (b"I am text" * 50, "not a DICOM file"),
    "preamble only": (bytes(128) + b"DICM", ""),
    "header cut": (_changed()[:300], ""),
    "pixels cut": (_changed()[:-500], "damaged"),
    "no pixels": (_without_pixels(), "no pixel data"),
    "frames": (_changed(NumberOfFrames=3, Rows=32, Columns=32), "3 frames"),
    "colour": (_colour(), "not a grey picture (RGB)"),
    "small": (_changed(Rows=16), "48 x 16 px"),
    "rle bomb": (_rle_bomb(), "65535 x 65535"),
    "jpeg cut": (_truncated_jpeg(), "cannot be decoded"),
    "compression": (_unread_compression(), "High-Throughput JPEG 2000"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_refused_in_one_sentence(name: str, tmp_path: Path) -> None:
    data, says = BAD[name]
    path = tmp_path / "x.dcm"
    path.write_bytes(data)
    with pytest.raises(UnreadableImage) as caught:
        read_dicom(path, "x.dcm")
    sentence = str(caught.value)
    assert sentence.startswith("x.dcm ")
    assert says in sentence
    assert str(tmp_path) not in sentence
    assert "\n" not in sentence


def test_missing_file_raises_unreadable_image(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImage, match="no longer there"):
        read_dicom(tmp_path / "x.dcm", "x.dcm")


@pytest.mark.timeout(120)
def test_a_deflated_bomb_meets_the_memory_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small file whose data set inflates beyond the child's memory (PS3.5 A.5)."""
    import zlib

    head = dicom_bytes(mammogram(syntax=DeflatedExplicitVRLittleEndian))
    with_meta = dcmread(io.BytesIO(head), stop_before_pixels=True)
    start = 128 + 4 + 12 + with_meta.file_meta.FileMetaInformationGroupLength
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = packer.compress(bytes(2**24)) + packer.flush(zlib.Z_FULL_FLUSH)
    body = block * 96 + packer.flush()  # 1.5 GiB
    assert len(body) < 2**21
    monkeypatch.setattr(dicom, "MEMORY", 2**30)
    with pytest.raises(UnreadableImage, match=r"^bomb\.dcm (needs more than|could not be opened)"):
        read_dicom(head[:start] + body, "bomb.dcm")


def test_a_file_that_takes_too_long_is_refused(
    monkeypatch: pytest.MonkeyPatch, servers: ForkServers
) -> None:
    monkeypatch.setattr(dicom, "WAIT_SECONDS", 0.01)
    with pytest.raises(UnreadableImage, match="took longer than"):
        read_dicom(_windowed(), "slow.dcm")


def test_crashed_child_process_gives_an_error_sentence(
    monkeypatch: pytest.MonkeyPatch, servers: ForkServers
) -> None:
    monkeypatch.setattr(fork_server.sys, "executable", "/bin/false")
    with pytest.raises(UnreadableImage, match="limits of memory and time"):
        read_dicom(_windowed(), "dead.dcm")


def test_child_program_writes_image_or_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program itself, without its limits: they would stay on the test process."""
    monkeypatch.setattr(dicom_child, "limit_resources", lambda memory: None)
    path = tmp_path / "m.dcm"
    path.write_bytes(_windowed())
    assert dicom_child.main([str(path), "m.dcm", str(tmp_path), "1"]) == 0
    assert np.load(tmp_path / "image.npy", allow_pickle=False).shape == (64, 48)
    path.write_bytes(b"text")
    assert dicom_child.main([str(path), "m.dcm", str(tmp_path), "1"]) == 1
    assert "not a DICOM file" in (tmp_path / "error.txt").read_text()


@settings(deadline=None, max_examples=100)
@given(data=st.data())
def test_corrupted_bytes_raise_only_unreadable_image(data: st.DataObject) -> None:
    file = bytearray(_windowed())
    header = len(file) - PLAIN.nbytes
    for _ in range(data.draw(st.integers(1, 5))):
        file[data.draw(st.integers(132, header - 1))] = data.draw(st.integers(0, 255))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "m.dcm")
        path.write_bytes(file)
        with contextlib.suppress(UnreadableImage, MemoryError):
            dicom_child.read(path, "m.dcm", Path(folder))
            values = np.load(Path(folder, "image.npy"), allow_pickle=False)
            assert 0 <= values.min() <= values.max() <= 1
