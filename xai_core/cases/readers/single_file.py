"""Reading of one file as one case, for the folder source and for uploads."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from xai_core.cases.base import printable, with_pixels
from xai_core.cases.readers.dicom import read_dicom
from xai_core.cases.readers.limits import DICOM_SUFFIXES, check_file_size, kind_of, kind_of_file
from xai_core.cases.readers.raster import read_picture
from xai_core.types import Case, CaseRecord

_LONGEST_NAME = 100


def plain_name(name: str) -> str:
    """``name`` in a form that may be shown: the last part of the path, with characters that are not
    printable replaced, at most 100 characters long."""
    last = PurePosixPath(name.replace("\\", "/")).name
    return printable(last)[:_LONGEST_NAME] or "the file"


def read_upload(data: bytes, name: str) -> Case:
    """The case of an uploaded file; its content decides whether it is a picture or DICOM.

    ``data``: the file's bytes.  ``name``: the uploaded file's name, only for display.
    The case's id is that name, its source ``upload``; the pathology is None.

    Raises:
        UnreadableImage: see :func:`read_picture` and :func:`read_dicom`.
    """
    shown = plain_name(name)
    record = CaseRecord(id=shown, source="upload", patient_id=shown)
    return read_case(data, shown, record)


def is_dicom(content: Path | bytes, name: str) -> bool:
    """Whether a file is to be read as DICOM: decided by its first bytes, or where these are of no
    known kind, by its name."""
    kind = kind_of(content[:132]) if isinstance(content, bytes) else kind_of_file(content)
    return kind == "dicom" or (kind is None and name.lower().endswith(DICOM_SUFFIXES))


def read_case(content: Path | bytes, name: str, record: CaseRecord) -> Case:
    """The case of one file: ``record`` with the file's pixels and, for DICOM, the laterality, view
    and pixel spacing of its header.

    Raises:
        UnreadableImage: see :func:`read_picture` and :func:`read_dicom`.
    """
    if isinstance(content, bytes):
        check_file_size(name, len(content))
    if is_dicom(content, name):
        found = read_dicom(content, name)
        return with_pixels(
            record,
            image=found.image,
            laterality=found.laterality,
            view=found.view,
            pixel_spacing=found.pixel_spacing,
            more_warnings=found.warnings,
        )
    image, warnings = read_picture(content, name)
    return with_pixels(record, image=image, more_warnings=warnings)
