from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import draw

from tests.cases.builders import region_row, write_csv, write_regions
from xai_core.cases.annotations.cdd_cesm import parse_name
from xai_core.cases.annotations.via_regions import (
    draw_regions,
    is_region_file,
    read_regions,
    regions_of_picture,
)
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
        {"name": "polygon", "all_points_x": "159", "all_points_y": "159"},
        {"name": "polygon", "all_points_x": {"1": 0, "5": 0, "9": 0}, "all_points_y": [1, 5, 9]},
        {"name": "polygon", "all_points_x": [1, True, 9], "all_points_y": [1, 5, 9]},
        {"name": "circle", "cx": 5, "cy": 5, "r": "2_0"},
    ],
)
def test_unusable_regions_are_left_out_with_a_warning(
    tmp_path: Path, shape: dict[str, Any]
) -> None:
    shapes, warnings = _read(tmp_path, shape)
    assert shapes == ()
    assert "1 region cannot be used and was left out" in warnings[0]


def test_a_key_given_twice_is_left_out(tmp_path: Path) -> None:
    text = '{"name": "circle", "cx": 5, "cy": 5, "r": 5, "r": 30}'
    write_regions(tmp_path / "r.csv", [["P7_L_DM_CC.jpg", 1, "{}", 1, 0, text, "{}"]])
    regions, warnings = read_regions(tmp_path / "r.csv")
    assert not regions
    assert "1 region cannot be used" in warnings[0]


def test_regions_outside_the_picture_or_far_beyond_its_border_are_told() -> None:
    inside = {"name": "circle", "cx": 20.0, "cy": 20.0, "r": 5.0}
    outside = {"name": "circle", "cx": 300.0, "cy": 300.0, "r": 5.0}
    wide = {
        "name": "polygon", "all_points_x": [-40.0, 90.0, 90.0], "all_points_y": [0.0, 0.0, 60.0],
    }  # fmt: skip
    over = {
        "name": "polygon", "all_points_x": [-3.0, 20.0, 20.0], "all_points_y": [0.0, 0.0, 60.0],
    }  # fmt: skip
    shapes, sentences = regions_of_picture([inside, outside, over], 64, 48, 1)
    assert shapes == (inside, over)
    assert sentences == ("1 of its regions lies outside the picture and was left out.",)
    shapes, sentences = regions_of_picture([inside, wide], 64, 48, 1)
    assert shapes == (inside, wide)
    assert len(sentences) == 1
    assert sentences[0].startswith("1 of its regions reaches far beyond the picture's border")
    assert regions_of_picture([outside], 64, 48, 1) == ((outside,), ())


def test_rectangle_fills_its_pixels(tmp_path: Path) -> None:
    mask = _mask(tmp_path, name="rect", x=10, y=20, width=19, height=39)
    assert mask[20:60, 10:30].all()
    assert mask.sum() == 40 * 20
    assert _mask(tmp_path, name="rect", x=70, y=90, width=500, height=500)[90:, 70:].all()


@pytest.mark.parametrize(
    "shape",
    [
        {"name": "rect", "x": 1, "y": 1, "width": -5, "height": 5},
        {"name": "polygon", "all_points_x": [1] * 5001, "all_points_y": [1] * 5001},
    ],
)
def test_region_beyond_the_limits_is_left_out(tmp_path: Path, shape: dict[str, Any]) -> None:
    shapes, warnings = _read(tmp_path, shape)
    assert shapes == ()
    assert "1 region cannot be used and was left out" in warnings[0]


def test_region_that_reaches_far_out_is_not_of_this_picture() -> None:
    near = {"name": "circle", "cx": 20.0, "cy": 30.0, "r": 5.0}
    far = [
        {"name": "polyline", "all_points_x": [0.0, 9e4] * 20, "all_points_y": [9e4, 0.0] * 20},
        {"name": "circle", "cx": 20.0, "cy": 20.0, "r": 99_000.0},
        {"name": "point", "cx": -2000.0, "cy": 0.0},
    ]
    kept, sentences = regions_of_picture([near, *far], 100, 80, 1000)
    assert kept == (near,)
    assert sentences == ("3 of its regions reach far outside the picture and were left out.",)


