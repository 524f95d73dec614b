"""A folder of pictures and DICOM files, or a single such file, as a source of cases."""

from __future__ import annotations

import os
import re
import unicodedata
from collections import Counter
from pathlib import Path

from xai_core.cases.annotations.cdd_cesm import RECOMBINED, parse_file_name
from xai_core.cases.base import find_entry, first_few, printable
from xai_core.cases.readers.limits import DICOM_SUFFIXES, PICTURE_SUFFIXES, kind_of_file
from xai_core.cases.readers.single_file import plain_name, read_case
from xai_core.cases.sources.walk import Walk, walk
from xai_core.errors import SourceNotFound, UnreadableImage
from xai_core.list_text import counted
from xai_core.types import Case, CaseRecord

MAX_FILES = 20_000  # files examined at most; a folder with more was probably chosen by mistake
# The end of a name that says its kind; ".10" of a file named by a UID does not.
_SUFFIX = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,5}$", re.ASCII)


class FolderSource:
    """Every PNG, JPEG, TIFF and DICOM file in a folder and its subfolders, recognised by content.

    Each file is one case without pathology and mask, and a patient of its own, since pictures do
    not name one and the patient data of DICOM files are not read.  The id is the file's path within
    the folder without the suffix (with it where two files would share an id), as printable text.
    What is left out is named in ``warnings``.

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
        files, left_out, notes, unopened = _usable_files(path)
        if not files:
            raise SourceNotFound(
                f"{self.name} holds no picture; give a PNG, JPEG, TIFF or DICOM file, a folder of "
                "them, a CDD-CESM folder, or 'library'."
                + (f" Not readable as such: {first_few(left_out)}." if left_out else "")
                + (f" {unopened}" if unopened else "")
            )
        self._files = _with_ids(path if path.is_dir() else path.parent, files)
        self._records = tuple(
            CaseRecord(id=key, source=self.name, patient_id=key) for key in self._files
        )
        self.warnings = (*notes, *_recombined(files))
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


def _usable_files(path: Path) -> tuple[list[Path], list[str], list[str], str]:
    """Files of a known kind; names of those left out; sentences about these and about what could
    not be listed; and the one about folders that cannot be opened, as in :class:`Walk`."""
    found = walk(path, max_files=MAX_FILES) if path.is_dir() else Walk(files=[path])
    usable, like_pictures, others = [], [], []
    for file in found.files:
        if file.is_file() and kind_of_file(file):  # is_file: opening a named pipe would block
            usable.append(file)
        elif file.suffix.lower() in PICTURE_SUFFIXES + DICOM_SUFFIXES:
            like_pictures.append(plain_name(file.name))
        else:
            others.append(plain_name(file.name))
    sentences = []
    if like_pictures:
        sentences.append(
            counted(
                len(like_pictures),
                "file is named like a picture but is none, and was",
                "files are named like pictures but are not, and were",
            )
            + f" left out: {first_few(like_pictures)}."
        )
    if others:
        sentences.append(
            counted(
                len(others),
                "other file is no PNG, JPEG, TIFF or DICOM file and was",
                "other files are no PNG, JPEG, TIFF or DICOM files and were",
            )
            + f" left out: {first_few(others)}."
        )
    notes = [" ".join(sentences)] if sentences else []
    if found.cut:
        notes.append(f"The folder holds more than {MAX_FILES:,} files; the rest was left out.")
    return usable, like_pictures + others, notes + found.notes, found.unopened


def _recombined(files: list[Path]) -> list[str]:
    """A sentence about files that are, by CDD-CESM's names, recombined images."""
    names = [(file, parse_file_name(file.stem)) for file in files]
    found = [plain_name(file.name) for file, name in names if name and name.kind == RECOMBINED]
    if not found:
        return []
    return [
        counted(
            len(found),
            "picture is by its name a recombined image",
            "pictures are by their names recombined images",
        )
        + f" of CDD-CESM, for which the classifier is not made: {first_few(found)}."
    ]


def _with_ids(root: Path, files: list[Path]) -> dict[str, Path]:
    """Case id -> file; see :class:`FolderSource`."""
    whole = [safe_name(file.relative_to(root).as_posix()) for file in files]
    short = [_SUFFIX.sub("", name) for name in whole]
    uses = Counter(short)
    taken = set(whole)
    found: dict[str, Path] = {}
    for file, name, bare in zip(files, whole, short, strict=True):
        key = bare if uses[bare] == 1 and (bare == name or bare not in taken) else name
        number = 1
        while key in found:  # two names that differ only in how they are encoded
            number += 1
            key = f"{name} ({number})"
        found[key] = file
    return found


def safe_name(name: str) -> str:
    """A file's name as text that does not depend on the file system's encoding, composed (NFC), and
    with every byte that is not printable UTF-8, or not seen, written as ``%E9``."""
    text = os.fsencode(name).decode("utf-8", "surrogateescape")
    text = unicodedata.normalize("NFC", text)
    return "".join(
        c
        if printable(c) == c
        else "".join(f"%{byte:02X}" for byte in c.encode("utf-8", "surrogateescape"))
        for c in text
    )
