"""What ``pointing`` and ``performance`` write: a document, a table of cases, and the request."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xai_core.files import MANIFEST, check_folder, whole_folder, write_json, writing


@dataclass(frozen=True)
class StudyFolder:
    """A result's folder: ``{verb}.md``, ``table`` (CSV), ``{verb}.json`` where there are figures,
    and the manifest with ``request`` (JSON values)."""

    out: Path
    verb: str
    table: str
    request: Mapping[str, Any]

    @property
    def _made_by(self) -> str:
        return f"xai_core {self.verb}"

    def check(self, *, force: bool) -> None:
        """Refuse to replace anything but an earlier result of the same request.

        Raises:
            OutputExists: see :func:`xai_core.files.check_folder`.
        """
        mine = {f"{self.verb}.md", f"{self.verb}.json", self.table, MANIFEST}
        check_folder(self.out, self._made_by, self.request, mine.__contains__, force=force)

    def write(
        self, document: str, rows: Sequence[Mapping[str, Any]],
        figures: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        """Write everything, or nothing.  ``rows``: equal keys, at least one row; None is empty.

        Raises:
            BadRequest: the place cannot be written.
        """
        with writing(self.out), whole_folder(self.out) as folder:
            (folder / f"{self.verb}.md").write_text(document, encoding="utf-8")
            with (folder / self.table).open("w", newline="", encoding="utf-8") as file:
                table = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
                table.writeheader()
                table.writerows(rows)
            if figures is not None:
                write_json(folder / f"{self.verb}.json", dict(figures))
            write_json(folder / MANIFEST, {"made_by": self._made_by, "request": dict(self.request)})