def test_regions_beyond_the_work_of_a_picture_are_left_out() -> None:
    whole = {
        "name": "polygon",
        "all_points_x": [0.0, 4000.0, 4000.0, 0.0],
        "all_points_y": [0.0, 0.0, 5000.0, 5000.0],
    }
    kept, sentences = regions_of_picture([whole] * 30, 5000, 4000, 1000)
    assert 5 <= len(kept) < 30
    assert "too many or too large" in sentences[0]
    scribble = {
        "name": "polyline",
        "all_points_x": [0.0, 4000.0] * 2500,
        "all_points_y": [0.0, 5000.0] * 2500,
    }
    assert regions_of_picture([scribble], 5000, 4000, 1000)[0] == ()
    many = [{"name": "point", "cx": 1.0, "cy": 1.0}] * 100_000
    assert len(regions_of_picture(many, 5000, 4000, 1000)[0]) < 50_000


def test_regions_of_another_version_of_the_file_are_left_out() -> None:
    """VIA's ``file_size``: the picture was resized since, and the outline was not."""
    old, new, unknown = (
        {"name": "circle", "cx": 20.0, "cy": 30.0, "r": 5.0, "file_size": size}
        for size in (9000, 1000, None)
    )
    kept, sentences = regions_of_picture([old], 100, 80, 1000)
    assert kept == ()
    assert "drawn on a file of 9,000 bytes and it has 1,000" in sentences[0]
    assert regions_of_picture([new, unknown], 100, 80, 1000) == ((new, unknown), ())
    kept, sentences = regions_of_picture([old, new, unknown], 100, 80, 1000)
    assert kept == (new, unknown)
    assert "1 of its regions was drawn on another version" in sentences[0]


@pytest.mark.parametrize(("given", "size"), [("1234", 1234), ("-1", None), ("", None), ("x", None)])
def test_file_size_of_a_row(tmp_path: Path, given: str, size: int | None) -> None:
    row = region_row("P7_L_DM_CC.jpg", name="point", cx=1, cy=2)
    row[1] = given
    write_regions(tmp_path / "r.csv", [row])
    assert read_regions(tmp_path / "r.csv")[0][NAME][0]["file_size"] == size


def test_a_table_in_utf_16_is_a_region_file(tmp_path: Path) -> None:
    write_regions(tmp_path / "r.csv", [region_row("P7_L_DM_CC.jpg", name="point", cx=1, cy=2)])
    text = (tmp_path / "r.csv").read_text()
    (tmp_path / "r.csv").write_bytes(text.encode("utf-16"))
    assert is_region_file(tmp_path / "r.csv")
    assert NAME in read_regions(tmp_path / "r.csv")[0]


def test_rows_that_lack_columns_are_told(tmp_path: Path) -> None:
    write_regions(tmp_path / "r.csv", [["short"], ["", ""]])
    assert read_regions(tmp_path / "r.csv")[1] == ("r.csv: 1 row lacks columns and was left out.",)


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
_whole = st.integers(-20, 80).map(float)
_eighths = st.integers(-2400, 2400).map(lambda n: n / 8)  # computed without rounding


@settings(max_examples=200)
@given(
    st.lists(st.tuples(_whole, _whole) | st.tuples(_eighths, _eighths), min_size=3, max_size=15),
    st.integers(1, 60),
    st.integers(1, 60),
)
def test_polygon_is_that_of_scikit_image(
    points: list[tuple[float, float]], height: int, width: int
) -> None:
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    shape = {"name": "polygon", "all_points_x": xs, "all_points_y": ys}
    expected = np.zeros((height, width), dtype=bool)
    expected[draw.polygon(ys, xs, shape=expected.shape)] = True
    np.testing.assert_array_equal(draw_regions([shape], height, width), expected)


@given(st.lists(st.tuples(_number, _number), min_size=2, max_size=6), st.integers(1, 400))
def test_line_is_the_discs_along_its_whole_length(
    points: list[tuple[float, float]], side: int
) -> None:
    """Discs that lie outside the picture are not drawn; the others are where they always were."""
    xs, ys = [5 * p[0] for p in points], [5 * p[1] for p in points]
    shape = {"name": "polyline", "all_points_x": xs, "all_points_y": ys}
    pen = max(1.0, side / 250)
    expected = np.zeros((side, side), dtype=bool)
    for x0, y0, x1, y1 in zip(xs, ys, xs[1:], ys[1:], strict=False):
        for step in np.linspace(0, 1, 2 + int(math.hypot(y1 - y0, x1 - x0) / pen)):
            centre = (y0 + step * (y1 - y0), x0 + step * (x1 - x0))
            expected[draw.disk(centre, pen, shape=expected.shape)] = True
    np.testing.assert_array_equal(draw_regions([shape], side, side), expected)


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
