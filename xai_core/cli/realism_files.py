"""What ``realism`` writes: a folder with the comparison, and a picture to look at."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from xai_core.cases.base import CaseSource
from xai_core.cli.output import MANIFEST, check_folder
from xai_core.errors import BadRequest, OutputExists
from xai_core.files import whole_file, whole_folder, write_json, writing
from xai_core.study.realism.findings import Findings
from xai_core.study.realism.measure import Measurement
from xai_core.study.realism.mosaic import mosaic
from xai_core.study.realism.quantities import KEYS
from xai_core.study.realism.table import markdown

MADE_BY = "xai_core realism"
TABLE, MEASUREMENTS = "realism.md", "measurements.csv"


def check_out(out: Path, request: Mapping[str, Any], *, force: bool) -> None:
    """Refuse to replace anything but an earlier comparison.

    Raises:
        OutputExists: see :func:`xai_core.cli.output.check_folder`.
    """
    mine = {TABLE, MEASUREMENTS, MANIFEST}
    check_folder(out, MADE_BY, request, mine.__contains__, force=force)


def check_picture(path: Path, *, force: bool) -> None:
    """Refuse to replace a picture.

    Raises:
        BadRequest: the name does not end in .png.
        OutputExists: a folder; or a file, without ``force``.
    """
    if path.suffix.lower() != ".png":
        raise BadRequest(f"--pictures is {path.name!r}; give a file that ends in .png.")
    if path.is_dir():
        raise OutputExists(f"--pictures names {path.name}, which is a folder; give a file.")
    if path.exists() and not force:
        raise OutputExists(f"{path.name} exists; give another name, or --force to replace it.")


def write_out(
    out: Path, request: Mapping[str, Any], findings: Sequence[Findings],
    real: Sequence[Measurement], phantoms: Sequence[Measurement],
) -> None:  # fmt: skip
    """The comparison as Markdown, and a row per image with every quantity.

    Raises:
        BadRequest: the place cannot be written.
    """
    with writing(out), whole_folder(out) as folder:
        (folder / TABLE).write_text(
            markdown(f"{request['phantoms']} beside {request['real']}", findings), encoding="utf-8"
        )
        with (folder / MEASUREMENTS).open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(("side", "case_id", "patient_id", "pathology", "view", "images", *KEYS))
            for side, measured in (("phantom", phantoms), ("real", real)):
                for m in measured:
                    about = (side, m.case_id, m.patient_id, m.pathology, m.view or "", m.kind)
                    values = (f"{v:.6g}" if np.isfinite(v) else "" for v in _values(m))
                    table.writerow((*about, *values))
        write_json(folder / MANIFEST, {"made_by": MADE_BY, "request": dict(request)})


def _values(measurement: Measurement) -> list[float]:
    return [measurement.values[key] for key in KEYS]


def write_picture(
    path: Path, phantoms: CaseSource, real: CaseSource, kinds: Sequence[str], limit: int | None
) -> None:
    """Phantoms above real images, as PNG.

    Raises:
        BadRequest: the place cannot be written.
    """
    picture = mosaic(phantoms, real, kinds, limit)
    with writing(path), whole_file(path) as partial:
        Image.fromarray(picture).save(partial, format="PNG")
