"""Marks from the browser, and how they meet what the source marked."""

from __future__ import annotations

import numpy as np
import pytest

from xai_core.ui.blind.reading import (
    Found,
    Mark,
    alias,
    in_blind_order,
    match_marks,
    point,
    read_marks,
)

SHAPES = {"low": (120, 90)}


def test_an_alias_says_nothing_of_the_name_and_stays_the_same() -> None:
    names = [f"{kind}/case {n}" for kind in ("benign", "malignant") for n in range(200)]
    order = in_blind_order(names)
    assert sorted(order.values()) == sorted(names)
    assert list(order) == sorted(order)
    assert all(len(key) == 10 and int(key, 16) >= 0 for key in order)
    assert alias(names[0]) == alias(names[0])
    # Where the list began with all benign ones, it is mixed now.
    first = [name.startswith("benign") for name in list(order.values())[:200]]
    assert 60 < sum(first) < 140


def test_marks_are_read_and_what_is_none_is_left_out() -> None:
    given = [
        {"picture": "low", "x": 10, "y": 20.5},
        {"picture": "recombined", "x": 10, "y": 20},  # there is no such picture
        {"picture": "low", "x": 91, "y": 20},  # beside it
        {"picture": "low", "x": float("nan"), "y": 20},
        {"picture": "low", "x": "far"},
        "a mark",
    ]
    assert read_marks(given, SHAPES) == (Mark("low", 10, 20.5, 10, 20.5),)
    assert read_marks(None, SHAPES) == read_marks({"x": 1}, SHAPES) == ()
    many = [{"picture": "low", "x": 1, "y": 1}] * 100
    assert len(read_marks(many, SHAPES)) == 20


def test_a_box_s_centre_is_what_is_drawn() -> None:
    assert Mark("low", 10, 20, 30, 60).as_json() == {"picture": "low", "x": 20, "y": 40}


@pytest.mark.parametrize(
    ("marks", "found"),
    [
        ([(12, 12)], Found(1, 1, 2)),  # inside
        ([(12, 24)], Found(1, 1, 2)),  # five pixels off
        ([(12, 26)], Found(0, 0, 2)),  # more than that
        ([(12, 12), (13, 13), (60, 80)], Found(3, 2, 2)),
        ([], Found(0, 0, 2)),
        ([(90, 120)], Found(0, 0, 2)),  # the very corner of the picture
    ],
)
def test_marks_meet_lesions(marks: list[tuple[float, float]], found: Found) -> None:
    mask = np.zeros((120, 90), bool)
    mask[10:20, 10:20] = True
    mask[78:84, 55:65] = True
    assert match_marks(tuple(point("low", x, y) for x, y in marks), mask, 5) == found


def test_where_nothing_is_marked_nothing_is_met() -> None:
    assert match_marks((point("low", 1, 1),), None, 5) == Found(0, 0, 0)
    assert match_marks((point("low", 1, 1),), np.zeros((5, 5), bool), 5) == Found(0, 0, 0)
