from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cases.builders import DETAIL_HEAD, MAIN_HEAD, main_row, write_csv, write_workbook
from xai_core.cases.annotations.cdd_cesm import (
    ImageNotes,
    is_annotation_file,
    parse_name,
    read_annotations,
)
from xai_core.errors import BadAnnotation
from xai_core.types import Pathology


def _one(tmp_path: Path, *args: Any, **cells: Any) -> ImageNotes:
    write_workbook(tmp_path / "a.xlsx", [main_row("P7_L_DM_CC", *args, **cells)])
    notes, _ = read_annotations(tmp_path / "a.xlsx")
    (only,) = notes.values()
    return only


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Radiology manual annotations.xlsx", True),
        ("Radiology-manual-annotations.xlsx", True),
        ("radiology_manual_annotations - all.csv", True),
        ("all.csv", True),
        ("~$x.xlsx", False),
        ("Radiology_hand_drawn_segmentations_v2.csv", False),
    ],
)
def test_annotation_files_are_recognised_by_name(name: str, expected: bool) -> None:
    assert is_annotation_file(name) is expected


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("3$2", 3), ("2$4", 4), (5, 5), (4.0, 4), ("4.0", 4), ("4A", 4), ("_", None), (None, None)],
)  # fmt: skip
def test_highest_birads_category_is_used(
    tmp_path: Path, cell: object, expected: int | None
) -> None:
    notes = _one(tmp_path, birads=cell)
    assert notes.birads == expected
    assert not notes.warnings


@pytest.mark.parametrize("cell", ["9", "x", "-1", "4$x"])
def test_invalid_birads_is_left_out_with_a_warning(tmp_path: Path, cell: str) -> None:
    notes = _one(tmp_path, birads=cell)
    assert notes.birads is None
    assert "BI-RADS" in notes.warnings[0]


@pytest.mark.parametrize(("cell", "expected"), [(" c ", "C"), ("_", None), (None, None)])
def test_density_is_normalised(tmp_path: Path, cell: object, expected: str | None) -> None:
    notes = _one(tmp_path, density=cell)
    assert notes.density == expected
    assert not notes.warnings


def test_invalid_density_gives_a_warning(tmp_path: Path) -> None:
    notes = _one(tmp_path, density="E")
    assert notes.density is None
    assert "'E'" in notes.warnings[0]


@pytest.mark.parametrize("cell", ["Malignant", " malignant "])
def test_pathology_is_read_in_any_letter_case(tmp_path: Path, cell: str) -> None:
    assert _one(tmp_path, cell).pathology is Pathology.MALIGNANT


@pytest.mark.parametrize("cell", [None, "_", "Perhaps"])
def test_unknown_pathology_is_none_with_a_warning(tmp_path: Path, cell: object) -> None:
    notes = _one(tmp_path, cell)
    assert notes.pathology is None
    assert "pathology is unknown" in notes.warnings[0]


def test_padded_repeated_and_unknown_rows(tmp_path: Path) -> None:
    write_workbook(
        tmp_path / "a.xlsx",
        [
            main_row("P7_L_DM_CC   "),
            main_row("P7_L_DM_CC", "Benign"),
            main_row("Total"),
            [None] * 12,
        ],
    )
    notes, warnings = read_annotations(tmp_path / "a.xlsx")
    assert notes[parse_name("P7_L_DM_CC")].pathology is Pathology.MALIGNANT
    assert len(notes) == 1
    assert any("Total" in w for w in warnings)
    assert any("given twice" in w for w in warnings)


def test_detail_sheets_become_descriptors(tmp_path: Path) -> None:
    findings = "Mass with overlying cluster of pleomorphic microcalcifications"
    line = ["P7_L_DM_CC ", 7, "B", "High - Equal", "Oval ", "Speculated", findings]
    enhancing = ["P7_L_CM_CC", 7, "_", "Irregular rim ", "_", "_", "Clumped segmental enhacement"]
    write_workbook(
        tmp_path / "a.xlsx",
        [main_row("P7_L_DM_CC", findings=findings), main_row("P7_L_CM_CC")],
        mass_description=[line, [*line[:4], "Round", *line[5:]]],
        calcifications=[line],
        distortion=[line],
        asymmetry=[line],
        postoperative=[line],
        postneoajuvant__chemotherapy=[line, [None] * 7, ["P1_L_DM_CC"]],
        mass__enhancement_description=[enhancing],
        nonmass__enhancement_description=[enhancing],
        notes=[["anything"]],
    )
    notes, _ = read_annotations(tmp_path / "a.xlsx")
    assert notes[parse_name("P7_L_DM_CC")].descriptors == {
        "calcifications": "microcalcifications",
        "calcification morphology": "fine pleomorphic",
        "calcification distribution": "grouped",
        "mass density": "high, equal",
        "mass shape": "oval, round",
        "mass margin": "spiculated",
        "architectural distortion": "present",
        "asymmetry": "present",
        "postoperative": "present",
        "after neoadjuvant chemotherapy": "present",
    }
    assert notes[parse_name("P7_L_CM_CC")].descriptors == {
        "mass enhancement": "irregular rim",
        "non-mass enhancement": "clumped, segmental",
    }


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_main_sheet_can_be_read_from_csv(tmp_path: Path, delimiter: str) -> None:
    write_csv(tmp_path / "all.csv", [MAIN_HEAD, main_row("P7_L_DM_CC ", birads="3$2")], delimiter)
    notes, warnings = read_annotations(tmp_path / "all.csv")
    assert notes[parse_name("P7_L_DM_CC")].birads == 3
    assert not warnings


def test_missing_columns_and_sheets_are_named(tmp_path: Path) -> None:
    path = tmp_path / "all.csv"
    write_csv(path, [DETAIL_HEAD])
    with pytest.raises(BadAnnotation, match="lacks the column Pathology"):
        read_annotations(path)
    path.write_text("")
    with pytest.raises(BadAnnotation, match="Image_name and Pathology"):
        read_annotations(path)
    write_workbook(tmp_path / "a.xlsx", [])
    import openpyxl

    workbook = openpyxl.load_workbook(tmp_path / "a.xlsx")
    workbook["all"].title = "Sheet1"
    workbook.save(tmp_path / "a.xlsx")
    with pytest.raises(BadAnnotation, match="no sheet named 'all'; its sheets are sheet1"):
        read_annotations(tmp_path / "a.xlsx")
