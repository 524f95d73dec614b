"""Masks from hand-drawn regions of the VGG Image Annotator (VIA 2, CSV export).

Dutta and Zisserman, ACM Multimedia 2019, doi:10.1145/3343031.3350535.  In CDD-CESM the regions
mark every finding, including skin thickening and lymph nodes, not only the lesion that the label is
about.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage import draw

from xai_core.cases.annotations.cdd_cesm import ImageName, parse_file_name
from xai_core.cases.annotations.tables import Row, columns_of, decode_text, read_csv
from xai_core.cases.base import first_few, printable
from xai_core.cases.readers.single_file import plain_name
from xai_core.errors import BadAnnotation
from xai_core.list_text import counted
from xai_core.types import BoolArray

Shape = Mapping[str, Any]

_FARTHEST = 100_000  # px; larger coordinates are refused as errors
_PEN = 1 / 250  # radius of points and lines, of the picture's longer side; see draw_regions
_REACH = 10  # of the picture's longer side: a region that reaches farther out is another picture's
_BEYOND = 0.25  # of the longer side: a region that reaches farther beyond the border is told
_MAX_POINTS = 5_000  # of a region; the release's longest outline has 300
_MAX_WORK = 200_000_000  # steps of drawing for one picture, about a second per 10^8
_SHAPE_WORK = 5_000  # what a shape costs whatever its size
_SMALLEST_FILE = 64  # bytes; smaller file sizes in a table stand for "unknown"

_COLUMNS = {"file": r"filename", "shape": r"regionshapeattributes", "size": r"filesize"}
_NEEDED = ("file", "shape")


def is_region_file(path: Path) -> bool:
    """Whether a CSV file's first line is that of a VIA export."""
    try:
        with path.open("rb") as file:
            start = decode_text(file.read(4096))
    except OSError:
        return False
    return "region_shape_attributes" in start.split("\n", 1)[0]


def read_regions(path: Path) -> tuple[dict[ImageName, tuple[Shape, ...]], tuple[str, ...]]:
    """Read the regions of each image, as VIA's shape attributes, validated.

    Returns image -> shapes, and sentences about rows that were left out.  A rectangle becomes a
    polygon.  Each shape also has ``file_size``: the bytes of the file that it was drawn on, or
    None.

    Raises:
        BadAnnotation: the file cannot be read or lacks a column.
    """
    rows = read_csv(path)
    columns = columns_of(rows, _COLUMNS)
    if not all(key in columns for key in _NEEDED):
        raise BadAnnotation(
            f"{plain_name(path.name)} lacks the column #filename or region_shape_attributes; use "
            "VIA's own CSV export."
        )
    regions: dict[ImageName, list[Shape]] = {}
    unusable: list[str] = []
    short = 0
    for row in rows[1:]:
        if len(row) <= max(columns[key] for key in _NEEDED):
            short += any(cell.strip() for cell in row)
            continue
        text = row[columns["shape"]].strip()
        if text in ("", "{}"):
            continue  # VIA writes such a row for an image without a region
        name = parse_file_name(row[columns["file"]])
        shape = _parse_shape(text)
        if name is None or shape is None:
            unusable.append(f"{row[columns['file']].strip():.40}")
        else:
            size = _file_size(row, columns)
            regions.setdefault(name, []).append({**shape, "file_size": size})
    warnings = []
    if unusable:
        warnings.append(
            f"{plain_name(path.name)}: "
            + counted(
                len(unusable), "region cannot be used and was", "regions cannot be used and were"
            )
            + f" left out, of: {first_few([printable(name) for name in unusable])}."
        )
    if short:
        rows_lack = counted(short, "row lacks columns and was", "rows lack columns and were")
        warnings.append(f"{plain_name(path.name)}: {rows_lack} left out.")
    return {name: tuple(shapes) for name, shapes in regions.items()}, tuple(warnings)


