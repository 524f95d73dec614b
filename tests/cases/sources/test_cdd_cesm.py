from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest

from tests.cases.builders import (
    LOW,
    MAIN_HEAD,
    REGIONS,
    SUBTRACTED,
    WORKBOOK,
    encode,
    main_row,
    make_release,
    noise,
    region_row,
    write_csv,
    write_regions,
    write_workbook,
)
from xai_core.cases.sources.cdd_cesm import CddCesm
from xai_core.errors import SourceNotFound, UnreadableImage
from xai_core.types import Pathology


@pytest.mark.parametrize("inner", ["", "CDD-CESM", "PKG - CDD-CESM", "PKG - CDD-CESM/CDD-CESM"])
def test_release_is_found_at_any_folder_depth(tmp_path: Path, inner: str) -> None:
    make_release(tmp_path, inner)
    assert CddCesm.accepts(tmp_path)
    ids = [r.id for r in CddCesm(tmp_path).records()]
    assert ids == ["P7_L_DM_CC", "P7_R_DM_MLO", "P99_L_DM_MLO", "P99_L_DM_MLO_2"]


def test_tables_beside_the_package_are_found(tmp_path: Path) -> None:
    inner = "PKG - CDD-CESM/CDD-CESM"
    make_release(tmp_path, inner)
    for file in (WORKBOOK, REGIONS):
        (tmp_path / inner / file).rename(tmp_path / file)
    assert CddCesm(tmp_path).load("P7_L_DM_CC").lesion_mask is not None


def test_records_combine_names_workbook_and_warnings(tmp_path: Path) -> None:
    first, second, unlabelled, repeated = CddCesm(make_release(tmp_path)).records()
    assert first.patient_id == "P7"
    assert (first.pathology, first.birads, first.density) == (Pathology.MALIGNANT, 3, "B")
    assert (first.laterality, first.view) == ("L", "CC")
    assert first.findings == ("Mass with spiculated margin", "IMLN")
    assert first.descriptors == {
        "mass density": "high",
        "mass shape": "irregular, round",
        "mass margin": "spiculated",
        "mass enhancement": "rim",
        "mass shape (recombined)": "oval",
    }
    assert any("labelled benign" in w for w in first.warnings)
    assert (second.pathology, second.density, second.findings) == (Pathology.NORMAL, None, ())
    assert any("no recombined image" in w for w in second.warnings)
    assert unlabelled.pathology is None
    assert any("no row" in w for w in unlabelled.warnings)
    assert repeated.pathology is Pathology.BENIGN


def test_masks_are_in_each_images_own_geometry(tmp_path: Path) -> None:
    source = CddCesm(make_release(tmp_path))
    case = source.load("P7_L_DM_CC")
    assert case.image.shape == (64, 48)
    assert case.recombined is not None
    assert case.recombined.shape == (66, 50)
    assert case.lesion_mask is not None
    assert case.recombined_mask is not None
    assert case.lesion_mask[30, 20]
    assert case.lesion_mask.sum() < 100
    assert case.recombined_mask[10:66, :21].all()  # from x = -9, cut off
    assert not case.recombined_mask[:, 21:].any()


def test_missing_regions_and_partners_are_none(tmp_path: Path) -> None:
    case = CddCesm(make_release(tmp_path)).load("P7_R_DM_MLO")
    assert case.lesion_mask is case.recombined is case.recombined_mask is None


def test_repeated_views_are_paired_by_number(tmp_path: Path) -> None:
    source = CddCesm(make_release(tmp_path))
    assert source.load("P99_L_DM_MLO_2").recombined is not None
    assert source.load("P99_L_DM_MLO").recombined is None


def test_rows_and_images_without_counterpart_give_warnings(tmp_path: Path) -> None:
    warnings = CddCesm(make_release(tmp_path)).warnings
    assert any("1 row of the table has no image: P5_L_DM_CC" in w for w in warnings)
    assert any("P281_L_CM_MLO2.jpg" in w for w in warnings)
    assert len(warnings) == 2
    assert not any(str(tmp_path) in w for w in warnings)


def test_images_are_listed_without_tables(tmp_path: Path) -> None:
    make_release(tmp_path)
    (tmp_path / WORKBOOK).unlink()
    (tmp_path / REGIONS).unlink()
    source = CddCesm(tmp_path)
    assert all(r.pathology is None for r in source.records())
    assert sum("no labels" in w or "no masks" in w for w in source.warnings) == 2


