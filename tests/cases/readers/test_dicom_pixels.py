"""The grey values, computed in this process; the child process has its own tests."""

from __future__ import annotations

import io
import math
import warnings

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from tests.cases.builders import dicom_bytes, mammogram, noise
from xai_core.cases.readers.dicom import read_dicom
from xai_core.cases.readers.dicom_decoding import check_header, decode, grey_levels, to_grey
from xai_core.errors import UnreadableImage

RAMP = np.tile(np.arange(0, 4096, 64, dtype=np.uint16), (64, 1))


def _grey(ds: Dataset) -> np.ndarray:
    stored = np.frombuffer(ds.PixelData, np.uint16).reshape(ds.Rows, ds.Columns)
    return to_grey(ds, stored)[0]


def _table(entries: list[int], first: int, bits: int) -> Sequence:
    item = Dataset()
    item.LUTDescriptor = [len(entries), first, bits]
    item["LUTDescriptor"].VR = "SS" if first < 0 else "US"
    item.LUTData = entries
    item["LUTData"].VR = "US"
    return Sequence([item])


def test_without_a_window_the_value_range_is_used_with_a_note() -> None:
    ds = mammogram(RAMP)
    values, notes, _ = to_grey(ds, RAMP)
    assert values.dtype == np.float32
    np.testing.assert_allclose(values, RAMP / RAMP.max(), atol=1e-6)
    assert any("no window" in n for n in notes)


def test_monochrome1_is_inverted() -> None:
    ds = mammogram(RAMP)
    plain = _grey(ds)
    ds.PhotometricInterpretation = "MONOCHROME1"
    np.testing.assert_allclose(_grey(ds), 1 - plain, atol=1e-6)


@pytest.mark.parametrize("function", [None, "LINEAR", "LINEAR_EXACT", "SIGMOID"])
def test_window_functions_follow_the_standard(function: str | None) -> None:
    ds = mammogram(RAMP)
    ds.WindowCenter, ds.WindowWidth = 2000, 1001
    if function:
        ds.VOILUTFunction = function
    x = RAMP.astype(float)
    expected = {  # PS3.3 C.11.2.1.2.1, C.11.2.1.3.1, C.11.2.1.3.2
        "LINEAR": np.clip((x - 1999.5) / 1000 + 0.5, 0, 1),
        "LINEAR_EXACT": np.clip((x - 2000) / 1001 + 0.5, 0, 1),
        "SIGMOID": 1 / (1 + np.exp(-4 * (x - 2000) / 1001)),
    }[function or "LINEAR"]
    np.testing.assert_allclose(_grey(ds), expected, atol=1e-5)


def test_first_of_several_windows_is_used() -> None:
    ds = mammogram(RAMP)
    ds.WindowCenter, ds.WindowWidth = 2000, 1001
    first = _grey(ds)
    ds.WindowCenter, ds.WindowWidth = [2000, 9], [1001, 5]
    values, notes, _ = to_grey(ds, RAMP)
    np.testing.assert_array_equal(values, first)
    assert any("several windows" in n for n in notes)


@pytest.mark.parametrize(
    ("width", "function"), [(0, "LINEAR"), (-5, "LINEAR_EXACT"), (0, "SIGMOID"), (100, "ODD")]
)
def test_invalid_window_falls_back_to_the_value_range_with_a_note(
    width: int, function: str
) -> None:
    ds = mammogram(RAMP)
    ds.WindowCenter, ds.WindowWidth, ds.VOILUTFunction = 2000, width, function
    values, notes, _ = to_grey(ds, RAMP)
    np.testing.assert_allclose(values, RAMP / RAMP.max(), atol=1e-6)
    assert any("cannot be used" in n for n in notes)


def test_rescale_comes_before_the_window() -> None:
    ds = mammogram(RAMP)
    ds.WindowCenter, ds.WindowWidth = 2000, 1001
    expected = _grey(ds)
    ds.RescaleSlope, ds.RescaleIntercept = 2, -100
    ds.WindowCenter, ds.WindowWidth = 2 * 2000 - 100, 1
    ds.VOILUTFunction = "LINEAR_EXACT"
    ds.WindowWidth = 2002
    np.testing.assert_allclose(_grey(ds), expected, atol=2e-3)