def regions_of_picture(
    shapes: Sequence[Shape], height: int, width: int, file_size: int
) -> tuple[tuple[Shape, ...], tuple[str, ...]]:
    """The shapes that can be drawn on a picture, and sentences about those that cannot.

    ``height``, ``width``: of the picture, in pixels.  ``file_size``: of its file, in bytes; regions
    that were drawn on a file of another size belong to another version of the picture, perhaps one
    of another resolution, and a mask from them could be wrong.
    """
    sizes: set[int] = {s["file_size"] for s in shapes if s.get("file_size") is not None}
    if sizes and file_size not in sizes:
        return (), (
            f"its regions were drawn on a file of {min(sizes):,} bytes and it has {file_size:,}: "
            "the picture was changed since, so the regions are left out.",
        )
    of_this = [s for s in shapes if s.get("file_size") in (None, file_size)]
    reach = _REACH * max(height, width)
    near = [s for s in of_this if _reaches(s) <= reach]
    # Where all lie outside, none is drawn, and that is told of the picture as a whole.
    seen = [s for s in near if _beyond(s, height, width) < math.inf] or near
    kept: list[Shape] = []
    work = 0
    for shape in seen:
        work += _work(shape, height, width)
        if work <= _MAX_WORK:
            kept.append(shape)
    left_out = (
        (len(shapes) - len(of_this), "was", "were", "drawn on another version of the file"),
        (len(of_this) - len(near), "reaches", "reach", "far outside the picture"),
        (len(near) - len(seen), "lies", "lie", "outside the picture"),
        (len(seen) - len(kept), "is", "are", "too many or too large to be drawn"),
    )
    sentences = [
        f"{counted(n, f'of its regions {one}', f'of its regions {several}')} {fault} and "
        f"{'was' if n == 1 else 'were'} left out."
        for n, one, several, fault in left_out
        if n
    ]
    limit = _BEYOND * max(height, width)
    if n := sum(limit < _beyond(shape, height, width) < math.inf for shape in kept):
        words = counted(n, "of its regions reaches", "of its regions reach")
        sentences.append(
            f"{words} far beyond the picture's border, as if drawn on a picture of another size."
        )
    return tuple(kept), tuple(sentences)


def draw_regions(shapes: Sequence[Shape], height: int, width: int) -> BoolArray:
    """The union of ``shapes`` as a mask, bool (height, width), clipped at the borders.

    Coordinates are pixels of the image itself, x to the right, y down.  A pixel belongs to a filled
    shape where its centre does.  Points and polylines have no area: they are drawn with a pen whose
    radius is 1/250 of the longer side, about three pixels wide on the network's 384.
    """
    mask = np.zeros((height, width), dtype=np.bool_)
    pen = max(1.0, _PEN * max(height, width))
    for shape in shapes:
        kind = shape["name"]
        if kind == "polygon":
            _fill(mask, np.array(shape["all_points_y"]), np.array(shape["all_points_x"]))
        elif kind == "polyline":
            points = list(zip(shape["all_points_y"], shape["all_points_x"], strict=True))
            for start, end in zip(points, points[1:] or points, strict=False):
                _draw_line(mask, start, end, pen)
        else:
            _draw_round(mask, shape, pen)
    return mask


def _reaches(shape: Shape) -> float:
    """The largest coordinate of a shape, in px, whatever its sign."""
    lengths = [*shape.get("all_points_x", ()), *shape.get("all_points_y", ())]
    extent = max(shape.get("rx", 0.0), shape.get("ry", 0.0), shape.get("r", 0.0))
    if "cx" in shape:
        lengths += [abs(shape["cx"]) + extent, abs(shape["cy"]) + extent]
    return float(max(abs(length) for length in lengths))


def _beyond(shape: Shape, height: int, width: int) -> float:
    """How far a shape reaches beyond the picture's border, px, at least 0; infinity where it lies
    wholly outside."""
    if "cx" in shape:
        # The circle about an ellipse, whichever way it is turned.
        extent = max(shape.get("rx", 0.0), shape.get("ry", 0.0), shape.get("r", 0.0))
        xs, ys = ([shape[key] - extent, shape[key] + extent] for key in ("cx", "cy"))
    else:
        xs, ys = shape["all_points_x"], shape["all_points_y"]
    if max(xs) < -0.5 or max(ys) < -0.5 or min(xs) > width - 0.5 or min(ys) > height - 0.5:
        return math.inf
    return float(max(-min(xs), -min(ys), max(xs) - width, max(ys) - height, 0))


