"""From what a user names to a source of cases."""

from __future__ import annotations

from pathlib import Path

from xai_core.cases.base import CaseSource
from xai_core.cases.readers.single_file import plain_name
from xai_core.cases.sources.cdd_cesm import CddCesm, looks_like_cdd_cesm
from xai_core.cases.sources.folder import FolderSource
from xai_core.cases.sources.library import PhantomLibrary, is_library
from xai_core.errors import SourceNotFound
from xai_core.settings import Settings

ALLOWED = (
    "allowed are 'library' (the built-in phantoms), a CDD-CESM folder, a folder of PNG, JPEG, TIFF "
    "or DICOM files, or one such file"
)


def open_source(text: str, settings: Settings) -> CaseSource:
    """The source of cases that ``text`` names; where it is empty, the one of the settings.

    A folder is taken as a phantom library where it has such a manifest, as CDD-CESM where its
    images are named as in the release, and else as a folder of pictures and DICOM files.

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
        is_folder, is_file = path.is_dir(), path.is_file()
    except (OSError, ValueError, RuntimeError):  # a NUL byte, too long a name, no such user
        is_folder = is_file = False
    if not (is_folder or is_file):
        raise SourceNotFound(f"There is no file or folder {shown!r}; {ALLOWED}.")
    try:
        if is_folder and is_library(path):
            return PhantomLibrary(path)
        if is_folder and looks_like_cdd_cesm(path):
            return CddCesm(path)
        return FolderSource(path)
    except OSError:
        raise SourceNotFound(f"{shown!r} cannot be read; check its permissions.") from None
