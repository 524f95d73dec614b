"""The result folder of ``pointing`` and ``performance``: document, table of cases and manifest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xai_core.files import MANIFEST, whole_folder, write_csv, write_json, write_text, writing
from xai_core.output import check_folder


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
            OutputExists: see :func:`xai_core.output.check_folder`.
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
            write_text(folder / f"{self.verb}.md", document)
            columns = list(rows[0])
            cells = ([row[name] for name in columns] for row in rows)
            write_csv(folder / self.table, [columns, *cells])
            if figures is not None:
                write_json(folder / f"{self.verb}.json", dict(figures))
            write_json(folder / MANIFEST, {"made_by": self._made_by, "request": dict(self.request)})