@pytest.mark.parametrize(
    "name",
    ["Radiology-manual-annotations.xlsx", "Radiology manual annotations - all.csv", "all.csv"],
)
def test_other_names_of_the_workbook(tmp_path: Path, name: str) -> None:
    make_release(tmp_path)
    (tmp_path / WORKBOOK).unlink()
    row = main_row("P7_L_DM_CC", "Benign")
    if name.endswith("xlsx"):
        write_workbook(tmp_path / name, [row])
    else:
        write_csv(tmp_path / name, [MAIN_HEAD, row])
    assert CddCesm(tmp_path).records()[0].pathology is Pathology.BENIGN


def test_copies_and_second_tables_give_warnings(tmp_path: Path) -> None:
    make_release(tmp_path)
    (tmp_path / LOW / LOW).mkdir()
    (tmp_path / LOW / LOW / "P7_L_DM_CC.jpg").write_bytes(encode(noise(), "JPEG"))
    write_csv(tmp_path / "all.csv", [MAIN_HEAD, main_row("P7_L_DM_CC", "Benign")])
    source = CddCesm(tmp_path)
    assert source.records()[0].pathology is Pathology.MALIGNANT  # the workbook counts
    assert any("found twice" in w for w in source.warnings)
    assert any("Several annotation files" in w for w in source.warnings)


def test_regions_outside_the_picture_give_a_warning(tmp_path: Path) -> None:
    make_release(tmp_path)
    row = region_row("P7_L_DM_CC.jpg", name="circle", cx=900, cy=900, r=5)
    write_regions(tmp_path / REGIONS, [row])
    case = CddCesm(tmp_path).load("P7_L_DM_CC")
    assert case.lesion_mask is None
    assert any("outside the picture" in w for w in case.warnings)


def test_a_damaged_or_missing_image_is_named(tmp_path: Path) -> None:
    source = CddCesm(make_release(tmp_path))
    path = tmp_path / SUBTRACTED / "P7_L_CM_CC.jpg"
    path.write_bytes(b"")
    with pytest.raises(UnreadableImage, match=r"^P7_L_CM_CC\.jpg is empty"):
        source.load("P7_L_DM_CC")
    path.unlink()
    with pytest.raises(UnreadableImage, match=r"^P7_L_CM_CC\.jpg is no longer there"):
        source.load("P7_L_DM_CC")


