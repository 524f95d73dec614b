from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cases.builders import region_row, write_csv, write_regions
from xai_core.cases.annotations.cdd_cesm import parse_name
from xai_core.cases.annotations.via_regions import draw_regions, is_region_file, read_regions
from xai_core.errors import BadAnnotation

NAME = parse_name("P7_L_DM_CC")


def _read(tmp_path: Path, *shapes: dict[str, Any]) -> tuple[Any, tuple[str, ...]]:
    write_regions(tmp_path / "r.csv", [region_row("P7_L_DM_CC.jpg ", **s) for s in shapes])
    regions, warnings = read_regions(tmp_path / "r.csv")
    return regions.get(NAME, ()), warnings


def _mask(tmp_path: Path, **shape: Any) -> np.ndarray:
    shapes, warnings = _read(tmp_path, shape)
    assert not warnings
    return draw_regions(shapes, 100, 80)


def test_polygon_fills_its_pixels(tmp_path: Path) -> None:
    mask = _mask(
        tmp_path, name="polygon", all_points_x=[10, 29, 29, 10], all_points_y=[20, 20, 59, 59]
    )
    assert mask.dtype == np.bool_
    assert mask[20:60, 10:30].all()
    assert mask.sum() == 40 * 20


def test_circle_and_ellipse_have_their_area(tmp_path: Path) -> None:
    circle = _mask(tmp_path, name="circle", cx=40, cy=50, r=20)
    assert circle.sum() == pytest.approx(math.pi * 400, rel=0.02)
    ellipse = _mask(tmp_path, name="ellipse", cx=40, cy=50, rx=30, ry=10)
    assert ellipse.sum() == pytest.approx(math.pi * 300, rel=0.02)
    assert ellipse[50, 65]
    assert not ellipse[65, 40]


def test_an_ellipse_turns_clockwise(tmp_path: Path) -> None:
    mask = _mask(tmp_path, name="ellipse", cx=40, cy=50, rx=30, ry=5, theta=math.pi / 4)
    assert mask[50 + 15, 40 + 15]  # y is down: clockwise leads to the lower right
    assert not mask[50 - 15, 40 + 15]


def test_lines_and_points_are_drawn_with_a_pen(tmp_path: Path) -> None:
    line = _mask(tmp_path, name="polyline", all_points_x=[10, 60, 60], all_points_y=[20, 20, 80])
    assert line[20, 10:61].all()
    assert line[20:81, 60].all()
    assert line.sum() < 400
    point = _mask(tmp_path, name="point", cx=7, cy=8)
    assert point[8, 7]
    assert 1 <= point.sum() <= 9
    assert _mask(tmp_path, name="polyline", all_points_x=[5], all_points_y=[6])[6, 5]


def test_coordinates_outside_the_picture_are_clipped(tmp_path: Path) -> None:
    mask = _mask(
        tmp_path, name="polygon", all_points_x=[-50, 20, 20, -50], all_points_y=[-9, -9, 500, 500]
    )
    assert mask[:, :21].all()
    assert not mask[:, 21:].any()
    assert not _mask(tmp_path, name="circle", cx=-50, cy=-50, r=3).any()


def test_circle_of_radius_0_marks_a_pixel(tmp_path: Path) -> None:
    assert _mask(tmp_path, name="circle", cx=10.5, cy=10.5, r=0).any()


def test_mask_is_the_union_of_regions(tmp_path: Path) -> None:
    shapes, _ = _read(
        tmp_path,
        {"name": "circle", "cx": 10, "cy": 10, "r": 4},
        {"name": "circle", "cx": 60, "cy": 60, "r": 4},
    )
    mask = draw_regions(shapes, 100, 80)
    assert mask[10, 10]
    assert mask[60, 60]


@pytest.mark.parametrize(
    "shape",
    [
        {"name": "rect", "x": 1, "y": 1},
        {"name": "circle", "cx": 1, "cy": 1},
        {"name": "circle", "cx": 1, "cy": 1, "r": -1},
        {"name": "circle", "cx": "x", "cy": 1, "r": 1},
        {"name": "circle", "cx": 1e300, "cy": 1, "r": 1},
        {"name": "circle", "cx": math.nan, "cy": 1, "r": 1},
        {"name": "polygon", "all_points_x": [1, 2], "all_points_y": [1, 2]},
        {"name": "polygon", "all_points_x": [1, 2, 3], "all_points_y": [1, 2]},
        {"name": "polygon", "all_points_x": 5, "all_points_y": 5},
        {"name": ["polygon"]},
        {"nothing": 1},
    ],
)
def test_unusable_regions_are_left_out_with_a_warning(
    tmp_path: Path, shape: dict[str, Any]
) -> None:
    shapes, warnings = _read(tmp_path, shape)
    assert shapes == ()
    assert "1 regions cannot be used" in warnings[0]


def test_rows_without_a_usable_region(tmp_path: Path) -> None:
    rows = [
        ["P7_L_DM_CC.jpg", 1, "{}", 0, 0, "{}", "{}"],
        ["P7_L_DM_CC.jpg", 1, "{}", 0, 0, "{broken", "{}"],
        ["P7_L_DM_CC.jpg", 1, "{}", 0, 0, "[" * 100_000, "{}"],
        ["other.jpg", 1, "{}", 0, 0, json.dumps({"name": "point", "cx": 1, "cy": 1}), "{}"],
        ["short"],
    ]
    write_regions(tmp_path / "r.csv", rows)
    regions, warnings = read_regions(tmp_path / "r.csv")
    assert regions == {}
    assert "3 regions" in warnings[0]
    assert "other.jpg" in warnings[0]


def test_region_files_are_recognised_by_their_first_line(tmp_path: Path) -> None:
    write_regions(tmp_path / "r.csv", [])
    write_csv(tmp_path / "other.csv", [["a", "b"]])
    assert is_region_file(tmp_path / "r.csv")
    assert not is_region_file(tmp_path / "other.csv")
    assert not is_region_file(tmp_path / "absent.csv")
    with pytest.raises(BadAnnotation, match="lacks the column"):
        read_regions(tmp_path / "other.csv")


_number = st.floats(-300, 300)


@given(
    st.lists(st.tuples(_number, _number), min_size=3, max_size=12),
    st.integers(1, 60),
    st.integers(1, 60),
)
def test_any_outline_gives_a_mask_of_the_picture(
    points: list[tuple[float, float]], height: int, width: int
) -> None:
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    for name in ("polygon", "polyline"):
        mask = draw_regions([{"name": name, "all_points_x": xs, "all_points_y": ys}], height, width)
        assert mask.shape == (height, width)
        if mask.any():  # nothing is marked beyond the outline's box and the pen
            rows, columns = np.nonzero(mask)
            assert rows.min() >= min(ys) - 2
            assert columns.max() <= max(xs) + 2


@given(_number, _number, st.floats(0, 200), st.floats(0, 200), st.floats(-10, 10))
def test_any_ellipse_gives_a_mask(x: float, y: float, rx: float, ry: float, turn: float) -> None:
    shape = {"name": "ellipse", "cx": x, "cy": y, "rx": rx, "ry": ry, "theta": turn}
    mask = draw_regions([shape], 50, 40)
    assert mask.shape == (50, 40)
    assert mask.sum() <= math.pi * max(rx, 1) * max(ry, 1) * 1.5 + 20
