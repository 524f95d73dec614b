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
from skimage import draw

from xai_core.cases.annotations.cdd_cesm import ImageName, parse_name
from xai_core.cases.annotations.tables import columns_of, read_csv
from xai_core.cases.base import first_few
from xai_core.errors import BadAnnotation
from xai_core.types import BoolArray

Shape = Mapping[str, Any]

_FARTHEST = 100_000  # px; larger coordinates are refused as errors
_PEN = 1 / 250  # radius of points and lines, of the picture's longer side; see draw_regions

_COLUMNS = {"file": r"filename", "shape": r"regionshapeattributes"}


def is_region_file(path: Path) -> bool:
    """Whether a CSV file's first line is that of a VIA export."""
    try:
        with path.open("rb") as file:
            return b"region_shape_attributes" in file.read(4096).split(b"\n", 1)[0]
    except OSError:
        return False


def read_regions(path: Path) -> tuple[dict[ImageName, tuple[Shape, ...]], tuple[str, ...]]:
    """Read the regions of each image, as VIA's shape attributes, validated.

    Returns image -> shapes, and sentences about rows that were left out.

    Raises:
        BadAnnotation: the file cannot be read or lacks a column.
    """
    rows = read_csv(path)
    columns = columns_of(rows, _COLUMNS)
    if len(columns) < len(_COLUMNS):
        raise BadAnnotation(
            f"{path.name} lacks the column #filename or region_shape_attributes; use VIA's own CSV "
            "export."
        )
    regions: dict[ImageName, list[Shape]] = {}
    unusable: list[str] = []
    for row in rows[1:]:
        if len(row) <= max(columns.values()):
            continue
        text = row[columns["shape"]].strip()
        if text in ("", "{}"):
            continue  # VIA writes such a row for an image without a region
        name = parse_name(row[columns["file"]])
        shape = _parse_shape(text)
        if name is None or shape is None:
            unusable.append(f"{row[columns['file']].strip():.40}")
        else:
            regions.setdefault(name, []).append(shape)
    warnings: tuple[str, ...] = ()
    if unusable:
        warnings = (
            f"{path.name}: {len(unusable)} regions cannot be used and were left out, of: "
            f"{first_few(unusable)}.",
        )
    return {name: tuple(shapes) for name, shapes in regions.items()}, warnings


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
            rows, columns = draw.polygon(
                shape["all_points_y"], shape["all_points_x"], shape=mask.shape
            )
            mask[rows, columns] = True
        elif kind == "polyline":
            points = list(zip(shape["all_points_y"], shape["all_points_x"], strict=True))
            for start, end in zip(points, points[1:] or points, strict=False):
                _draw_line(mask, start, end, pen)
        else:
            _draw_round(mask, shape, pen)
    return mask


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
    """Draw a line as discs one pen radius apart."""
    length = math.hypot(end[0] - start[0], end[1] - start[1])
    for step in np.linspace(0, 1, 2 + int(length / pen)):
        row = start[0] + step * (end[0] - start[0])
        column = start[1] + step * (end[1] - start[1])
        mask[draw.disk((row, column), pen, shape=mask.shape)] = True


def _parse_shape(text: str) -> Shape | None:
    """The shape of a ``region_shape_attributes`` cell, numbers as floats; None if unusable."""
    try:
        shape = json.loads(text)
        kind = shape["name"]
        if kind in ("polygon", "polyline"):
            xs, ys = (_numbers(shape[key]) for key in ("all_points_x", "all_points_y"))
            needed = 3 if kind == "polygon" else 1
            if len(xs) != len(ys) or len(xs) < needed:
                return None
            return {"name": kind, "all_points_x": xs, "all_points_y": ys}
        keys = {"ellipse": ("rx", "ry"), "circle": ("r",), "point": ()}[kind]
        found: dict[str, Any] = {"name": kind}
        for key in ("cx", "cy", *keys, *(("theta",) if "theta" in shape else ())):
            (found[key],) = _numbers([shape[key]])
        return found if all(found[key] >= 0 for key in keys) else None
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _numbers(values: Any) -> list[float]:
    """``values`` as finite floats.

    Raises:
        ValueError: one of them is not a plausible coordinate.
    """
    numbers = [float(v) for v in values]
    if not all(abs(v) <= _FARTHEST for v in numbers):  # False for NaN, too
        raise ValueError
    return numbers
