"""What is slow to make is made once, for as long as what it was made of is there."""

from __future__ import annotations

import gc
import itertools

import numpy as np
import pytest

from xai_core.types import LevelResult
from xai_core.ui.memo import Memo


class Part:
    """Something compared by identity."""


@pytest.fixture
def memory() -> Memo:
    return Memo(most=4)


def test_it_is_made_once_for_the_same_parts(memory: Memo) -> None:
    part, array, count = Part(), np.zeros(3), itertools.count()
    levels = (LevelResult(10.0, 0.1, 0.5),)
    same = (LevelResult(10.0, 0.1, 0.5),)
    made = [
        memory.get("a", (part, array, 384, parts), lambda: next(count)) for parts in (levels, same)
    ]
    assert made == [0, 0]


@pytest.mark.parametrize("other", [1, 1.0, "1", None, (), (1,), Part()])
def test_it_is_made_anew_for_another_part(memory: Memo, other: object) -> None:
    part = Part()
    assert memory.get("a", (part, True), lambda: "first") == "first"
    assert memory.get("a", (part, other), lambda: "second") == "second"
    assert memory.get("b", (part, True), lambda: "third") == "third"
    assert memory.get("a", (part, True), lambda: "fourth") == "first"


def test_equal_arrays_are_other_parts(memory: Memo) -> None:
    one, other = np.zeros(3), np.zeros(3)
    assert memory.get("a", (one,), lambda: 1) == 1
    assert memory.get("a", (other,), lambda: 2) == 2


def test_it_goes_with_any_of_its_parts(memory: Memo) -> None:
    stays, goes = Part(), Part()
    memory.get("a", (stays, goes), lambda: "both")
    memory.get("a", (stays,), lambda: "one")
    del goes
    gc.collect()
    assert len(memory) == 1
    assert memory.get("a", (stays,), lambda: "anew") == "one"


def test_what_was_used_longest_ago_makes_room(memory: Memo) -> None:
    part = Part()
    for number in range(4):
        memory.get("a", (part, number), lambda: "first")
    memory.get("a", (part, 0), lambda: "second")  # used again
    memory.get("a", (part, 4), lambda: "first")
    assert len(memory) == 4
    assert memory.get("a", (part, 0), lambda: "anew") == "first"
    assert memory.get("a", (part, 1), lambda: "anew") == "anew"


def test_what_cannot_be_made_is_not_kept(memory: Memo) -> None:
    part = Part()
    with pytest.raises(ZeroDivisionError):
        memory.get("a", (part,), lambda: 1 // 0)
    assert len(memory) == 0
    assert memory.get("a", (part,), lambda: "made") == "made"


def test_everything_made_of_a_part_can_be_let_go_of(memory: Memo) -> None:
    stays, goes = Part(), Part()
    memory.get("a", (stays, goes), lambda: "both")
    memory.get("a", (stays, 1), lambda: "one")
    memory.forget(goes)
    assert len(memory) == 1
    assert memory.get("a", (stays, 1), lambda: "anew") == "one"
