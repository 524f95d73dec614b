"""The folder that ``warm --out`` writes: begun, gone on with, and its manifest at the end."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import shlex
from pathlib import Path
from typing import Any

from xai_core.cases.base import CaseSource
from xai_core.cases.single import plain_name
from xai_core.cli.output import MANIFEST, check_folder
from xai_core.cli.warm_work import Wanted, Work
from xai_core.files import read_json, writing
from xai_core.store.book_file import books_in
from xai_core.store.ready import write_manifest

MADE_BY = "xai_core warm"


class ReadyFolder:
    """Ready results of one source, one model and one :class:`Wanted`.

    The books are written as they are scored; the manifest names them when the work ends or is
    stopped, so that a stopped folder may be used, and gone on with.
    """

    def __init__(
        self, out: Path, wanted: Wanted, source: CaseSource, weights: str, typed: str
    ) -> None:
        """``weights``: SHA-256 (hex).  ``typed``: see :func:`command`."""
        self._out, self._weights, self._command = out, weights, typed
        ids = "\n".join(record.id for record in source.records())
        self._request: dict[str, Any] = {
            "source": source.name,
            "cases": hashlib.sha256(ids.encode()).hexdigest(),
            "weights": weights,
            **json.loads(json.dumps(dataclasses.asdict(wanted))),
        }

    def begin(self, *, force: bool) -> None:
        """Take the folder, or go on in it; with ``force`` the books of another request go first.

        Raises:
            OutputExists: it holds something else, or the results of another request.
            BadRequest: it cannot be written.
        """
        check_folder(self._out, MADE_BY, self._request, _mine, force=force)
        if read_json(self._out / MANIFEST).get("request") != self._request:
            for book in books_in(self._out):
                with writing(self._out):
                    book.unlink()
        # Before the work, so that a folder that cannot be written is known at once, and one left by
        # a process that was killed is known as ours.
        self._write({"complete": False})

    def finish(self, work: Work, in_all: int) -> None:
        """Write the manifest of what is there.  ``in_all``: cases that were wanted.

        Raises:
            BadRequest: the folder cannot be written.
        """
        self._write(
            {
                "complete": work.ended,
                "cases_done": work.cases,
                "cases_wanted": in_all,
                "left_out": work.left_out,
            }
        )

    def _write(self, about: dict[str, Any]) -> None:
        with writing(self._out):
            fields = {"made_by": MADE_BY, "request": self._request, **about}
            write_manifest(self._out, self._weights, self._command, fields)


def command(cases: str, wanted: Wanted, limit: int | None, showcase: int | None, out: Path) -> str:
    """What to type for the same results.  A place outside the current folder is named by its last
    part alone: where things lie is nobody else's business."""
    return (
        f"python -m xai_core warm {shlex.quote(_place(Path(cases)))} "
        f"--methods {','.join(wanted.methods)} --layers {','.join(wanted.layers)} "
        f"--curves {wanted.curves} --targets {wanted.targets}"
        + (f" --limit {limit}" if limit else "")
        + (f" --showcase {showcase}" if showcase else "")
        + f" --out {shlex.quote(_place(out))}"
    )


def _place(path: Path) -> str:
    inside = not path.is_absolute() and ".." not in path.parts
    return path.as_posix() if inside else plain_name(path.name)


def _mine(name: str) -> bool:
    return name == MANIFEST or re.fullmatch("[0-9a-f]{2}", name) is not None
