"""Reading of tables, Excel workbooks and CSV files, as rows of cells, within limits of size."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from xai_core.cases.readers.child_process import answered
from xai_core.cases.readers.single_file import plain_name
from xai_core.errors import BadAnnotation, UnreadableImage

MAX_BYTES = 32 * 2**20  # the release's largest table has 5 MB
MAX_UNPACKED = 64 * 2**20  # a workbook is a ZIP archive and could be a decompression bomb
MAX_ROWS = 100_000  # of a sheet or CSV file; the release's longest has 2,006
MAX_COLUMNS = 256  # of a sheet; the release's widest has 12
MAX_CELLS = 4_000_000  # of a workbook or CSV file
PROGRAM = "xai_core.cases.annotations.workbook_child"
SHEETS = "sheets.json"  # what that program writes

Row = Sequence[Any]


def read_workbook(path: Path) -> dict[str, list[Row]]:
    """The sheets of an Excel workbook: lower-case title -> rows of cell values (not formulas; dates
    as text).  It is read in a child process with limited memory and time.

    Raises:
        BadAnnotation: the file cannot be read, or is far larger than any such table.
    """
    try:
        _check_size(path)
        _check_unpacked(path)
        advice = "save its sheet 'all' as CSV"
        with answered(PROGRAM, path, plain_name(path.name), advice=advice) as folder:
            found: dict[str, list[Row]] = json.loads((folder / SHEETS).read_bytes())
            return found
    except BadAnnotation:
        raise
    except UnreadableImage as problem:
        raise BadAnnotation(str(problem)) from None
    except PermissionError as problem:  # zipfile raises other OSErrors on damaged archives
        raise BadAnnotation(_not_opened(path, problem)) from None
    except Exception:  # zipfile raises nearly anything on damaged archives
        raise BadAnnotation(_not_a_workbook(path)) from None


def load_sheets(path: Path) -> dict[str, list[Row]]:
    """:func:`read_workbook` in this process, without its limits of memory and time.

    Raises:
        BadAnnotation: see :func:`read_workbook`.
    """
    import openpyxl

    try:
        _check_size(path)
        _check_unpacked(path)
        workbook = openpyxl.load_workbook(path, read_only=True, data_only=True)
        try:
            sheets, cells = {}, 0
            for sheet in workbook.worksheets:
                rows: list[Row] = []
                sheet.reset_dimensions()  # what the sheet says of its size may be wrong
                # One row more than allowed, to see that there are more.
                for row in sheet.iter_rows(max_row=MAX_ROWS + 1, values_only=True):
                    rows.append(_without_empty_end(row))
                    cells += len(rows[-1])
                    _check_extent(path, f"sheet {sheet.title.strip()[:40]!r}", rows, cells)
                title = sheet.title.strip().lower()
                if title in sheets:
                    raise BadAnnotation(
                        f"{plain_name(path.name)} has two sheets named {title[:40]!r}, but for "
                        "blanks and capitals; delete one of them."
                    )
                sheets[title] = rows
            return sheets
        finally:
            workbook.close()
    except (BadAnnotation, MemoryError):
        raise
    except Exception:  # openpyxl raises nearly anything on damaged archives
        raise BadAnnotation(_not_a_workbook(path)) from None


def _check_unpacked(path: Path) -> None:
    """Check what a workbook says that its parts unpack to; no more than that is unpacked.

    Raises:
        BadAnnotation: far more than any such table.
        zipfile.BadZipFile: it is no ZIP archive.
    """
    with zipfile.ZipFile(path) as archive:
        if sum(item.file_size for item in archive.infolist()) > MAX_UNPACKED:
            raise BadAnnotation(
                f"{plain_name(path.name)} unpacks to an implausible size; it is refused."
            )


def _not_opened(path: Path, problem: OSError) -> str:
    reason = problem.strerror or "input or output error"
    return f"{plain_name(path.name)} cannot be opened ({reason}); check its permissions."


def _not_a_workbook(path: Path) -> str:
    return (
        f"{plain_name(path.name)} cannot be read as an Excel workbook; open and save it again, or "
        "save its sheet 'all' as CSV."
    )


def read_csv(path: Path) -> list[Row]:
    """The rows of a CSV file, separated by commas, semicolons or tabs; UTF-8, UTF-16 (Excel's
    "Unicode text"), else Windows-1252.

    Raises:
        BadAnnotation: the file cannot be read, or is far larger than any such table.
    """
    try:
        _check_size(path)
        text = decode_text(path.read_bytes())
        first = text.lstrip("\r\n").split("\n", 1)[0]
        separator = max(",;\t", key=first.count)
        # A field holds one region's outline; Python's own limit is 131,072 characters.
        csv.field_size_limit(2**24)
        rows: list[Row] = []
        cells = 0
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            rows.append(row)
            cells += len(row)
            _check_extent(path, "the table", rows, cells)
        return rows
    except OSError as problem:
        raise BadAnnotation(_not_opened(path, problem)) from None
    except csv.Error:
        raise BadAnnotation(
            f"{plain_name(path.name)} cannot be read as a CSV table; save it again."
        ) from None


def decode_text(data: bytes) -> str:
    """The text of a table's bytes: UTF-8 or UTF-16, with or without a byte order mark, else
    Windows-1252."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data[: len(data) // 2 * 2].decode("utf-16", errors="replace")
    # Without a mark: in ASCII text of UTF-16 every other byte is zero.
    for zeros, encoding in ((data[1:2000:2], "utf-16-le"), (data[:2000:2], "utf-16-be")):
        if len(data) > 1 and zeros.count(0) > 0.9 * len(zeros):
            return data[: len(data) // 2 * 2].decode(encoding, errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def columns_of(rows: Sequence[Row], wanted: dict[str, str]) -> dict[str, int]:
    """The positions of columns: key -> index in the first row.

    ``wanted``: key -> a regular expression for the heading, of which only letters, in lower case,
    and digits are compared.  Columns that are not found are absent from the result; of several
    that match the first one counts, see :func:`repeated_columns`.
    """
    return {key: indices[0] for key, indices in _matches(rows, wanted).items()}


def repeated_columns(rows: Sequence[Row], wanted: dict[str, str]) -> tuple[str, ...]:
    """The keys of :func:`columns_of` that several columns match."""
    return tuple(key for key, indices in _matches(rows, wanted).items() if len(indices) > 1)


def _matches(rows: Sequence[Row], wanted: dict[str, str]) -> dict[str, list[int]]:
    heads = [re.sub(r"[^a-z0-9]", "", str(h or "").lower()) for h in (rows[0] if rows else ())]
    found = {
        key: [i for i, head in enumerate(heads) if re.fullmatch(pattern, head)]
        for key, pattern in wanted.items()
    }
    return {key: indices for key, indices in found.items() if indices}


def _without_empty_end(row: Row) -> Row:
    """The row up to its last cell with a value: a sheet may be formatted far to the right."""
    end = len(row)
    while end and row[end - 1] is None:
        end -= 1
    return row[:end]


def _check_extent(path: Path, where: str, rows: list[Row], cells: int) -> None:
    """Check a table after its last row was read.

    Raises:
        BadAnnotation: it has more rows, columns or cells than any such table.
    """
    if len(rows) > MAX_ROWS or len(rows[-1]) > MAX_COLUMNS or cells > MAX_CELLS:
        raise BadAnnotation(
            f"{plain_name(path.name)}: {where} reaches beyond {MAX_ROWS:,} rows, {MAX_COLUMNS} "
            f"columns or {MAX_CELLS:,} cells; delete what lies far from the table, and save it "
            "again."
        )


def _check_size(path: Path) -> None:
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise BadAnnotation(
            f"{plain_name(path.name)} has {size / 2**20:,.0f} MiB; at most "
            f"{MAX_BYTES // 2**20} MiB are read."
        )