def test_a_folder_without_low_energy_images(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFound, match="no low-energy image"):
        CddCesm(tmp_path)
    assert not CddCesm.accepts(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.timeout(20)
def test_named_pipe_does_not_block_the_listing(tmp_path: Path) -> None:
    os.mkfifo(make_release(tmp_path) / "pipe.csv")
    assert CddCesm(tmp_path).records()


def test_a_whole_release_lists_quickly(tmp_path: Path) -> None:
    rows, regions = [], []
    for kind, folder in (("DM", LOW), ("CM", SUBTRACTED)):
        (tmp_path / folder).mkdir()
        for number in range(251):
            for side in "LR":
                for view in ("CC", "MLO"):
                    name = f"P{number}_{side}_{kind}_{view}"
                    (tmp_path / folder / f"{name}.jpg").touch()
                    rows.append(main_row(name))
                    xs = np.arange(60).tolist()
                    regions.append(
                        region_row(name, name="polygon", all_points_x=xs, all_points_y=xs)
                    )
    write_workbook(tmp_path / WORKBOOK, rows)
    write_regions(tmp_path / REGIONS, regions)
    start = time.perf_counter()
    assert len(CddCesm(tmp_path).records()) == 1004
    assert time.perf_counter() - start < 15  # about 1 s where nothing else runs


def test_image_folder_that_is_a_link_is_followed(tmp_path: Path) -> None:
    root = make_release(tmp_path / "release")
    (root / LOW).rename(tmp_path / "elsewhere")
    (root / LOW).symlink_to(tmp_path / "elsewhere")
    assert CddCesm.accepts(root)
    assert len(CddCesm(root).records()) == 4


def test_copies_and_other_names_are_used_where_the_original_is_missing(tmp_path: Path) -> None:
    make_release(tmp_path)
    low = tmp_path / LOW
    data = encode(noise(64, 48), "JPEG")
    (low / "P7_R_DM_MLO.jpg").rename(low / "P7_R_DM_MLO - Copy.jpg")
    (low / "P7_L_DM_CC (1).jpg").write_bytes(data)
    (low / "P8_R_DM_CC.jpg.jpg").write_bytes(data)
    (low / "P9-R-DM-CC_resized.bmp").write_bytes(encode(noise()))  # a PNG, whatever its name
    source = CddCesm(tmp_path)
    ids = [record.id for record in source.records()]
    assert ids == [
        "P7_L_DM_CC", "P7_R_DM_MLO", "P8_R_DM_CC", "P9_R_DM_CC", "P99_L_DM_MLO", "P99_L_DM_MLO_2",
    ]  # fmt: skip
    assert source.records()[1].pathology is Pathology.NORMAL
    told = " ".join(source.warnings)
    assert "P7_R_DM_MLO - Copy.jpg as P7_R_DM_MLO" in told
    assert "found twice, the first one counts: P7_L_DM_CC (1).jpg" in told
    assert source.load("P9_R_DM_CC").image.shape == (64, 48)


def test_what_is_left_out_of_a_release_is_named(tmp_path: Path) -> None:
    make_release(tmp_path)
    low = tmp_path / LOW
    (low / "P7_L_DM_CC.bmp").write_bytes(encode(noise(), "BMP"))
    (low / "P8_L_DM_ML.jpg").write_bytes(encode(noise(), "JPEG"))
    (low / "odd\nname.png").write_bytes(encode(noise()))
    (low / "P9_L_DM_CC.dcm").write_bytes(b"x")
    write_csv(tmp_path / "other.csv", [["a", "b"]])
    deep = low / "1" / "2" / "3" / "4"
    deep.mkdir(parents=True)
    (deep / "P10_L_DM_CC.jpg").write_bytes(encode(noise(), "JPEG"))
    told = " ".join(CddCesm(tmp_path).warnings)
    for name in (
        "P7_L_DM_CC.bmp",
        "P8_L_DM_ML.jpg",
        "odd\N{REPLACEMENT CHARACTER}name.png",
        "P9_L_DM_CC.dcm",
        "other.csv",
    ):
        assert name in told
    assert "1 folder is more than 4 levels deep, and was left out: 4" in told


def test_regions_of_a_picture_that_was_resized_are_left_out(tmp_path: Path) -> None:
    make_release(tmp_path)
    path = tmp_path / LOW / "P7_L_DM_CC.jpg"
    row = region_row("P7_L_DM_CC.jpg", name="circle", cx=20, cy=30, r=5)
    row[1] = path.stat().st_size
    write_regions(tmp_path / REGIONS, [row])
    assert CddCesm(tmp_path).load("P7_L_DM_CC").lesion_mask is not None
    path.write_bytes(encode(noise(32, 40), "JPEG"))
    case = CddCesm(tmp_path).load("P7_L_DM_CC")
    assert case.lesion_mask is None
    assert any("P7_L_DM_CC.jpg: its regions were drawn on a file of" in w for w in case.warnings)


def test_rectangles_and_tables_in_utf_16(tmp_path: Path) -> None:
    make_release(tmp_path)
    row = region_row("P7_L_DM_CC.jpg", name="rect", x=10, y=20, width=9, height=4)
    write_regions(tmp_path / REGIONS, [row])
    (tmp_path / WORKBOOK).unlink()
    write_csv(tmp_path / "all.csv", [MAIN_HEAD, main_row("P7_L_DM_CC", "Benign")], "\t")
    for path in (tmp_path / REGIONS, tmp_path / "all.csv"):
        path.write_bytes(path.read_text(encoding="utf-8").encode("utf-16"))
    source = CddCesm(tmp_path)
    assert source.records()[0].pathology is Pathology.BENIGN
    mask = source.load("P7_L_DM_CC").lesion_mask
    assert mask is not None
    assert mask[20:25, 10:20].all()
    assert mask.sum() == 50


def test_texts_of_the_workbook_are_printable(tmp_path: Path) -> None:
    make_release(tmp_path)
    rows = [main_row("P7_L_DM_CC", findings="mass\u202e with\u200b margin$a\u2066b")]
    write_workbook(
        tmp_path / WORKBOOK, rows,
        mass_description=[["P7_L_DM_CC", 7, "B", "High\u200f", "Oval", "_", ""]],
    )  # fmt: skip
    record = CddCesm(tmp_path).records()[0]
    assert record.findings == ("mass� with� margin", "a�b")
    assert record.descriptors["mass density"] == "high�"


def test_drawn_regions_of_images_that_are_not_there_are_told(tmp_path: Path) -> None:
    make_release(tmp_path)
    (tmp_path / SUBTRACTED / "P7_L_CM_CC.jpg").unlink()
    (tmp_path / LOW / "P7_L_DM_CC.jpg").unlink()
    warnings = CddCesm(tmp_path).warnings
    assert any("with drawn regions" in w and "not in the folder: P7_L_" in w for w in warnings)


def test_a_folder_that_may_not_be_opened_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_release(tmp_path)
    scandir = os.scandir

    def refuse(path: Path) -> object:
        if Path(path).name == LOW:
            raise PermissionError(path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(SourceNotFound, match="1 folder cannot be opened, and was left out: Low"):
        CddCesm(tmp_path)
