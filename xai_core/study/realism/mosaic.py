"""The output of the command ``realism``: the folder with the comparison, and a mosaic picture of
phantoms above real images for visual comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from xai_core.cases.base import CaseSource
from xai_core.errors import BadRequest, CaseError
from xai_core.files import (
    MANIFEST,
    whole_file,
    whole_folder,
    write_csv,
    write_json,
    write_text,
    writing,
)
from xai_core.output import check_file, check_folder
from xai_core.study.realism.compare import KindComparison, markdown
from xai_core.study.realism.measure import KEYS, KINDS, LOW_ENERGY, Measurement
from xai_core.types import Case, CaseRecord

# --- The mosaic -------------------------------------------------------------------------------

TILES = 10  # pictures per row
HEIGHT = 360  # px of a picture, without its label
_LABEL, _GAP, _WIDTH = 14, 4, 240


Side = tuple[CaseSource, Sequence[CaseRecord]]
"""A source and those of its cases that are shown."""


def mosaic(sides: Sequence[Side], kinds: Sequence[str] = KINDS) -> NDArray[np.uint8]:
    """A row per kind of image and side: ``TILES`` phantoms, and as many real images below them.

    ``sides``: phantoms, then real images.  Cases are taken at equal steps from each; both kinds of
    image show the same cases.  Unreadable cases leave a tile empty.

    Returns:
        (rows * (HEIGHT + label), TILES * width) grey levels.
    """
    shown = [_spaced(*side) for side in sides]
    return np.vstack([_row(cases, kind) for kind in kinds for cases in shown])


def _spaced(source: CaseSource, records: Sequence[CaseRecord]) -> list[Case]:
    n = min(TILES, len(records))
    found = []
    for i in range(n):
        with suppress(CaseError):  # it is reported where the cases are measured
            found.append(source.load(records[i * len(records) // n].id))
    return found


def _row(cases: Sequence[Case], kind: str) -> NDArray[np.uint8]:
    tiles = [_tile(case, kind) for case in cases]
    empty = np.zeros((HEIGHT + _LABEL + _GAP, _WIDTH + _GAP), np.uint8)
    return np.hstack([*tiles, *[empty] * (TILES - len(tiles))])


def _tile(case: Case, kind: str) -> NDArray[Any]:
    """A picture below its label, ``HEIGHT`` px high, or less where it would be too wide."""
    image = case.image if kind == LOW_ENERGY else case.recombined
    tile = Image.new("L", (_WIDTH + _GAP, HEIGHT + _LABEL + _GAP))
    label = f"{'phantom ' if case.is_phantom else ''}{case.id} {case.pathology or ''}"
    ImageDraw.Draw(tile).text((2, 1), label if image is not None else f"{label}: none", fill=200)
    if image is not None:
        scale = min(HEIGHT / image.shape[0], _WIDTH / image.shape[1])
        size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
        grey = Image.fromarray(np.rint(image * 255).astype(np.uint8))
        at = (_WIDTH - size[0] if case.laterality == "R" else 0, _LABEL)
        tile.paste(grey.resize(size, Image.Resampling.LANCZOS), at)
    return np.asarray(tile)


# --- The mixed sheet --------------------------------------------------------------------------

MIXED = 8  # pictures of each side
_READING = 512  # px, height of a picture in the mixed sheet
_ACROSS = 8  # pictures per row


def mixed(
    sides: Sequence[Side], seed: int, kinds: Sequence[str] = KINDS
) -> tuple[NDArray[np.uint8], list[str]]:
    """Phantoms and real images in random order without labels, at reading size.

    ``sides``: phantoms, then real images.  ``seed``: of which cases are shown, and in which order.

    Returns:
        The picture, and the key: the name of each case in order.  Each kind of image of a row of
        cases is a row of the picture.
    """
    rng = np.random.default_rng(seed)
    shown: list[Case] = []
    for source, records in sides:
        for i in rng.permutation(len(records))[:MIXED]:
            with suppress(CaseError):  # it is reported where the cases are measured
                shown.append(source.load(records[i].id))
    shown = [shown[i] for i in rng.permutation(len(shown))]
    rows = [
        np.hstack([_plain_tile(case, kind) for case in shown[first : first + _ACROSS]])
        for first in range(0, len(shown), _ACROSS)
        for kind in kinds
    ]
    wide = max(row.shape[1] for row in rows)
    picture = np.vstack([np.pad(row, ((0, 0), (0, wide - row.shape[1]))) for row in rows])
    return picture, [f"{'phantom' if case.is_phantom else 'real'} {case.id}" for case in shown]


def _plain_tile(case: Case, kind: str) -> NDArray[np.uint8]:
    """A picture without a label, chest wall at the left."""
    image = case.image if kind == LOW_ENERGY else case.recombined
    tile = Image.new("L", (round(0.68 * _READING), _READING))
    if image is not None:
        scale = _READING / image.shape[0]
        grey = Image.fromarray(np.rint(image * 255).astype(np.uint8))
        if case.laterality == "R":
            grey = grey.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        size = (round(image.shape[1] * scale), _READING)
        tile.paste(grey.resize(size, Image.Resampling.LANCZOS), (0, 0))
    return np.asarray(tile)


def write_mixed(path: Path, sides: Sequence[Side], seed: int, kinds: Sequence[str]) -> list[str]:
    """Write the mixed sheet as PNG; returns its key, see :func:`mixed`.

    Raises:
        BadRequest: ``path`` cannot be written.
    """
    picture, key = mixed(sides, seed, kinds)
    with writing(path, "--mixed"), whole_file(path) as stream:
        Image.fromarray(picture).save(stream, format="PNG")
    return key


# --- The folder and the picture file ----------------------------------------------------------

MADE_BY = "xai_core realism"
TABLE, MEASUREMENTS = "realism.md", "measurements.csv"


def check_out(out: Path, request: Mapping[str, Any], *, force: bool) -> None:
    """Check that ``out`` may be written: only an earlier comparison is replaced.

    Raises:
        OutputExists: see :func:`xai_core.output.check_folder`.
    """
    own_files = {TABLE, MEASUREMENTS, MANIFEST}
    check_folder(out, MADE_BY, request, own_files.__contains__, force=force)


def check_picture(path: Path, *, force: bool, option: str = "--pictures") -> None:
    """Check that the picture file may be written.

    Raises:
        BadRequest: the name does not end in .png, or the file cannot be made.
        OutputExists: it is a folder, or, without ``force``, an existing file.
    """
    if path.suffix.lower() != ".png":
        raise BadRequest(f"{option} is {path.name!r}; give a file that ends in .png.")
    check_file(path, force=force, option=option)


def write_out(
    out: Path, request: Mapping[str, Any], comparisons: Sequence[KindComparison],
    real: Sequence[Measurement], phantoms: Sequence[Measurement],
) -> None:  # fmt: skip
    """Write the comparison as Markdown, and a CSV file with one row per image.

    Raises:
        BadRequest: ``out`` cannot be written.
    """
    with writing(out), whole_folder(out) as folder:
        title = f"{request['phantoms']} beside {request['real']}"
        write_text(folder / TABLE, markdown(title, comparisons))
        table = [("side", "case_id", "patient_id", "pathology", "view", "images", *KEYS)]
        for side, measured in (("phantom", phantoms), ("real", real)):
            for m in measured:
                about = (side, m.case_id, m.patient_id, m.pathology, m.view or "", m.kind)
                values = (f"{v:.6g}" if np.isfinite(v) else "" for v in _values(m))
                table.append((*about, *values))
        write_csv(folder / MEASUREMENTS, table)
        write_json(folder / MANIFEST, {"made_by": MADE_BY, "request": dict(request)})


def _values(measurement: Measurement) -> list[float]:
    return [measurement.values[key] for key in KEYS]


def write_picture(path: Path, sides: Sequence[Side], kinds: Sequence[str]) -> None:
    """Write the mosaic of phantoms above real images as PNG; see :func:`mosaic`.

    Raises:
        BadRequest: ``path`` cannot be written.
    """
    picture = mosaic(sides, kinds)
    with writing(path, "--pictures"), whole_file(path) as stream:
        Image.fromarray(picture).save(stream, format="PNG")
