"""Reading of tables, Excel workbooks and CSV files, as rows of cells."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from xai_core.errors import BadAnnotation

MAX_BYTES = 64 * 2**20  # the release's largest table has 5 MB
MAX_UNPACKED = 512 * 2**20  # a workbook is a ZIP archive and could be a decompression bomb

Row = Sequence[Any]


def read_workbook(path: Path) -> dict[str, list[Row]]:
    """The sheets of an Excel workbook: lower-case title -> rows of cell values (not formulas).

    Raises:
        BadAnnotation: the file cannot be read, or is far larger than any such table.
    """
    import openpyxl

    try:
        _check_size(path)
        with zipfile.ZipFile(path) as archive:
            if sum(item.file_size for item in archive.infolist()) > MAX_UNPACKED:
                raise BadAnnotation(f"{path.name} unpacks to an implausible size; it is refused.")
        workbook = openpyxl.load_workbook(path, read_only=True, data_only=True)
        try:
            return {
                sheet.title.strip().lower(): list(sheet.iter_rows(values_only=True))
                for sheet in workbook.worksheets
            }
        finally:
            workbook.close()
    except BadAnnotation:
        raise
    except Exception:  # openpyxl raises nearly anything on damaged archives
        raise BadAnnotation(
            f"{path.name} cannot be read as an Excel workbook; open and save it again, or save its "
            "sheet 'all' as CSV."
        ) from None


def read_csv(path: Path) -> list[Row]:
    """The rows of a CSV file, separated by commas, semicolons or tabs; UTF-8, else Windows-1252.

    Raises:
        BadAnnotation: the file cannot be read, or is far larger than any such table.
    """
    try:
        _check_size(path)
        data = path.read_bytes()
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("cp1252", errors="replace")
        first = text.split("\n", 1)[0]
        separator = max(",;\t", key=first.count)
        # A field holds one region's outline; Python's own limit is 131,072 characters.
        csv.field_size_limit(2**24)
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except (OSError, csv.Error):
        raise BadAnnotation(f"{path.name} cannot be read as a CSV table; save it again.") from None


def columns_of(rows: Sequence[Row], wanted: dict[str, str]) -> dict[str, int]:
    """The positions of columns: key -> index in the first row.

    ``wanted``: key -> a regular expression for the heading, of which only letters, in lower case,
    and digits are compared.  Columns that are not found are absent from the result.
    """
    heads = [re.sub(r"[^a-z0-9]", "", str(h or "").lower()) for h in (rows[0] if rows else ())]
    found = {}
    for key, pattern in wanted.items():
        index = next((i for i, head in enumerate(heads) if re.fullmatch(pattern, head)), None)
        if index is not None:
            found[key] = index
    return found


def _check_size(path: Path) -> None:
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise BadAnnotation(
            f"{path.name} has {size / 2**20:,.0f} MiB; at most {MAX_BYTES // 2**20} MiB are read."
        )