def test_negative_rescale_slope_inverts_the_picture() -> None:
    ds = mammogram(RAMP)
    ds.RescaleSlope, ds.RescaleIntercept = -1, 4095
    ds.WindowCenter, ds.WindowWidth = 2048, 4096
    values = _grey(ds)
    assert values[0, 0] == pytest.approx(1, abs=0.01)  # stored 0 is 4095 after the rescale
    assert values[0, -1] < 0.05


@pytest.mark.parametrize("bits", [8, 12, 16])
def test_voi_lut_maps_values(bits: int) -> None:
    ds = mammogram(RAMP)
    top = 2**bits - 1
    entries = [round(top * math.sqrt(i / 4095)) for i in range(4096)]
    ds.VOILUTSequence = _table(entries, 0, bits)
    np.testing.assert_allclose(_grey(ds), np.array(entries)[RAMP] / top, atol=1e-6)


def test_voi_lut_is_clamped_at_its_ends() -> None:
    ds = mammogram(RAMP)
    ds.VOILUTSequence = _table([0, 100, 255], 1000, 8)
    values = _grey(ds)
    assert (values[RAMP <= 1000] == 0).all()
    assert (values[RAMP >= 1002] == 1).all()


def test_voi_lut_takes_precedence_over_a_window() -> None:
    ds = mammogram(RAMP)
    ds.VOILUTSequence = _table([0, 65535], 1999, 16)
    expected = _grey(ds)
    ds.WindowCenter, ds.WindowWidth = 1, 2
    ds.VOILUTSequence[0].LUTDescriptor = [2, 1999, 16]
    np.testing.assert_array_equal(_grey(ds), expected)


