"""Aliases, and marks from the browser."""

from __future__ import annotations

from xai_core.ui.blind.reading import Mark, alias, cases_by_alias, read_marks

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
