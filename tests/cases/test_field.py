"""Every input of the folder of inputs from the field, where it is beside the checkout.

Inputs of the same kinds are built by the tests of each reader; this one finds what those miss.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from xai_core.cases import open_source
from xai_core.cases.base import CaseSource
from xai_core.cases.sources.upload import read_own
from xai_core.errors import BadAnnotation
from xai_core.settings import ROOT, Settings
from xai_core.types import Pathology

FIELD = ROOT.parent / "shared" / "field"
TOLERANCE = 2e-3  # of the folder's README
pytestmark = pytest.mark.skipif(
    not FIELD.is_dir(), reason="the inputs from the field are not beside this checkout"
)


def _pictures() -> list[Path]:
    stems = [path.name.removesuffix(".expected.npy") for path in FIELD.glob("*.expected.npy")]
    return sorted(p for stem in stems for p in FIELD.glob(f"{stem}.*") if p.suffix != ".npy")


@pytest.mark.parametrize("path", _pictures(), ids=lambda path: path.name)
def test_picture_is_the_expected_one(path: Path) -> None:
    expected = np.load(path.with_name(f"{path.stem}.expected.npy"), allow_pickle=False)
    found = read_own(path.read_bytes(), path.name).case.image
    np.testing.assert_allclose(found, expected, atol=TOLERANCE)


@pytest.mark.parametrize(
    ("file", "says"),
    [
        ("voi_lut_empty_data.dcm", "table (VOI LUT) cannot be used: it is empty"),
        ("voi_lut_short_and_window.dcm", "it has 2000 of 4096 entries"),
        ("voi_lut_12_said_16_bits.dcm", "says 12 bits, but its values reach 16"),
        ("voi_function_empty.dcm", "VOI LUT Function is empty"),
        ("rescale_empty.dcm", "Rescale Slope is empty"),
        ("no_bits_stored.dcm", "Bits Stored is missing"),
        ("padding_us_for_signed.dcm", "is read as -2000"),
        ("overlay_high_bits_j2k.dcm", "not part of the picture"),
    ],
)
def test_what_was_assumed_is_told(file: str, says: str) -> None:
    warnings = read_own((FIELD / file).read_bytes(), file).case.warnings
    assert any(says in warning for warning in warnings)


def test_8_bit_colour_is_not_said_to_have_16() -> None:
    name = "tiff_lzw_false_16.tif"
    assert read_own((FIELD / name).read_bytes(), name).case.warnings == ()


def test_synthetic_2d_has_its_side_view_and_spacing() -> None:
    case = read_own((FIELD / "synthetic_2d.dcm").read_bytes(), "a.dcm").case
    assert (case.laterality, case.view, case.pixel_spacing) == ("L", "MLO", (0.1, 0.1))


def _open(name: str) -> CaseSource:
    return open_source(str(FIELD / name), Settings())


@pytest.mark.parametrize(
    ("folder", "ids"),
    [
        ("folder_uid_names", ["1.2.840.1.10", "1.2.840.1.10.1", "1.2.840.1.11"]),
        ("id_collision", ["x.jpg", "x.png", "x.png.png"]),
        ("folder_bigtiff", ["b", "c"]),
    ],
)
def test_every_file_of_a_folder_is_a_case_of_its_own(folder: str, ids: list[str]) -> None:
    source = _open(folder)
    assert [record.id for record in source.records()] == ids
    for path in sorted((FIELD / folder).iterdir()):
        own = read_own(path.read_bytes(), path.name).case.image
        assert any(np.array_equal(source.load(key).image, own) for key in ids)


def test_renamed_images_are_used_and_the_others_named() -> None:
    source = _open("cdd_renamed")
    assert [r.id for r in source.records()] == [f"P{n}_L_DM_CC" for n in range(1, 7)]
    assert all(r.pathology is Pathology.MALIGNANT for r in source.records())
    told = " ".join(source.warnings)
    for path in sorted((FIELD / "cdd_renamed" / "Low energy images of CDD-CESM").iterdir()):
        assert path.stem == "P6_L_DM_CC" or path.name in told


def test_utf_16_table_gives_the_labels() -> None:
    (record,) = _open("cdd_utf16").records()
    assert record.pathology is Pathology.MALIGNANT


def test_far_region_is_left_out_and_told() -> None:
    case = _open("via_far_polyline").load("P7_L_DM_CC")
    assert case.lesion_mask is None
    assert any("far outside the picture" in warning for warning in case.warnings)


def test_workbook_with_a_far_cell_is_refused() -> None:
    with pytest.raises(BadAnnotation, match=r"^Radiology manual .* reaches beyond 100,000 rows"):
        _open("xlsx_row_1e9")
