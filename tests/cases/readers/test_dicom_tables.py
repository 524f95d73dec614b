"""Lookup tables whose descriptor and data disagree, against values worked out from the entries."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRBigEndian

from tests.cases.builders import mammogram
from xai_core.cases.readers.dicom_decoding import to_grey
from xai_core.cases.readers.dicom_tables import UnusableTable, read_table

RAMP = np.tile(np.arange(0, 4096, 64, dtype=np.uint16), (64, 1))
ROOTS = np.sqrt(np.arange(4096) / 4095)  # a table's shape, from 0 to 1


def _item(descriptor: object, data: object, vr: str = "US") -> Dataset:
    item = Dataset()
    item.add_new("LUTDescriptor", "SS" if "SS" in vr else "US", descriptor)
    item.add_new("LUTData", vr.removeprefix("SS"), data)
    return item


def _words(entries: np.ndarray, order: str = "<") -> bytes:
    return np.asarray(entries).astype(f"{order}u2").tobytes()


def _voi(item: Dataset, stored: np.ndarray = RAMP, **elements: object) -> tuple[np.ndarray, str]:
    ds = mammogram(stored)
    ds.VOILUTSequence = Sequence([item])
    for key, value in elements.items():
        setattr(ds, key, value)
    values, notes, _ = to_grey(ds, stored)
    return values, " ".join(notes)


@pytest.mark.parametrize(
    ("claimed", "bits", "told"),
    [
        (16, 12, True),
        (12, 16, True),
        (16, 10, True),
        (8, 12, True),
        (0, 12, True),
        (12, 12, False),
        (14, 14, False),
        (16, 16, False),
    ],
)
def test_bits_are_those_of_the_entries(claimed: int, bits: int, told: bool) -> None:
    entries = np.rint(ROOTS * (2**bits - 1))
    values, notes = _voi(_item([4096, 0, claimed], _words(entries), "OW"))
    np.testing.assert_allclose(values, ROOTS[RAMP], atol=2e-3)
    assert ("bits; it is shown on a scale" in notes) is told


def test_table_that_does_not_reach_its_top_keeps_its_bits() -> None:
    """Its brightest entry is darker than white: the descriptor says how much."""
    entries = np.rint(ROOTS * 2500)
    values, notes = _voi(_item([4096, 0, 12], _words(entries), "OW"))
    np.testing.assert_allclose(values, entries[RAMP] / 4095, atol=1e-6)
    assert not notes


@pytest.mark.parametrize("count", [4096, 4095])
@pytest.mark.parametrize("order", ["<", ">"])
def test_two_8_bit_entries_in_a_word_are_taken_apart(order: str, count: int) -> None:
    entries = np.rint(ROOTS[:count] * 255).astype(np.uint8)
    padded = np.append(entries, [0] * (count % 2)).astype(np.uint8)
    data = padded.view("<u2").astype(f"{order}u2").tobytes()
    ds = mammogram(RAMP)
    if order == ">":
        ds.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    ds.VOILUTSequence = Sequence([_item([count, 0, 8], data, "OW")])
    values, *_ = to_grey(ds, RAMP)
    np.testing.assert_allclose(values, entries[np.minimum(RAMP, count - 1)] / 255, atol=1e-6)


def test_8_bit_entries_in_words_of_their_own() -> None:
    entries = np.rint(ROOTS * 255)
    for item in (
        _item([4096, 0, 8], _words(entries), "OW"),
        _item([4096, 0, 8], [int(v) for v in entries]),
    ):
        values, notes = _voi(item)
        np.testing.assert_allclose(values, entries[RAMP] / 255, atol=1e-6)
        assert not notes


@pytest.mark.parametrize("descriptor", [[0, 0, 16], [0, -32768, 16]])
def test_65536_entries_are_said_as_0(descriptor: list[int]) -> None:
    entries = np.arange(65536)
    vr = "SSOW" if descriptor[1] < 0 else "OW"
    stored = (RAMP * 16).astype(np.uint16)
    if descriptor[1] < 0:
        stored = (stored.astype(np.int32) - 32768).astype(np.int16)
    values, _ = _voi(_item(descriptor, _words(entries), vr), stored)
    expected = entries[stored.astype(np.int32) - descriptor[1]] / 65535
    np.testing.assert_allclose(values, expected, atol=1e-4)


@pytest.mark.parametrize("vr", ["SSOW", "OW"])  # written signed, and by mistake unsigned
def test_first_value_has_the_sign_of_the_pixels(vr: str) -> None:
    stored = RAMP.astype(np.int16) - 2048
    first = -2048 if vr == "SSOW" else 65536 - 2048
    entries = np.rint(ROOTS * 4095)
    values, _ = _voi(_item([4096, first, 12], _words(entries), vr), stored)
    np.testing.assert_allclose(values, entries[RAMP] / 4095, atol=1e-6)


def test_first_value_of_unsigned_pixels_may_be_above_32767() -> None:
    stored = (RAMP + 40_000).astype(np.uint16)
    entries = np.rint(ROOTS * 4095)
    for vr, first in (("OW", 40_000), ("SSOW", 40_000 - 65536)):
        item = _item([4096, first, 12], _words(entries), vr)
        values, _ = _voi(item, stored, BitsStored=16, HighBit=15)
        np.testing.assert_allclose(values, entries[RAMP] / 4095, atol=1e-6)


def test_rescaled_values_beyond_16_bits_find_their_entry() -> None:
    """Positions in the table are counted in more than 16 bits: 100,000 is not 34,464."""
    entries = np.arange(1, 65536)
    item = _item([65535, 0, 16], _words(entries), "OW")
    values, _ = _voi(item, RescaleSlope=100, RescaleIntercept=0)
    np.testing.assert_allclose(
        values, np.minimum(RAMP.astype(int) * 100 + 1, 65535) / 65535, atol=1e-6
    )


@pytest.mark.parametrize(
    ("item", "why"),
    [
        (_item([4096, 0, 16], None, "OW"), "it is empty"),
        (_item([4096, 0, 12], _words(ROOTS[:2000] * 4095), "OW"), "it has 2000 of 4096 entries"),
        (_item([4096, 0, 12], _words(ROOTS[:2048] * 4095), "OW"), "it has 2048 of 4096 entries"),
        (_item([4096, 0, 8], _words(ROOTS[:1000] * 4095), "OW"), "it has 1000 of 4096 entries"),
        (_item([4096, 0], _words(ROOTS * 4095), "OW"), "descriptor is missing or malformed"),
        (_item(None, _words(ROOTS * 4095), "OW"), "descriptor is missing or malformed"),
        (_item([4096, 0, 16], _words(ROOTS * 0), "OW"), "all its entries are equal"),
    ],
)
def test_unusable_table_gives_way_to_the_window_then_the_range(item: Dataset, why: str) -> None:
    with pytest.raises(UnusableTable, match=why):
        read_table(item, mammogram())
    values, notes = _voi(item, WindowCenter=2048, WindowWidth=4096, VOILUTFunction="LINEAR_EXACT")
    np.testing.assert_allclose(values, np.clip(RAMP / 4096, 0, 1), atol=1e-6)
    assert why in notes
    values, notes = _voi(item)
    np.testing.assert_allclose(values, RAMP / RAMP.max(), atol=1e-6)
    assert why in notes
    assert "full range" in notes


def test_first_usable_of_several_tables_is_used() -> None:
    entries = np.rint(ROOTS * 4095)
    good, bad = (
        _item([4096, 0, 12], _words(entries), "OW"),
        _item([4096, 0, 12], _words(entries[:9]), "OW"),
    )
    other = _item([4096, 0, 12], _words(entries[::-1]), "OW")
    ds = mammogram(RAMP)
    for items, says in (([good, other], "the first one is used"), ([bad, good], "first usable")):
        ds.VOILUTSequence = Sequence(items)
        values, notes, _ = to_grey(ds, RAMP)
        np.testing.assert_allclose(values, entries[RAMP] / 4095, atol=1e-6)
        assert says in " ".join(notes)


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_modality_table_of_any_bits_comes_before_the_window(bits: int) -> None:
    top = 2**bits - 1
    entries = np.rint(ROOTS * top)
    ds = mammogram(RAMP)
    ds.ModalityLUTSequence = Sequence([_item([4096, 0, bits], _words(entries), "OW")])
    values, *_ = to_grey(ds, RAMP)
    shown = entries[RAMP]
    np.testing.assert_allclose(values, shown / shown.max(), atol=1e-6)
    ds.WindowCenter, ds.WindowWidth, ds.VOILUTFunction = top / 2, top, "LINEAR_EXACT"
    values, *_ = to_grey(ds, RAMP)
    np.testing.assert_allclose(values, shown / top, atol=1e-6)


def test_unusable_modality_table_is_told_and_the_stored_values_used() -> None:
    ds = mammogram(RAMP)
    ds.ModalityLUTSequence = Sequence([_item([4096, 0, 12], None, "OW")])
    values, notes, _ = to_grey(ds, RAMP)
    np.testing.assert_allclose(values, RAMP / RAMP.max(), atol=1e-6)
    assert any("Modality LUT) cannot be used: it is empty" in note for note in notes)
    ds = mammogram(RAMP)
    ds.ModalityLUTSequence = Sequence([_item([4096, 0, 12], None, "OW")])
    ds.WindowCenter, ds.WindowWidth = 50_000, 10  # of the table's output, far from what is stored
    values, notes, _ = to_grey(ds, RAMP)
    np.testing.assert_allclose(values, RAMP / RAMP.max(), atol=1e-6)
