from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tests.cases.builders import write_csv, write_workbook
from xai_core.cases.annotations import tables
from xai_core.cases.annotations.tables import columns_of, read_csv, read_workbook
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