def _work(shape: Shape, height: int, width: int) -> int:
    """An upper bound of the steps that drawing a shape takes."""
    area = height * width
    points = len(shape.get("all_points_x", ()))
    if shape["name"] == "polygon":
        rows = np.clip(np.array(shape["all_points_y"]), 0, height)
        columns = np.clip(np.array(shape["all_points_x"]), 0, width)
        crossings = np.abs(np.diff(rows, append=rows[0])).sum() + points
        return int(np.ptp(rows) * np.ptp(columns) + 4 * crossings) + _SHAPE_WORK
    if shape["name"] == "polyline":
        pen = max(1.0, _PEN * max(height, width))
        discs = points * (math.hypot(height, width) / pen + 2)  # visible ones, of a whole crossing
        xs, ys = np.array(shape["all_points_x"]), np.array(shape["all_points_y"])
        length = np.hypot(np.diff(xs), np.diff(ys)).sum()
        discs = min(discs, length / pen + 2 * points)
        return int(discs * (_SHAPE_WORK + 4 * pen * pen))
    radius = max(shape.get("rx", 0.0), shape.get("ry", 0.0), shape.get("r", 0.0))
    return int(min(area, 4 * (radius + 1) ** 2)) + _SHAPE_WORK


def _fill(mask: BoolArray, ys: NDArray[np.float64], xs: NDArray[np.float64]) -> None:
    """Fill a polygon by its crossings with each row of pixel centres.

    As scikit-image's ``draw.polygon``, which asks for every pixel and every edge, a pixel belongs
    to the polygon where its centre is inside or on the outline.
    """
    top, bottom = max(0, math.ceil(ys.min())), min(mask.shape[0] - 1, math.floor(ys.max()))
    left, right = max(0, math.ceil(xs.min())), min(mask.shape[1] - 1, math.floor(xs.max()))
    if top > bottom or left > right:
        return
    shape = (bottom - top + 1, right - left + 2)
    # Where the number of crossings to the right, and to the left, of a centre changes.
    to_right, to_left = (np.zeros(shape, dtype=np.bool_) for _ in range(2))
    y0, x0, y1, x1 = ys, xs, np.roll(ys, 1), np.roll(xs, 1)
    low, high = np.minimum(y0, y1), np.maximum(y0, y1)
    for changes, first, last, place in (
        (to_right, np.ceil(low), np.ceil(high) - 1, np.ceil),
        (to_left, np.floor(low) + 1, np.floor(high), lambda at: np.floor(at) + 1),
    ):
        start = np.maximum(first, top).astype(np.int64)
        counts = np.maximum(np.minimum(last, bottom).astype(np.int64) - start + 1, 0)
        edge = np.repeat(np.arange(len(ys)), counts)
        row = np.arange(len(edge)) - np.repeat(np.cumsum(counts) - counts, counts) + start[edge]
        above, below = y0[edge] - row, y1[edge] - row
        at = (x0[edge] * below - x1[edge] * above) / (below - above)
        column = np.clip(place(at), left, right + 1).astype(np.int64) - left
        np.logical_xor.at(changes, (row - top, column), True)
    beside = np.logical_xor.accumulate(to_right, axis=1)
    inside = beside[:, -1:] ^ beside | np.logical_xor.accumulate(to_left, axis=1)
    mask[top : bottom + 1, left : right + 1] |= inside[:, :-1]
    whole = (ys == np.rint(ys)) & (xs == np.rint(xs))  # corners on pixel centres
    whole &= (ys >= top) & (ys <= bottom) & (xs >= left) & (xs <= right)
    mask[ys[whole].astype(np.int64), xs[whole].astype(np.int64)] = True


