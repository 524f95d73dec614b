"""Many seeded mutants of files, read in this process: each gives a result or one of the project's
errors, never another exception.

The child process, which contains what a decoder does to memory and time, has its own tests.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import RLELossless

from tests.cases.builders import (
    MAIN_HEAD,
    dicom_bytes,
    encode,
    main_row,
    mammogram,
    noise,
    region_row,
    write_csv,
    write_regions,
    write_workbook,
)
from xai_core.cases.annotations.cdd_cesm import parse_file_name, read_annotations
from xai_core.cases.annotations.tables import load_sheets
from xai_core.cases.annotations.via_regions import draw_regions, read_regions, regions_of_picture
from xai_core.cases.readers import dicom_child
from xai_core.cases.readers.raster import decode_picture
from xai_core.errors import CaseError

pytestmark = [
    # Decoders warn of what is odd in a mutant; the child process does not show that either.
    pytest.mark.filterwarnings("ignore"),
]


def _mutant(data: bytes, rng: np.random.Generator, head: int) -> bytes:
    """``data`` with bytes changed, cut out or repeated, mostly among the first ``head``."""
    found = bytearray(data)
    for _ in range(int(rng.integers(1, 5))):
        place = int(rng.integers(0, len(found) if rng.random() < 0.2 else min(head, len(found))))
        kind = rng.integers(0, 6)
        if kind <= 2:
            found[place] = int(rng.choice([0, 1, 127, 128, 255, int(rng.integers(0, 256))]))
        elif kind == 3:
            del found[place : place + int(rng.integers(1, 9))]
        elif kind == 4:
            found[place:place] = found[place : place + int(rng.integers(1, 33))]
        else:
            found = found[: max(place, 1)]
        if not found:
            return b"\0"
    return bytes(found)


def _check(read: Callable[[], object], data: bytes) -> None:
    try:
        with contextlib.suppress(CaseError, MemoryError):
            read()
    except Exception as problem:
        raise AssertionError(f"{type(problem).__name__}: {problem}; from {data!r}") from problem


def _dicom_files() -> list[bytes]:
    picture = noise(32, 32, top=4095)
    table = Dataset()
    table.add_new("LUTDescriptor", "US", [64, 0, 12])
    table.add_new("LUTData", "OW", np.arange(64, dtype="<u2").tobytes())
    plain = mammogram(picture)
    plain.WindowCenter, plain.WindowWidth, plain.VOILUTFunction = [2048, 9], [4096, 9], "SIGMOID"
    plain.RescaleSlope, plain.RescaleIntercept, plain.PixelPaddingValue = 2, -5, 4095
    tables = mammogram(picture)
    tables.VOILUTSequence, tables.ModalityLUTSequence = Sequence([table]), Sequence([table])
    group, window = Dataset(), Dataset()
    window.WindowCenter, window.WindowWidth = 2048, 4096
    group.FrameVOILUTSequence = Sequence([window])
    enhanced = mammogram(picture)
    enhanced.SharedFunctionalGroupsSequence = Sequence([group])
    packed = mammogram(picture)
    packed.compress(RLELossless)
    return [dicom_bytes(ds) for ds in (plain, tables, enhanced, packed)]


@pytest.mark.parametrize("number", range(4))
def test_mutants_of_dicom_files(number: int, tmp_path: Path) -> None:
    data = _dicom_files()[number]
    rng = np.random.default_rng([1, number])
    path = tmp_path / "m.dcm"
    for _ in range(DICOM):
        mutant = _mutant(data, rng, head=len(data) - 1900)
        path.write_bytes(mutant)
        _check(lambda: dicom_child.read(path, "m.dcm", tmp_path), mutant)


def _tiff(picture: np.ndarray, **options: object) -> bytes:
    import tifffile

    buffer = io.BytesIO()
    tifffile.imwrite(buffer, picture, **options)
    return buffer.getvalue()


RASTERS = {
    "png": lambda: encode(noise(32, 32)),
    "png 16": lambda: encode(noise(32, 32, top=4095)),
    "jpeg": lambda: encode(noise(32, 32), "JPEG"),
    "progressive jpeg": lambda: encode(noise(32, 32), "JPEG", progressive=True)[:-2],
    "tiff": lambda: _tiff(noise(32, 32, top=4095)),
    "tiff rgb 16": lambda: _tiff(np.dstack([noise(32, 32, top=4095)] * 3), photometric="rgb"),
    "tiff packed": lambda: _tiff(noise(32, 32), compression="zlib", bigtiff=True),
}


@pytest.mark.parametrize("kind", RASTERS)
def test_mutants_of_pictures(kind: str) -> None:
    data = RASTERS[kind]()
    rng = np.random.default_rng([2, *kind.encode()])
    for _ in range(PICTURE):
        mutant = _mutant(data, rng, head=300)

        def read(mutant: bytes = mutant) -> None:
            values = decode_picture(mutant, "a").image()
            assert 0 <= values.min() <= values.max() <= 1

        _check(read, mutant)


def test_mutants_of_tables(tmp_path: Path) -> None:
    path = tmp_path / "all.csv"
    write_csv(path, [MAIN_HEAD, main_row("P7_L_DM_CC"), main_row("P7_L_CM_CC", birads="3$2")])
    data = path.read_bytes()
    rng = np.random.default_rng(3)
    for number in range(TABLE):
        mutant = _mutant(data if number % 4 else data.decode().encode("utf-16"), rng, len(data))
        path.write_bytes(mutant)
        _check(lambda: read_annotations(path), mutant)


def test_mutants_of_workbooks(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    write_workbook(path, [main_row("P7_L_DM_CC")])
    data = path.read_bytes()
    rng = np.random.default_rng(4)
    for _ in range(WORKBOOK):
        mutant = _mutant(data, rng, len(data))
        path.write_bytes(mutant)
        _check(lambda: load_sheets(path), mutant)


def test_mutants_of_regions(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    shapes: list[dict[str, object]] = [
        {"name": "polygon", "all_points_x": [1, 20, 9], "all_points_y": [2, 2, 30]},
        {"name": "polyline", "all_points_x": [1, 20, 9], "all_points_y": [2, 2, 30]},
        {"name": "ellipse", "cx": 9, "cy": 8, "rx": 7, "ry": 6, "theta": 0.5},
        {"name": "rect", "x": 9, "y": 8, "width": 7, "height": 6},
        {"name": "circle", "cx": 9, "cy": 8, "r": 7},
    ]
    write_regions(path, [region_row("P7_L_DM_CC.jpg", **shape) for shape in shapes])
    head, *lines = path.read_bytes().splitlines(keepends=True)
    rng = np.random.default_rng(5)

    def read() -> None:
        for drawn in read_regions(path)[0].values():
            kept, _ = regions_of_picture(drawn, 40, 30, 1)
            assert draw_regions(kept, 40, 30).shape == (40, 30)

    for number in range(REGION):
        line = lines[number % len(lines)]
        mutant = head + _mutant(line, rng, len(line))
        path.write_bytes(mutant)
        _check(read, mutant)


def test_mutants_of_names() -> None:
    rng = np.random.default_rng(6)
    for _ in range(NAME):
        mutant = _mutant(b"P7_L_DM_MLO_2 - Copy (3).jpg.png", rng, 40)
        _check(lambda mutant=mutant: parse_file_name(mutant.decode("latin-1")), mutant)


DICOM, PICTURE, TABLE, WORKBOOK, REGION, NAME = 700, 500, 1500, 120, 2500, 1000


def test_there_are_ten_thousand_mutants() -> None:
    total = 4 * DICOM + len(RASTERS) * PICTURE + TABLE + WORKBOOK + REGION
    assert total >= 10_000
