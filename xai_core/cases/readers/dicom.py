"""Reading of DICOM mammograms in a child process with limited memory and time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from xai_core.cases.readers.child_process import MEMORY, WAIT_SECONDS, run_child
from xai_core.types import FloatArray


@dataclass(frozen=True, eq=False)
class DicomImage:
    """The grey picture of a DICOM file.

    ``image``: float32 (H, W) in [0, 1], 0 black, with the file's presentation applied.
    ``laterality``: "L", "R" or None.  ``view``: "CC", "MLO" or None.
    ``pixel_spacing``: mm (row, column) at the detector, or None.
    ``header``: the part of the header that may be shown, see
    :func:`xai_core.cases.readers.dicom_header.shown_header`.
    ``windowed``: how stored values were mapped to grey values, in words.
    """

    image: FloatArray
    laterality: str | None
    view: str | None
    pixel_spacing: tuple[float, float] | None
    warnings: tuple[str, ...]
    header: Mapping[str, str]
    windowed: str


def read_dicom(content: Path | bytes, name: str) -> DicomImage:
    """The picture of a DICOM file (PS3.10), in the grey values that a reader would see.

    ``content``: a path, or the bytes of a file.  ``name``: the file's name in messages.  Modality
    LUT, VOI LUT or window, padding and MONOCHROME1 are applied, see
    :func:`xai_core.cases.readers.dicom_decoding.grey_levels`.  A process of its own decodes it.

    Raises:
        UnreadableImage: not DICOM; empty or damaged; no pixel data; several frames; colour; outside
            the limits of size (checked in the header before decoding), memory or time; an
            unsupported compression.
    """
    answer = run_child(
        "xai_core.cases.readers.dicom_child", content, name, memory=MEMORY, wait=WAIT_SECONDS
    )
    facts = answer.facts
    spacing = facts["pixel_spacing"]
    return DicomImage(
        image=answer.image,
        laterality=facts["laterality"],
        view=facts["view"],
        pixel_spacing=None if spacing is None else (float(spacing[0]), float(spacing[1])),
        warnings=tuple(facts["warnings"]),
        header=facts["header"],
        windowed=facts["windowed"],
    )