def _draw_round(mask: BoolArray, shape: Shape, pen: float) -> None:
    kind = shape["name"]
    if kind == "ellipse":
        radii = (shape["ry"], shape["rx"])
    else:
        radii = (shape["r"], shape["r"]) if kind == "circle" else (pen, pen)
    # A shape with a radius below half a pixel may contain no pixel centre; the minimum avoids that.
    tall, wide = (max(radius, 0.75) for radius in radii)
    rows, columns = draw.ellipse(
        shape["cy"],
        shape["cx"],
        tall,
        wide,
        shape=mask.shape,
        rotation=math.remainder(-shape.get("theta", 0.0), math.tau),  # VIA's angle is clockwise
    )
    mask[rows, columns] = True


def _draw_line(
    mask: BoolArray, start: tuple[float, float], end: tuple[float, float], pen: float
) -> None:
    """Draw a line as discs one pen radius apart; those that cannot meet the picture are passed
    over."""
    length = math.hypot(end[0] - start[0], end[1] - start[1])
    count = 2 + int(length / pen)
    # The part of the line, from 0 to 1, that is nearer to the picture than the pen's radius.
    first, last = 0.0, 1.0
    for a, b, side in zip(start, end, mask.shape, strict=True):
        low, high = -pen - 1, side + pen + 1
        if a == b:
            if not low <= a <= high:
                return
            continue
        enter, leave = sorted(((low - a) / (b - a), (high - a) / (b - a)))
        first, last = max(first, enter), min(last, leave)
    steps = np.arange(
        max(0, math.floor(first * (count - 1)) - 1),
        min(count - 1, math.ceil(last * (count - 1)) + 1) + 1,
    )
    for index in steps:
        step = 1.0 if index == count - 1 else index * (1 / (count - 1))
        row = start[0] + step * (end[0] - start[0])
        column = start[1] + step * (end[1] - start[1])
        mask[draw.disk((row, column), pen, shape=mask.shape)] = True


def _file_size(row: Row, columns: Mapping[str, int]) -> int | None:
    """The annotated file's size in bytes, or None where VIA did not know it."""
    index = columns.get("size")
    try:
        size = int(str(row[index]).strip()) if index is not None else 0
    except (ValueError, IndexError):
        return None
    return size if size >= _SMALLEST_FILE else None


def _parse_shape(text: str) -> Shape | None:
    """The shape of a ``region_shape_attributes`` cell, numbers as floats; None if unusable."""
    try:
        shape = json.loads(text, object_pairs_hook=_each_once)
        kind = shape["name"]
        if kind in ("polygon", "polyline"):
            xs, ys = (_numbers(shape[key]) for key in ("all_points_x", "all_points_y"))
            needed = 3 if kind == "polygon" else 1
            if len(xs) != len(ys) or not needed <= len(xs) <= _MAX_POINTS:
                return None
            return {"name": kind, "all_points_x": xs, "all_points_y": ys}
        if kind == "rect":
            x, y, w, h = _numbers([shape[key] for key in ("x", "y", "width", "height")])
            if w < 0 or h < 0:
                return None
            xs, ys = [x, x + w, x + w, x], [y, y, y + h, y + h]
            return {"name": "polygon", "all_points_x": xs, "all_points_y": ys}
        keys = {"ellipse": ("rx", "ry"), "circle": ("r",), "point": ()}[kind]
        found: dict[str, Any] = {"name": kind}
        for key in ("cx", "cy", *keys, *(("theta",) if "theta" in shape else ())):
            (found[key],) = _numbers([shape[key]])
        return found if all(found[key] >= 0 for key in keys) else None
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Raises:
    ValueError: a key is given twice.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError
    return found


def _numbers(values: Any) -> list[float]:
    """``values`` as finite floats.

    Raises:
        ValueError: one of them is not a plausible coordinate.
    """
    if not isinstance(values, list) or any(isinstance(v, bool | str) for v in values):
        raise ValueError
    numbers = [float(v) for v in values]
    if not all(abs(v) <= _FARTHEST for v in numbers):  # False for NaN, too
        raise ValueError
    return numbers
