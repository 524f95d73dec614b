from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest

from tests.cases.builders import write_csv, write_workbook
from xai_core.cases.annotations import tables
from xai_core.cases.annotations.tables import columns_of, load_sheets, read_csv, read_workbook
from xai_core.cases.readers import child_process
from xai_core.errors import BadAnnotation


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_separators_are_detected(tmp_path: Path, delimiter: str) -> None:
    write_csv(tmp_path / "a.csv", [["a", "b"], ["1,2;", "x\ny"]], delimiter)
    assert read_csv(tmp_path / "a.csv") == [["a", "b"], ["1,2;", "x\ny"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_csv_encodings_are_detected(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.csv").write_text("é,b\n", encoding=encoding)
    assert read_csv(tmp_path / "a.csv")[0][0] == "é"


def test_long_fields_are_read(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", [["x" * 500_000]])
    assert len(read_csv(tmp_path / "a.csv")[0][0]) == 500_000


def test_sheets_are_found_by_lower_case_title(tmp_path: Path) -> None:
    write_workbook(tmp_path / "a.xlsx", [], Calcifications=[["x"]])
    assert set(read_workbook(tmp_path / "a.xlsx")) == {"all", "calcifications"}


def test_headings_are_matched_without_punctuation() -> None:
    rows = [["Image_name ", None, "Breast density (ACR)", 5]]
    wanted = {"image": "imagename", "density": "breastdensity.*|acr", "none": "x"}
    assert columns_of(rows, wanted) == {"image": 0, "density": 2}
    assert columns_of([], wanted) == {}


def test_file_that_is_not_a_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"not a workbook")
    with pytest.raises(BadAnnotation, match=r"^a\.xlsx cannot be read as an Excel workbook"):
        read_workbook(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x", "y")
    with pytest.raises(BadAnnotation):
        read_workbook(path)


def test_utf_16_is_detected_with_and_without_its_mark(tmp_path: Path) -> None:
    """Excel's "Unicode text": UTF-16, separated by tabs."""
    for encoding in ("utf-16", "utf-16-le", "utf-16-be"):
        path = tmp_path / "a.csv"
        path.write_bytes("Image_name\tFindings\r\nP1_L_DM_CC\tmass é\r\n".encode(encoding))
        assert read_csv(path) == [["Image_name", "Findings"], ["P1_L_DM_CC", "mass é"]]
    path.write_bytes("Image_name\tx\n".encode("utf-16-be")[:-1])  # cut in the middle
    assert read_csv(path)[0][0] == "Image_name"
    mark = b"\xfe\xff"
    path.write_bytes(mark + "a\tb\n".encode("utf-16-be"))
    assert read_csv(path) == [["a", "b"]]


def _with_cell(path: Path, cell: str) -> None:
    """Add a cell to the main sheet's XML: openpyxl would write every row before it."""
    write_workbook(path, [])
    with zipfile.ZipFile(path) as archive:
        parts = {item.filename: archive.read(item) for item in archive.infolist()}
    sheet = "xl/worksheets/sheet1.xml"
    row = re.sub(r"\D", "", cell)
    added = f'<row r="{row}"><c r="{cell}"><v>1</v></c></row></sheetData>'.encode()
    parts[sheet] = parts[sheet].replace(b"</sheetData>", added)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


@pytest.mark.parametrize("cell", ["A1000000000", "A100002", "XFD5"])
def test_cell_far_from_the_table_is_refused_at_once(tmp_path: Path, cell: str) -> None:
    """The sheet's empty rows up to a cell in row 10^9 would take gigabytes."""
    path = tmp_path / "a.xlsx"
    _with_cell(path, cell)
    for read in (load_sheets, read_workbook):
        with pytest.raises(
            BadAnnotation, match=r"^a\.xlsx: sheet 'all' reaches beyond 100,000 rows"
        ):
            read(path)


def test_cells_of_all_sheets_and_rows_of_a_csv_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "MAX_CELLS", 40)
    write_workbook(tmp_path / "a.xlsx", [["x"] * 12], one=[["x"] * 9], two=[["x"] * 9])
    with pytest.raises(BadAnnotation, match="sheet 'two' reaches beyond"):
        load_sheets(tmp_path / "a.xlsx")
    write_csv(tmp_path / "a.csv", [["x"] * 10] * 5)
    with pytest.raises(BadAnnotation, match=r"the table reaches beyond .* 40 cells"):
        read_csv(tmp_path / "a.csv")
    monkeypatch.setattr(tables, "MAX_ROWS", 4)
    write_csv(tmp_path / "a.csv", [["x"]] * 5)
    with pytest.raises(BadAnnotation, match="reaches beyond 4 rows"):
        read_csv(tmp_path / "a.csv")
    monkeypatch.undo()
    write_csv(tmp_path / "a.csv", [["x"] * 300])
    with pytest.raises(BadAnnotation, match="256 columns"):
        read_csv(tmp_path / "a.csv")


def test_empty_formatted_cells_are_no_columns(tmp_path: Path) -> None:
    import openpyxl

    workbook = openpyxl.Workbook()
    workbook.active.title = "all"
    workbook.active.append(["a", "b"])
    workbook.active.cell(1, 200).number_format = "0.00"
    workbook.save(tmp_path / "a.xlsx")
    assert list(map(list, load_sheets(tmp_path / "a.xlsx")["all"])) == [["a", "b"]]


def test_workbook_is_read_in_a_child_as_in_this_process(tmp_path: Path) -> None:
    row: list[object] = ["x", 1, 2.5, None, True, "é\n"]
    write_workbook(tmp_path / "a.xlsx", [row])
    found, own = read_workbook(tmp_path / "a.xlsx"), load_sheets(tmp_path / "a.xlsx")
    assert {key: [list(r) for r in rows] for key, rows in own.items()} == found
    assert found["all"][1] == row


def test_hostile_workbook_meets_the_limits_of_its_child(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row of millions of empty cells: some kilobytes packed, gigabytes as Python objects."""
    path = tmp_path / "a.xlsx"
    write_workbook(path, [])
    with zipfile.ZipFile(path) as archive:
        parts = {item.filename: archive.read(item) for item in archive.infolist()}
    sheet = "xl/worksheets/sheet1.xml"
    cells = b'<row r="9">' + b"<c/>" * 2_000_000 + b"</row></sheetData>"
    parts[sheet] = parts[sheet].replace(b"</sheetData>", cells)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    assert path.stat().st_size < 2**20
    monkeypatch.setattr(child_process, "MEMORY", 300 * 2**20)
    with pytest.raises(BadAnnotation, match=r"^a\.xlsx (needs more|could not be opened)"):
        read_workbook(path)


def test_large_and_bomb_like_tables_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_workbook(tmp_path / "a.xlsx", [])
    monkeypatch.setattr(tables, "MAX_UNPACKED", 100)
    with pytest.raises(BadAnnotation, match="implausible size"):
        read_workbook(tmp_path / "a.xlsx")
    monkeypatch.setattr(tables, "MAX_BYTES", 10)
    for read in (read_workbook, read_csv):
        with pytest.raises(BadAnnotation, match="at most"):
            read(tmp_path / "a.xlsx")


def test_missing_table_raises_bad_annotation(tmp_path: Path) -> None:
    for read in (read_workbook, read_csv):
        with pytest.raises(BadAnnotation):
            read(tmp_path / "absent.csv")