def test_modality_lut_is_applied() -> None:
    ds = mammogram(RAMP)
    ds.ModalityLUTSequence = _table([4095 - i for i in range(4096)], 0, 16)
    ds.ModalityLUTSequence[0].ModalityLUTType = "US"
    np.testing.assert_allclose(_grey(ds), 1 - RAMP / RAMP.max(), atol=1e-6)


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian], ids=str)
@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
@pytest.mark.parametrize("which", ["VOILUTSequence", "ModalityLUTSequence"])
@pytest.mark.parametrize("entries", [65536, 40000])
def test_tables_with_more_entries_than_a_signed_number_counts(
    entries: int, which: str, signed: bool, syntax: UID
) -> None:
    """For 65536 entries the descriptor says 0 (PS3.3 C.11.1.1.1, C.11.2.1.1).  The table is not
    monotone, so that a value that was looked up at another place is seen."""
    first = -32768 if signed else 0
    table = (np.arange(entries) * 40503 % 65536).astype("<u2")
    table[:2] = 0, 65535  # the whole range, which is stretched to black and white after all
    places = np.r_[0, 1, np.linspace(2, 65535, 64 * 48 - 2).astype(int)].reshape(64, 48)
    stored = (places + first).astype(np.int16 if signed else np.uint16)
    ds = mammogram(stored, syntax)
    ds.BitsStored, ds.HighBit = 16, 15
    item = Dataset()
    # Written as unsigned: the number of entries is, whatever the sign of the first value.
    item.add_new("LUTDescriptor", "US", [entries % 65536, first % 65536, 16])
    item.add_new("LUTData", "OW", table.tobytes())  # US has no room for it in explicit encodings
    if which == "ModalityLUTSequence":
        item.ModalityLUTType = "US"
    setattr(ds, which, [item])
    content = dicom_bytes(ds)
    if signed:  # the standard's VR then
        content = content.replace(b"\x28\x00\x02\x30US", b"\x28\x00\x02\x30SS")
    read = dcmread(io.BytesIO(content))
    check_header(read, "m.dcm")
    with warnings.catch_warnings():  # as in the child process
        warnings.simplefilter("ignore")
        pixels = decode(read, "m.dcm")
        levels, *_ = grey_levels(read, pixels)
    values = levels[pixels.words]
    np.testing.assert_allclose(values, table[places.clip(0, entries - 1)] / 65535, atol=1e-6)


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_padding_is_black_and_outside_the_range(photometric: str) -> None:
    stored = (RAMP // 4 + 1000).astype(np.uint16)
    stored[:, :3] = 4000, 4050, 4095
    ds = mammogram(stored)
    ds.PhotometricInterpretation = photometric
    ds.PixelPaddingValue, ds.PixelPaddingRangeLimit = 4095, 4000
    values = _grey(ds)
    assert (values[:, :3] == 0).all()
    assert values[:, 3:].min() == 0
    assert values[:, 3:].max() == 1


def test_single_padding_value_becomes_black() -> None:
    stored = RAMP.copy()
    stored[0, 0] = 4095
    ds = mammogram(stored)
    ds.PixelPaddingValue = 4095
    assert _grey(ds)[0, 0] == 0
    everything = np.full((64, 64), 7, np.uint16)
    ds = mammogram(everything)
    ds.PixelPaddingValue = 7
    assert (_grey(ds) == 0).all()


def test_constant_picture_gives_a_note() -> None:
    flat = np.full((64, 64), 7, np.uint16)
    assert any("same value" in n for n in to_grey(mammogram(flat), flat)[1])


def test_signed_values_are_windowed() -> None:
    stored = RAMP.astype(np.int16) - 2048
    ds = mammogram(stored)
    ds.WindowCenter, ds.WindowWidth = 0, 4096
    values, *_ = to_grey(ds, stored)
    np.testing.assert_allclose(values, np.clip((stored + 0.5) / 4095 + 0.5, 0, 1), atol=1e-6)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"PixelData": None}, "no pixel data"),
        ({"PixelData": None, "FloatPixelData": b"\0\0\0\0"}, "floating-point"),
        ({"NumberOfFrames": 5}, "5 frames"),
        ({"NumberOfFrames": 0}, "0 frames"),
        ({"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3}, "not a grey picture \\(RGB"),
        ({"PhotometricInterpretation": None}, "not a grey picture"),
        ({"SamplesPerPixel": 3}, "not a grey picture: .* 3 values per pixel .*Samples per Pixel"),
        ({"SamplesPerPixel": 0}, "0 values per pixel"),
        ({"Rows": None}, "without a usable Rows"),
        ({"Rows": 60_000, "Columns": 60_000}, "20,000 px"),
        ({"Rows": 12}, "48 x 12 px"),
        ({"BitsAllocated": 32, "BitsStored": 32}, "32 of 32 bits"),
        ({"BitsStored": 17}, "17 of 16"),
    ],
)
def test_unsupported_headers_are_refused(changes: dict[str, object], says: str) -> None:
    ds = mammogram()
    for key, value in changes.items():
        if value is None:
            delattr(ds, key)
        else:
            setattr(ds, key, value)
    with pytest.raises(UnreadableImage, match=rf"^m\.dcm .*{says}"):
        check_header(ds, "m.dcm")


@pytest.mark.parametrize(
    ("more", "told"), [(0, ""), (2, ""), (96, "1 more row"), (960, "10 more rows")]
)
def test_pixels_beyond_the_rows_are_told(more: int, told: str) -> None:
    ds = mammogram(noise(64, 48, top=4095))
    plain = read_dicom(dicom_bytes(ds), "m.dcm")
    ds.PixelData = ds.PixelData + b"\0" * more
    found = read_dicom(dicom_bytes(ds), "m.dcm")
    np.testing.assert_array_equal(found.image, plain.image)
    words = [
        warning for warning in found.warnings if "of pixels than its Rows (64) says" in warning
    ]
    assert [warning.startswith(f"The file holds {told} of") for warning in words] == [True] * bool(
        told
    )
