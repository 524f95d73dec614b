"""Header elements that are missing, empty, malformed or in functional groups: whole files, built
and read back, without the child process."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRBigEndian, JPEG2000Lossless, RLELossless

from tests.cases.builders import dicom_bytes, mammogram, noise
from tests.support.dicom_bytes import element, with_element
from xai_core.cases.readers import dicom_child

RAMP = np.tile(np.arange(0, 4096, 64, dtype=np.uint16), (64, 1))
SIGNED = RAMP.astype(np.int16) - 2048


def _read(data: bytes, folder: Path) -> tuple[np.ndarray, dict[str, Any]]:
    """What the child program makes of a file, in this process."""
    import json

    path = folder / "m.dcm"
    path.write_bytes(data)
    dicom_child.read(path, "m.dcm", folder)
    return np.load(folder / "image.npy"), json.loads((folder / "facts.json").read_text())


def _windowed(stored: np.ndarray = RAMP, **elements: Any) -> Dataset:
    ds = mammogram(stored)
    ds.WindowCenter, ds.WindowWidth = (0 if stored.min() < 0 else 2048), 4096
    ds.VOILUTFunction = "LINEAR_EXACT"
    for key, value in elements.items():
        if value is None:
            delattr(ds, key)
        else:
            setattr(ds, key, value)
    return ds


EXPECTED = np.clip(RAMP / 4096, 0, 1)


@pytest.mark.parametrize(
    ("keyword", "says"),
    [
        ("BitsStored", "Bits Stored is missing; 12 (from High Bit) is used"),
        ("SamplesPerPixel", "Samples per Pixel is missing; 1 is used"),
        ("PixelRepresentation", "Pixel Representation is missing; 0 is used"),
        ("BitsAllocated", "Bits Allocated is missing; 16 is used"),
        ("HighBit", ""),
    ],
)
@pytest.mark.parametrize("empty", [False, True])
def test_missing_description_of_the_pixels(
    tmp_path: Path, keyword: str, says: str, empty: bool
) -> None:
    data = dicom_bytes(_windowed())
    data = with_element(data, keyword, b"" if empty else None)
    values, facts = _read(data, tmp_path)
    np.testing.assert_allclose(values, EXPECTED, atol=1e-6)
    says = says.replace("is missing", "is empty or malformed") if empty else says
    assert says in " ".join(facts["warnings"])
    assert bool(facts["warnings"]) is bool(says)


@pytest.mark.parametrize("value", [b"-1", b"0 ", b"1.5 ", b"x "])
def test_an_impossible_number_of_frames_is_one_and_told(tmp_path: Path, value: bytes) -> None:
    values, facts = _read(with_element(dicom_bytes(_windowed()), "NumberOfFrames", value), tmp_path)
    np.testing.assert_allclose(values, EXPECTED, atol=1e-6)
    (warning,) = facts["warnings"]
    assert warning.startswith("The file's Number of Frames ")
    assert warning.endswith("; 1 is used.")


def test_all_bits_are_used_where_neither_bits_stored_nor_high_bit_is_given(tmp_path: Path) -> None:
    stored = (RAMP * 16).astype(np.uint16)
    values, facts = _read(dicom_bytes(_windowed(stored, BitsStored=None, HighBit=None)), tmp_path)
    np.testing.assert_allclose(values, np.clip(stored / 4096.0, 0, 1), atol=1e-6)
    assert "16 (all that are allocated)" in facts["warnings"][0]


@pytest.mark.parametrize(
    ("slope", "intercept"),
    [(b"", b""), (b"1 ", b""), (b"", b"0 "), (b"NaN ", b"0 "), (b"0 ", b"0 "), (b"abcd", b"0 ")],
)
def test_unusable_rescale_is_1_and_0(tmp_path: Path, slope: bytes, intercept: bytes) -> None:
    data = with_element(dicom_bytes(_windowed()), "RescaleSlope", slope)
    values, facts = _read(with_element(data, "RescaleIntercept", intercept), tmp_path)
    np.testing.assert_allclose(values, EXPECTED, atol=1e-6)
    assert any("Rescale" in warning for warning in facts["warnings"])


def test_one_half_of_a_rescale_counts(tmp_path: Path) -> None:
    data = with_element(dicom_bytes(_windowed()), "RescaleSlope", b"2 ")
    values, facts = _read(data, tmp_path)
    np.testing.assert_allclose(values, np.clip(2 * RAMP / 4096, 0, 1), atol=1e-6)
    assert "Rescale Intercept is missing; 0 is used" in " ".join(facts["warnings"])


@pytest.mark.parametrize("slope", [b"2,0 ", b"2.0\\5.0 "])
def test_decimal_comma_and_second_values(tmp_path: Path, slope: bytes) -> None:
    data = with_element(dicom_bytes(_windowed()), "RescaleSlope", slope)
    data = with_element(data, "RescaleIntercept", b"-10,5 ")
    data = with_element(data, "WindowCenter", b"2048,0")
    data = with_element(data, "ImagerPixelSpacing", b"0,07\\0,08 ")
    values, facts = _read(data, tmp_path)
    np.testing.assert_allclose(values, np.clip((2.0 * RAMP - 10.5) / 4096, 0, 1), atol=1e-6)
    assert facts["pixel_spacing"] == [0.07, 0.08]
    told = " ".join(facts["warnings"])
    assert "Rescale Slope" in told
    assert "centre 2048, width 4096" in told


@pytest.mark.parametrize("given", [b"", b"  "])
def test_empty_voi_function_is_linear(tmp_path: Path, given: bytes) -> None:
    ds = _windowed(VOILUTFunction=None)
    plain, _ = _read(dicom_bytes(ds), tmp_path)
    values, facts = _read(with_element(dicom_bytes(ds), "VOILUTFunction", given), tmp_path)
    np.testing.assert_array_equal(values, plain)
    assert "VOI LUT Function is empty; LINEAR" in facts["warnings"][0]


@pytest.mark.parametrize("width", [b"", b"abcd"])
def test_window_without_a_usable_width_gives_way_to_the_range(tmp_path: Path, width: bytes) -> None:
    data = with_element(dicom_bytes(_windowed()), "WindowWidth", width)
    values, facts = _read(data, tmp_path)
    np.testing.assert_allclose(values, RAMP / RAMP.max(), atol=1e-6)
    told = [text for text in facts["warnings"] if "window" in text]
    assert told == ["The file's window cannot be used; its full range of values is shown."]


def test_unknown_voi_function_is_linear(tmp_path: Path) -> None:
    ds = _windowed(VOILUTFunction=None)
    plain, _ = _read(dicom_bytes(ds), tmp_path)
    values, facts = _read(with_element(dicom_bytes(ds), "VOILUTFunction", b"CUBIC "), tmp_path)
    np.testing.assert_array_equal(values, plain)
    assert "VOI LUT Function cannot be used; LINEAR" in facts["warnings"][0]


def test_photometric_interpretation_in_lower_case_is_read(tmp_path: Path) -> None:
    ds = _windowed()
    plain, without = _read(dicom_bytes(ds), tmp_path)
    data = with_element(dicom_bytes(ds), "PhotometricInterpretation", b"monochrome2 ")
    values, facts = _read(data, tmp_path)
    np.testing.assert_array_equal(values, plain)
    assert facts["warnings"] == without["warnings"]


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (b"-- end of transfer --", True),
        (b"\xff" * 999, True),
        (dicom_bytes(mammogram(RAMP))[132:], True),
        (bytes(500), False),
        (b"\r\n", False),
        (struct.pack("<HH2sHI", 0xFFFC, 0xFFFC, b"OB", 0, 4) + bytes(4), False),
    ],
    ids=["text", "erased flash", "a second file", "zeros", "line end", "trailing padding"],
)
def test_what_follows_the_pixels_is_left_out_and_told(
    tmp_path: Path, after: bytes, told: bool
) -> None:
    plain, without = _read(dicom_bytes(_windowed()), tmp_path)
    values, facts = _read(dicom_bytes(_windowed()) + after, tmp_path)
    np.testing.assert_array_equal(values, plain)
    note = ["Bytes after the end of the file's picture are left out."] if told else []
    assert facts["warnings"] == note + without["warnings"]


def test_first_usable_of_several_windows(tmp_path: Path) -> None:
    data = with_element(dicom_bytes(_windowed()), "WindowCenter", b"abcd\\2048 ")
    data = with_element(data, "WindowWidth", b"10\\4096 ")
    values, facts = _read(data, tmp_path)
    np.testing.assert_allclose(values, EXPECTED, atol=1e-6)
    assert "window is malformed" in " ".join(facts["warnings"])


@pytest.mark.parametrize(
    "vr_and_value",
    [
        (b"US", (63536).to_bytes(2, "little")),
        (b"SS", (-2000).to_bytes(2, "little", signed=True)),
        (b"US", (63536 & 0xFFF).to_bytes(2, "little")),  # the sign of the 12 bits stored
        (b"OW", (63536).to_bytes(2, "little")),
        (b"IS", b"-2000 "),
    ],
)
def test_padding_of_signed_pixels_whatever_its_type(
    tmp_path: Path, vr_and_value: tuple[bytes, bytes]
) -> None:
    stored = SIGNED // 2
    stored[:, :5] = -2000
    vr, value = vr_and_value
    data = with_element(dicom_bytes(mammogram(stored)), "PixelPaddingValue", value, vr=vr)
    values, _ = _read(data, tmp_path)
    inside = stored[:, 5:].astype(float)
    expected = (inside - inside.min()) / np.ptp(inside)
    np.testing.assert_allclose(values[:, 5:], expected, atol=1e-6)
    assert (values[:, :5] == 0).all()


@pytest.mark.parametrize("vr", [b"SS", b"US"])
def test_padding_of_unsigned_pixels_written_signed(tmp_path: Path, vr: bytes) -> None:
    stored = (RAMP // 2 + 100).astype(np.uint16)
    stored[:, :5] = 65000
    ds = mammogram(stored)
    ds.BitsStored, ds.HighBit = 16, 15
    value = (65000).to_bytes(2, "little")
    values, _ = _read(with_element(dicom_bytes(ds), "PixelPaddingValue", value, vr=vr), tmp_path)
    inside = stored[:, 5:].astype(float)
    np.testing.assert_allclose(values[:, 5:], (inside - inside.min()) / np.ptp(inside), atol=1e-6)
    assert (values[:, :5] == 0).all()


@pytest.mark.parametrize("stored", [RAMP, SIGNED], ids=["unsigned", "signed"])
@pytest.mark.parametrize("dirt", [0, 0x5])
def test_values_at_high_bit(tmp_path: Path, stored: np.ndarray, dirt: int) -> None:
    """Bits Stored 12 below High Bit 15: the values sit in the upper bits of each word."""
    words = (stored.view(np.uint16) << 4) | dirt
    ds = _windowed(stored)
    ds.PixelData, ds.HighBit = words.astype(np.uint16).tobytes(), 15
    values, _ = _read(dicom_bytes(ds), tmp_path)
    np.testing.assert_allclose(values, EXPECTED, atol=1e-6)


def test_wrong_high_bit_is_told(tmp_path: Path) -> None:
    values, facts = _read(dicom_bytes(_windowed(RAMP + 1, HighBit=15)), tmp_path)
    np.testing.assert_allclose(values, np.clip((RAMP + 1) / 4096, 0, 1), atol=1e-6)
    assert "they begin at bit 0" in " ".join(facts["warnings"])
    values, facts = _read(dicom_bytes(_windowed(HighBit=3)), tmp_path)
    np.testing.assert_allclose(values, EXPECTED, atol=1e-6)
    assert "High Bit (3) cannot be used; 11" in " ".join(facts["warnings"])


@pytest.mark.parametrize("syntax", [None, RLELossless, JPEG2000Lossless], ids=str)
@pytest.mark.parametrize("stored", [RAMP, SIGNED], ids=["unsigned", "signed"])
def test_overlay_in_the_high_bits_is_not_shown(
    tmp_path: Path, stored: np.ndarray, syntax: Any
) -> None:
    words = (stored.view(np.uint16) & 0x0FFF).copy()
    words[10:20, 10:20] |= 0xA000
    ds = _windowed(stored)
    ds.PixelData = words.tobytes()
    if syntax == RLELossless:
        ds.compress(RLELossless)
    elif syntax is not None:
        buffer = io.BytesIO()
        from PIL import Image
        from pydicom.encaps import encapsulate

        Image.fromarray(words).save(buffer, "JPEG2000", irreversible=False, no_jp2=True)
        ds.file_meta.TransferSyntaxUID = syntax
        ds.PixelData = encapsulate([buffer.getvalue()])
        ds["PixelData"].is_undefined_length = True
    values, facts = _read(dicom_bytes(ds), tmp_path)
    np.testing.assert_allclose(values, EXPECTED, atol=1e-6)
    assert "not part of the picture" in " ".join(facts["warnings"])


def test_big_endian_words(tmp_path: Path) -> None:
    ds = _windowed()
    ds.PixelData = RAMP.astype(">u2").tobytes()
    ds.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    buffer = io.BytesIO()
    ds.save_as(buffer, implicit_vr=False, little_endian=False, enforce_file_format=True)
    values, facts = _read(buffer.getvalue(), tmp_path)
    np.testing.assert_allclose(values, EXPECTED, atol=1e-6)
    assert facts["warnings"] == []


# --- Functional groups ------------------------------------------------------------------------


def _group(**sequences: dict[str, Any]) -> Sequence:
    """A functional group: keyword of a sequence -> elements of its only item."""
    group = Dataset()
    for keyword, elements in sequences.items():
        item = Dataset()
        for key, value in elements.items():
            setattr(item, key, value)
        setattr(group, keyword, Sequence([item]))
    return Sequence([group])


@pytest.mark.parametrize(
    "place", ["SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"]
)
def test_values_in_functional_groups_are_used(tmp_path: Path, place: str) -> None:
    ds = mammogram(RAMP)
    for keyword in ("ImageLaterality", "ImagerPixelSpacing", "ViewPosition"):
        delattr(ds, keyword)
    ds.NumberOfFrames = 1
    groups = _group(
        FrameVOILUTSequence={
            "WindowCenter": 4096, "WindowWidth": 8192, "VOILUTFunction": "LINEAR_EXACT",
        },
        PixelValueTransformationSequence={"RescaleSlope": 2, "RescaleIntercept": 0},
        FrameAnatomySequence={"FrameLaterality": "L"},
        PixelMeasuresSequence={"PixelSpacing": [0.1, 0.2]},
    )  # fmt: skip
    setattr(ds, place, groups)
    values, facts = _read(dicom_bytes(ds), tmp_path)
    np.testing.assert_allclose(values, EXPECTED, atol=1e-6)
    assert facts["laterality"] == "L"
    assert facts["pixel_spacing"] == [0.1, 0.2]
    assert ["not square" in warning for warning in facts["warnings"]] == [True]


def test_a_table_in_a_functional_group_is_used(tmp_path: Path) -> None:
    table = Dataset()
    table.LUTDescriptor = [4096, 0, 12]
    table["LUTDescriptor"].VR = "US"
    table.add_new("LUTData", "OW", np.arange(4095, -1, -1, dtype="<u2").tobytes())
    ds = mammogram(RAMP)
    ds.SharedFunctionalGroupsSequence = _group(
        FrameVOILUTSequence={"VOILUTSequence": Sequence([table])}
    )
    values, _ = _read(dicom_bytes(ds), tmp_path)
    np.testing.assert_allclose(values, 1 - RAMP / 4095, atol=1e-6)


def test_the_first_frame_comes_before_the_shared_groups_and_after_the_top(tmp_path: Path) -> None:
    ds = mammogram(RAMP)
    window = {"WindowCenter": 2048, "WindowWidth": 4096, "VOILUTFunction": "LINEAR_EXACT"}
    other = {"WindowCenter": 1, "WindowWidth": 2}
    ds.PerFrameFunctionalGroupsSequence = _group(FrameVOILUTSequence=window)
    ds.SharedFunctionalGroupsSequence = _group(FrameVOILUTSequence=other)
    values, _ = _read(dicom_bytes(ds), tmp_path)
    np.testing.assert_allclose(values, EXPECTED, atol=1e-6)
    ds = _windowed()
    ds.SharedFunctionalGroupsSequence = _group(FrameVOILUTSequence=other)
    values, _ = _read(dicom_bytes(ds), tmp_path)
    np.testing.assert_allclose(values, EXPECTED, atol=1e-6)


# --- Side and orientation ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "view", "orientation", "says"),
    [
        ("R", "MLO", ["P", "FL"], None),
        ("L", "MLO", ["A", "FR"], None),
        ("R", "CC", ["P", "L"], None),
        ("L", "CC", ["A", "R"], None),
        ("L", "MLO", ["P", "FR"], "this L breast is stored mirrored;"),
        ("R", "CC", ["A", "L"], "this R breast is stored mirrored;"),
        ("L", "CC", ["A", "L"], "stored upside down;"),
        ("R", "MLO", ["A", "HL"], "stored mirrored and upside down;"),
        ("R", "MLO", ["P"], None),
    ],
)
def test_breast_stored_flipped_is_shown_as_stored_and_told(
    tmp_path: Path, side: str, view: str, orientation: list[str], says: str | None
) -> None:
    ds = _windowed(ImageLaterality=side, ViewPosition=view, PatientOrientation=orientation)
    values, facts = _read(dicom_bytes(ds), tmp_path)
    np.testing.assert_allclose(values, EXPECTED, atol=1e-6)
    assert facts["laterality"] == side
    assert facts["warnings"] == [] if says is None else says in facts["warnings"][0]


def test_sides_that_differ_and_other_sides_are_told(tmp_path: Path) -> None:
    _, facts = _read(dicom_bytes(_windowed(ImageLaterality="R", Laterality="L")), tmp_path)
    assert facts["laterality"] == "R"
    assert "sides differ" in facts["warnings"][0]
    _, facts = _read(dicom_bytes(_windowed(ImageLaterality="B")), tmp_path)
    assert facts["laterality"] is None
    assert "'B', not L or R" in facts["warnings"][0]


def test_inverse_presentation_of_monochrome2_is_told(tmp_path: Path) -> None:
    _, facts = _read(dicom_bytes(_windowed(PresentationLUTShape="INVERSE")), tmp_path)
    assert "MONOCHROME2, its lowest value black" in facts["warnings"][0]
    ds = _windowed(PresentationLUTShape="INVERSE", PhotometricInterpretation="MONOCHROME1")
    assert _read(dicom_bytes(ds), tmp_path)[1]["warnings"] == []


@pytest.mark.parametrize(
    "keyword",
    [
        "Modality", "ImageLaterality", "ViewPosition", "ImagerPixelSpacing", "Manufacturer",
        "WindowCenter", "WindowWidth", "VOILUTFunction", "PixelPaddingValue", "RescaleSlope",
        "RescaleIntercept", "PatientOrientation", "PresentationIntentType", "NumberOfFrames",
        "HighBit", "VOILUTSequence", "ModalityLUTSequence", "ViewCodeSequence",
        "SharedFunctionalGroupsSequence", "PixelPaddingRangeLimit", "Laterality",
    ],
)  # fmt: skip
@pytest.mark.parametrize("value", [b"", b"\xff\xff\xff", b"1\\2\\3 ", b"\0" * 8])
@pytest.mark.parametrize("vr", [None, b"ZZ", b"LO"])
def test_no_optional_element_costs_the_file(
    tmp_path: Path, keyword: str, value: bytes, vr: bytes | None
) -> None:
    ds = mammogram(noise(64, 48, top=4095))
    values, _ = _read(with_element(dicom_bytes(ds), keyword, value, vr=vr), tmp_path)
    assert values.shape == (64, 48)
    assert np.isfinite(values).all()


def test_builder_of_elements_is_right() -> None:
    data = with_element(dicom_bytes(_windowed()), "WindowCenter", b"7 ")
    assert dcmread(io.BytesIO(data)).WindowCenter == 7
    assert element("WindowCenter", b"7 ") in data
