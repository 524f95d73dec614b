"""From what a user names to a source of cases."""

from __future__ import annotations

from pathlib import Path

from xai_core.cases.base import CaseSource, PathSource
from xai_core.cases.readers.single_file import plain_name
from xai_core.cases.sources.cdd_cesm import CddCesm
from xai_core.cases.sources.folder import FolderSource
from xai_core.cases.sources.library import PhantomLibrary
from xai_core.errors import SourceNotFound
from xai_core.files import MISSING, not_a_file
from xai_core.settings import Settings

SOURCES: tuple[type[PathSource], ...] = (
    PhantomLibrary,
    CddCesm,
    FolderSource,  # the last: it takes every file and folder that no other source does
)
"""The sources that a path may name; the first that accepts a path opens it."""

ALLOWED = "allowed are " + ", ".join(source.allowed for source in SOURCES)


def open_source(text: str, settings: Settings) -> CaseSource:
    """The source of cases that ``text`` names; where it is empty, the one of the settings.

    ``library`` is the built-in phantom library; everything else is a path, opened by the first of
    ``SOURCES`` that accepts it.

    Raises:
        SourceNotFound: there is no such file or folder, or it holds no case.
        BadAnnotation: a manifest or table of the source cannot be understood.
    """
    asked = text.strip() or settings.cases
    if asked == "library":
        return PhantomLibrary()
    path = Path(asked)
    shown = plain_name(asked.rstrip("/\\"))
    try:
        path = path.expanduser()
        is_there = path.is_dir() or path.is_file()
    except (OSError, ValueError, RuntimeError):  # a NUL byte, too long a name, no such user
        is_there = False
    if not is_there:
        fault = not_a_file(path)
        if fault not in ("", MISSING, "is a folder"):
            raise SourceNotFound(f"{shown!r} {fault}; {ALLOWED}.")
        raise SourceNotFound(f"There is no file or folder {shown!r}; {ALLOWED}.")
    try:
        return next(source for source in SOURCES if source.accepts(path))(path)
    except OSError:
        raise SourceNotFound(f"{shown!r} cannot be read; check its permissions.") from None
