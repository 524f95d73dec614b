"""The one image that ``explain`` is given: a file, or a case of the built-in library."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from xai_core.cases.library import PhantomLibrary
from xai_core.cases.single import plain_name, read_case
from xai_core.errors import UnreadableImage
from xai_core.model.spec import file_digest
from xai_core.types import Case, CaseRecord

LIBRARY_PREFIX = "library:"


@dataclass(frozen=True, eq=False)
class NamedImage:
    """``case``: with its pixels.  ``sha256``: of the file they came from, in hex."""

    case: Case
    sha256: str


def open_image(text: str) -> NamedImage:
    """A picture or DICOM file by its path, or a library case written ``library:PH-0001``.

    Raises:
        CaseNotFound: the library has no case of that id.
        UnreadableImage: there is no such file, or it is no image this software reads.
    """
    if text.startswith(LIBRARY_PREFIX):
        library, case_id = PhantomLibrary(), text.removeprefix(LIBRARY_PREFIX)
        return NamedImage(library.load(case_id), library.file_digest(case_id))
    path, shown = Path(text), plain_name(text)
    try:
        if path.is_dir():
            raise UnreadableImage(
                f"{shown} is a folder; explain takes one image file, evaluate and predict take "
                "folders."
            )
        if not path.is_file():
            raise UnreadableImage(
                f"There is no file {shown}; give a PNG, JPEG, TIFF or DICOM file, or a case of "
                f"the library such as {LIBRARY_PREFIX}PH-0001."
            )
        record = CaseRecord(id=path.stem, source="file", patient_id=path.stem)
        return NamedImage(read_case(path, shown, record), file_digest(path))
    except (OSError, ValueError) as problem:  # ValueError: a NUL byte in the path
        raise UnreadableImage(
            f"{shown} cannot be opened ({type(problem).__name__}); check that it is there and "
            "readable."
        ) from None
