"""The result folder of ``pointing`` and ``performance``: document, table of cases and manifest."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xai_core.files import MANIFEST, check_folder, csv_cell, whole_folder, write_json, writing


@dataclass(frozen=True)
class StudyFolder:
    """A result folder with ``{verb}.md``, ``table`` (CSV), ``{verb}.json`` where there are figures,
    and the manifest with ``request`` (JSON values)."""

    out: Path
    verb: str
    table: str
    request: Mapping[str, Any]

    @property
    def _made_by(self) -> str:
        return f"xai_core {self.verb}"

    def check(self, *, force: bool) -> None:
        """Check that the folder may be written: only an earlier result of the same request is
        replaced.

        Raises:
            OutputExists: see :func:`xai_core.files.check_folder`.
        """
        own_files = {f"{self.verb}.md", f"{self.verb}.json", self.table, MANIFEST}
        check_folder(self.out, self._made_by, self.request, own_files.__contains__, force=force)

    def write(
        self, document: str, rows: Sequence[Mapping[str, Any]],
        figures: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        """Write all files, or none.  ``rows``: at least one, with equal keys; None becomes an empty
        cell.

        Raises:
            BadRequest: the folder cannot be written.
        """
        with writing(self.out), whole_folder(self.out) as folder:
            (folder / f"{self.verb}.md").write_text(document, encoding="utf-8")
            with (folder / self.table).open("w", newline="", encoding="utf-8") as file:
                table = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
                table.writeheader()
                table.writerows({k: csv_cell(v) for k, v in row.items()} for row in rows)
            if figures is not None:
                write_json(folder / f"{self.verb}.json", dict(figures))
            write_json(folder / MANIFEST, {"made_by": self._made_by, "request": dict(self.request)})
