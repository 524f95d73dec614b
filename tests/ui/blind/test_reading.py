"""Aliases, marks from the browser, and marks compared with the marked findings."""

from __future__ import annotations

import numpy as np
import pytest

from xai_core.ui.blind.reading import (
    Mark,
    MarkMatches,
    alias,
    cases_by_alias,
    match_marks,
    point_mark,
    read_marks,
)

SHAPES = {"low": (120, 90)}


def test_aliases_are_stable_and_their_order_is_independent_of_the_ids() -> None:
    names = [f"{kind}/case {n}" for kind in ("benign", "malignant") for n in range(200)]
    order = cases_by_alias(names)
    assert sorted(order.values()) == sorted(names)
    assert list(order) == sorted(order)
    assert all(len(key) == 10 and int(key, 16) >= 0 for key in order)
    assert alias(names[0]) == alias(names[0])
    # The ids began with all benign cases; in the order of the aliases they are mixed.
    first = [name.startswith("benign") for name in list(order.values())[:200]]
    assert 60 < sum(first) < 140


def test_valid_marks_are_read_and_the_rest_is_left_out() -> None:
    from_browser = [
        {"picture": "low", "x": 10, "y": 20.5},
        {"picture": "recombined", "x": 10, "y": 20},  # the case has no such picture
        {"picture": "low", "x": 91, "y": 20},  # outside the picture
        {"picture": "low", "x": float("nan"), "y": 20},
        {"picture": "low", "x": "far"},
        "a mark",
    ]
    assert read_marks(from_browser, SHAPES) == (Mark("low", 10, 20.5, 10, 20.5),)
    assert read_marks(None, SHAPES) == read_marks({"x": 1}, SHAPES) == ()
    many = [{"picture": "low", "x": 1, "y": 1}] * 100
    assert len(read_marks(many, SHAPES)) == 20


def test_a_box_is_sent_to_the_viewer_as_its_centre() -> None:
    assert Mark("low", 10, 20, 30, 60).as_json() == {"picture": "low", "x": 20, "y": 40}


@pytest.mark.parametrize(
    ("marks", "matches"),
    [
        ([(12, 12)], MarkMatches(1, 1, 2)),  # inside a finding
        ([(12, 24)], MarkMatches(1, 1, 2)),  # five pixels away
        ([(12, 26)], MarkMatches(0, 0, 2)),  # more than five pixels away
        ([(12, 12), (13, 13), (60, 80)], MarkMatches(3, 2, 2)),
        ([], MarkMatches(0, 0, 2)),
        ([(90, 120)], MarkMatches(0, 0, 2)),  # the corner of the picture
    ],
)
def test_marks_hit_findings_within_reach(
    marks: list[tuple[float, float]], matches: MarkMatches
) -> None:
    mask = np.zeros((120, 90), bool)
    mask[10:20, 10:20] = True
    mask[78:84, 55:65] = True
    assert match_marks(tuple(point_mark("low", x, y) for x, y in marks), mask, 5) == matches


def test_without_findings_no_mark_hits() -> None:
    marks = (point_mark("low", 1, 1),)
    assert match_marks(marks, None, 5) == MarkMatches(0, 0, 0)
    assert match_marks(marks, np.zeros((5, 5), bool), 5) == MarkMatches(0, 0, 0)
