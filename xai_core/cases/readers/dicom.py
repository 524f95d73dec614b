"""Reading of DICOM mammograms in a child process with limited memory and time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from xai_core.cases.readers.limits import check_file_size
from xai_core.errors import UnreadableImage
from xai_core.settings import ROOT
from xai_core.types import FloatArray, read_only

MEMORY = 4 * 2**30  # bytes of address space for the child; 100 megapixels needed 3.1 GiB
WAIT_SECONDS = 90.0  # wall-clock time; the child's own limit is on processor time


@dataclass(frozen=True, eq=False)
class DicomImage:
    """The grey picture of a DICOM file.

    ``image``: float32 (H, W) in [0, 1], 0 black, with the file's presentation applied.
    ``laterality``: "L", "R" or None.  ``view``: "CC", "MLO" or None.
    ``pixel_spacing``: mm (row, column) at the detector, or None.
    ``header``: the part of the header that may be shown, see
    :func:`xai_core.cases.readers.dicom_decoding.shown_header`.
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
    :func:`xai_core.cases.readers.dicom_decoding.to_grey`.  The child process adds about half a
    second to the time of decoding.

    Raises:
        UnreadableImage: not DICOM; empty or damaged; no pixel data; several frames; colour; outside
            the limits of size (checked in the header before decoding), memory or time; an
            unsupported compression.
    """
    with tempfile.TemporaryDirectory(prefix="xai-dicom-") as temporary:
        folder = Path(temporary)
        if isinstance(content, bytes):
            check_file_size(name, len(content))
            path = folder / "upload"
            path.write_bytes(content)
        else:
            path = content.absolute()
            try:
                check_file_size(name, path.stat().st_size)
            except OSError:
                raise UnreadableImage(
                    f"{name} is no longer there; put it back, or reload."
                ) from None
        _run_child(path, name, folder)
        return _collect(name, folder)


def _run_child(path: Path, name: str, folder: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    # Each thread of a numerical library would reserve address space, which is limited here.
    environment |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-P", "-W", "ignore", "-m", "xai_core.cases.readers.dicom_child"]
    try:
        subprocess.run(  # noqa: S603  a fixed command; the file's name is only an argument
            [*command, str(path), name, str(folder), str(MEMORY)],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=WAIT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UnreadableImage(
            f"{name} took longer than {WAIT_SECONDS:.0f} seconds to open; it is refused."
        ) from None


def _collect(name: str, folder: Path) -> DicomImage:
    error = folder / "error.txt"
    if error.exists():
        raise UnreadableImage(error.read_text(encoding="utf-8"))
    if not (folder / "facts.json").exists():  # killed by its own limits, or the decoder crashed
        raise UnreadableImage(
            f"{name} could not be opened within the limits of memory and time; export it "
            "uncompressed, or in a smaller size."
        )
    facts = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
    spacing = facts["pixel_spacing"]
    return DicomImage(
        image=read_only(np.load(folder / "image.npy", allow_pickle=False)),
        laterality=facts["laterality"],
        view=facts["view"],
        pixel_spacing=None if spacing is None else (float(spacing[0]), float(spacing[1])),
        warnings=tuple(facts["warnings"]),
        header=facts["header"],
        windowed=facts["windowed"],
    )
