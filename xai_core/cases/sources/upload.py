"""An uploaded file: its case, the facts of its header, and a source with that single case.

Everything stays in memory, except that the file is written to a temporary folder, which is removed
as soon as it has been decoded (:mod:`xai_core.cases.readers.child_process`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from xai_core.cases.base import find_entry
from xai_core.cases.readers.dicom import read_dicom
from xai_core.cases.readers.limits import check_file_size
from xai_core.cases.readers.raster import read_raster
from xai_core.cases.readers.single_file import is_dicom
from xai_core.types import Case, CaseRecord

OWN_ID = "your image"
"""The id of an uploaded case; not the file's name, which may hold a patient's name, since ids are
written to logs."""

_THE_FILE = "The file"  # what messages and the child process call an uploaded file

MOST_SHOWN = 40_000_000
"""The maximum number of pixels sent to a browser; a larger picture is averaged down, with a
warning."""


@dataclass(frozen=True, eq=False)
class Upload:
    """``case``: the pixels, without anything that identifies the patient.  ``header``: title ->
    value of the facts that may be shown.  ``windowed``: how stored values were mapped to grey
    values, in words."""

    case: Case
    header: Mapping[str, str]
    windowed: str


def read_own(data: bytes, name: str) -> Upload:
    """Read an uploaded DICOM mammogram or picture (PNG, JPEG, TIFF), recognised by content.

    ``data``: the file's bytes.  ``name``: the file's name, which may tell a DICOM file by its
    suffix; it is kept nowhere, and no message has it.

    Raises:
        UnreadableImage: a file of another kind, damaged, or outside the limits of size.
    """
    check_file_size(_THE_FILE, len(data))
    if is_dicom(data, name):
        found = read_dicom(data, _THE_FILE)
        case = Case(
            id=OWN_ID, source="upload", patient_id=OWN_ID, image=found.image,
            laterality=found.laterality, view=found.view, pixel_spacing=found.pixel_spacing,
            warnings=found.warnings,
        )  # fmt: skip
        header = {"Kind of file": "DICOM", **found.header}
        return Upload(_limited(case), header, found.windowed)
    picture = read_raster(data, _THE_FILE)
    case = Case(
        id=OWN_ID, source="upload", patient_id=OWN_ID, image=picture.image,
        warnings=picture.warnings,
    )  # fmt: skip
    return Upload(_limited(case), picture.header, picture.windowed)


def _limited(case: Case) -> Case:
    """The case with at most :data:`MOST_SHOWN` pixels: a larger one is averaged over k x k
    pixels."""
    h, w = case.image.shape
    k = int(np.ceil(np.sqrt(h * w / MOST_SHOWN)))
    if k < 2:
        return case
    whole = case.image[: h // k * k, : w // k * k]
    means = whole.reshape(h // k, k, w // k, k).mean((1, 3), dtype=np.float32)
    spacing = case.pixel_spacing
    return replace(
        case,
        image=np.clip(means, 0, 1),
        pixel_spacing=None if spacing is None else (spacing[0] * k, spacing[1] * k),
        warnings=(
            *case.warnings,
            f"The picture has {h * w / 1e6:.0f} megapixels; it is shown and explained with "
            f"{k} x {k} of them averaged into one.",
        ),
    )


class OneCase:
    """A source with a single case in memory."""

    name = "Your image"
    is_phantom = False
    warnings: tuple[str, ...] = ()

    def __init__(self, case: Case) -> None:
        self._case = case

    def records(self) -> tuple[CaseRecord, ...]:
        """The one record."""
        return (self._case,)

    def load(self, case_id: str) -> Case:
        """The case.

        Raises:
            CaseNotFound: ``case_id`` is not the case's id.
        """
        return find_entry({self._case.id: self._case}, case_id, self.name)
