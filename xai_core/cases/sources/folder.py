"""A folder of pictures and DICOM files, or a single such file, as a source of cases."""

from __future__ import annotations

import os
import re
from pathlib import Path

from xai_core.cases.base import find_entry, first_few
from xai_core.cases.readers.limits import DICOM_SUFFIXES, PICTURE_SUFFIXES, kind_of_file
from xai_core.cases.readers.single_file import plain_name, read_case
from xai_core.errors import SourceNotFound, UnreadableImage
from xai_core.types import Case, CaseRecord

MAX_FILES = 20_000  # files examined at most; a folder with more was probably chosen by mistake
_IGNORED = re.compile(r"^(\.|~\$|desktop\.ini$|thumbs\.db$|dicomdir$)", re.IGNORECASE)


class FolderSource:
    """Every PNG, JPEG, TIFF and DICOM file in a folder and its subfolders, recognised by content.

    Each file is one case without pathology and mask, and a patient of its own, since pictures do
    not name one and the patient data of DICOM files are not read.  The id is the file's path within
    the folder without the suffix (with it where two files would share an id).

    Raises:
        SourceNotFound: the folder holds no such file, or the single file is of another kind.
    """

    is_phantom = False
    allowed = "a folder of PNG, JPEG, TIFF or DICOM files, or one such file"

    @classmethod
    def accepts(cls, path: Path) -> bool:
        """Any file or folder: it takes what no other source does, and says what it misses."""
        return path.exists()

    def __init__(self, path: Path) -> None:
        self.name = plain_name(path.resolve().name)
        files, left_out, cut = _usable_files(path)
        if not files:
            raise SourceNotFound(
                f"{self.name} holds no picture; give a PNG, JPEG, TIFF or DICOM file, a folder of "
                "them, a CDD-CESM folder, or 'library'."
                + (f" Not readable as such: {first_few(left_out)}." if left_out else "")
            )
        self._files = _with_ids(path if path.is_dir() else path.parent, files)
        self._records = tuple(
            CaseRecord(id=key, source=self.name, patient_id=key) for key in self._files
        )
        notes = []
        if left_out:
            notes.append(
                f"{len(left_out)} files are named like pictures but are not, and were left out: "
                f"{first_few(left_out)}."
            )
        if cut:
            notes.append(f"The folder holds more than {MAX_FILES:,} files; the rest was left out.")
        self.warnings = tuple(notes)
        self._index = {record.id: record for record in self._records}

    def records(self) -> tuple[CaseRecord, ...]:
        """One record per file, in natural order; no image is decoded."""
        return self._records

    def load(self, case_id: str) -> Case:
        """Read one file; for DICOM this fills laterality, view and pixel spacing.

        Raises:
            CaseNotFound: no case has this id.
            UnreadableImage: the file cannot be read; the sentence says why.
        """
        path = find_entry(self._files, case_id, self.name)
        try:
            return read_case(path, plain_name(path.name), self._index[case_id])
        except OSError:
            raise UnreadableImage(
                f"{plain_name(path.name)} cannot be opened; check that it is there and readable."
            ) from None


def _usable_files(path: Path) -> tuple[list[Path], list[str], bool]:
    """Files of a known kind; names of files with a picture's or DICOM suffix but other content; and
    whether there were more than ``MAX_FILES``."""
    if not path.is_dir():
        candidates, cut = [path], False
    else:
        candidates, cut = _walk(path)
    usable, left_out = [], []
    for file in candidates:
        if file.is_file() and kind_of_file(file):  # is_file: opening a named pipe would block
            usable.append(file)
        elif file.suffix.lower() in PICTURE_SUFFIXES + DICOM_SUFFIXES:
            left_out.append(plain_name(file.name))
    return usable, left_out, cut


def _walk(folder: Path) -> tuple[list[Path], bool]:
    found: list[Path] = []
    for parent, folders, names in os.walk(folder):  # does not follow links, so it cannot loop
        folders[:] = sorted((n for n in folders if not _IGNORED.match(n)), key=_natural)
        found += [Path(parent, n) for n in sorted(names, key=_natural) if not _IGNORED.match(n)]
        if len(found) > MAX_FILES:
            return found[:MAX_FILES], True
    return found, False


def _natural(name: str) -> list[tuple[int, int, str]]:
    """A sort key that orders ``p9`` before ``p10``."""
    parts = re.findall(r"[0-9]+|[^0-9]+", name.casefold())
    return [(0, int(p), "") if p[0] in "0123456789" else (1, 0, p) for p in parts]


def _with_ids(root: Path, files: list[Path]) -> dict[str, Path]:
    """Case id -> file; see :class:`FolderSource`."""
    places = [file.relative_to(root) for file in files]
    bare = [place.with_suffix("").as_posix() for place in places]
    counts: dict[str, int] = {}
    for key in bare:
        counts[key] = counts.get(key, 0) + 1
    keys = (
        key if counts[key] == 1 else place.as_posix()
        for key, place in zip(bare, places, strict=True)
    )
    return dict(zip(keys, files, strict=True))
