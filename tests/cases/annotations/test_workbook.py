from __future__ import annotations

import errno
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
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


def _headed(path: Path, head: list[Any], *rows: list[Any], **sheets: list[list[Any]]) -> None:
    """A workbook whose sheet ``all`` has ``head``; ``sheets``: titles and rows of others."""
    workbook = openpyxl.Workbook()
    workbook.active.title = "all"
    for row in [head, *rows]:
        workbook.active.append(row)
    for title, lines in sheets.items():
        sheet = workbook.create_sheet(title)
        for row in lines:
            sheet.append(row)
    workbook.save(path)


@pytest.mark.parametrize("second", ["Pathology Classification/ Follow up", "Pathology notes"])
@pytest.mark.parametrize("first", [True, False])
def test_two_columns_for_the_pathology_are_refused(
    tmp_path: Path, second: str, first: bool
) -> None:
    row = main_row("P7_L_DM_CC")
    place = 0 if first else len(row)
    head, cells = [*MAIN_HEAD], [*row]
    head.insert(place, second)
    cells.insert(place, "Benign")
    _headed(tmp_path / "a.xlsx", head, cells)
    with pytest.raises(BadAnnotation, match="more than one column for Pathology"):
        read_annotations(tmp_path / "a.xlsx")


def test_two_sheets_of_one_name_are_refused(tmp_path: Path) -> None:
    rows = [MAIN_HEAD, main_row("P7_L_DM_CC", "Benign")]
    _headed(tmp_path / "a.xlsx", MAIN_HEAD, main_row("P7_L_DM_CC"), **{"ALL ": rows})
    with pytest.raises(BadAnnotation, match="two sheets named 'all'"):
        read_annotations(tmp_path / "a.xlsx")


def test_columns_that_are_missing_or_there_twice_are_told(tmp_path: Path) -> None:
    names = {"Breast density (ACR)": "Density", "BIRADS": "BI-RADS category"}
    head = [names.get(title, title) for title in MAIN_HEAD]
    _headed(tmp_path / "a.xlsx", [*head, "Findings"], [*main_row("P7_L_DM_CC"), "other"])
    notes, warnings = read_annotations(tmp_path / "a.xlsx")
    assert len(notes) == 1
    assert any("lacks the column Breast density (ACR) and BIRADS" in w for w in warnings)
    assert any("more than one column for Findings; the first" in w for w in warnings)


def test_sheets_that_are_none_of_the_release_are_told(tmp_path: Path) -> None:
    detail = [DETAIL_HEAD, ["P7_L_DM_CC"]]
    renamed = [["Img", *DETAIL_HEAD[1:]], ["P7_L_DM_CC"]]
    _headed(
        tmp_path / "a.xlsx", MAIN_HEAD, main_row("P7_L_DM_CC"), Enhancing=detail,
        distortion=renamed, asymmetry=detail, empty=[],
    )  # fmt: skip
    notes, warnings = read_annotations(tmp_path / "a.xlsx")
    (only,) = notes.values()
    assert "asymmetry" in only.descriptors
    assert any("2 sheets are none of the release" in w and "enhancing, dist" in w for w in warnings)


@pytest.mark.parametrize("name", ["a.xlsx", "all.csv"])
def test_a_table_that_may_not_be_opened_is_told(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / name
    write_workbook(path, [main_row("P7_L_DM_CC")])

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(zipfile, "ZipFile", refuse)
    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(BadAnnotation, match=r"cannot be opened .*; check its"):
        read_annotations(path)
