"""The program that reads an Excel workbook in a child process, to contain the effects of a hostile
file: a workbook of some kilobytes can expand to gigabytes of cells.
:func:`xai_core.cases.annotations.tables.read_workbook` runs :func:`main` with the
arguments FILE NAME FOLDER MEMORY in a fork (:mod:`xai_core.cases.readers.fork_server`), or as a
program where the system cannot fork.

It writes to FOLDER either ``error.txt`` (a sentence for the user) or ``sheets.json``: title -> rows
of cell values.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from xai_core.cases.annotations.tables import SHEETS, load_sheets
from xai_core.cases.readers.child_process import limit_resources, run_program


def read(path: Path, name: str, folder: Path) -> None:
    """Read ``path`` and write ``sheets.json`` to ``folder``.

    Raises:
        BadAnnotation: see :func:`xai_core.cases.annotations.tables.read_workbook`.
    """
    del name  # the table's sentences have the path's own
    text = json.dumps(load_sheets(path), default=str)  # dates and times as text
    (folder / SHEETS).write_text(text, encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Run with the arguments named at the head of this file; returns the exit status."""
    limit_resources(int(arguments[3]))
    return run_program(read, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
