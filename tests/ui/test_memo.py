"""Memoised results are made once and kept only as long as their parts are in memory."""

from __future__ import annotations

import gc
import itertools

import numpy as np
import pytest

from xai_core.types import LevelResult
from xai_core.ui.memo import Memo


class Part:
    """A part that is compared by identity."""


@pytest.fixture
def memory() -> Memo:
    return Memo(capacity=4)


def test_a_result_is_made_once_for_the_same_parts(memory: Memo) -> None:
    part, array, count = Part(), np.zeros(3), itertools.count()
    levels = (LevelResult(10.0, 0.1, 0.5),)
    same = (LevelResult(10.0, 0.1, 0.5),)
    made = [
        memory.get("a", (part, array, 384, parts), lambda: next(count)) for parts in (levels, same)
    ]
    assert made == [0, 0]


@pytest.mark.parametrize("other", [1, 1.0, "1", None, (), (1,), Part()])
def test_a_result_is_made_again_for_another_part(memory: Memo, other: object) -> None:
    part = Part()
    assert memory.get("a", (part, True), lambda: "first") == "first"
    assert memory.get("a", (part, other), lambda: "second") == "second"
    assert memory.get("b", (part, True), lambda: "third") == "third"
    assert memory.get("a", (part, True), lambda: "fourth") == "first"


def test_equal_arrays_are_different_parts(memory: Memo) -> None:
    one, other = np.zeros(3), np.zeros(3)
    assert memory.get("a", (one,), lambda: 1) == 1
    assert memory.get("a", (other,), lambda: 2) == 2


def test_a_result_is_dropped_with_any_of_its_parts(memory: Memo) -> None:
    kept, dropped = Part(), Part()
    memory.get("a", (kept, dropped), lambda: "both")
    memory.get("a", (kept,), lambda: "one")
    del dropped
    gc.collect()
    assert len(memory) == 1
    assert memory.get("a", (kept,), lambda: "anew") == "one"


def test_the_least_recently_used_result_is_dropped_first(memory: Memo) -> None:
    part = Part()
    for number in range(4):
        memory.get("a", (part, number), lambda: "first")
    memory.get("a", (part, 0), lambda: "second")  # used again
    memory.get("a", (part, 4), lambda: "first")
    assert len(memory) == 4
    assert memory.get("a", (part, 0), lambda: "anew") == "first"
    assert memory.get("a", (part, 1), lambda: "anew") == "anew"


def test_a_failed_result_is_not_kept(memory: Memo) -> None:
    part = Part()
    with pytest.raises(ZeroDivisionError):
        memory.get("a", (part,), lambda: 1 // 0)
    assert len(memory) == 0
    assert memory.get("a", (part,), lambda: "made") == "made"


def test_forgetting_a_part_drops_everything_made_from_it(memory: Memo) -> None:
    kept, forgotten = Part(), Part()
    memory.get("a", (kept, forgotten), lambda: "both")
    memory.get("a", (kept, 1), lambda: "one")
    memory.forget(forgotten)
    assert len(memory) == 1
    assert memory.get("a", (kept, 1), lambda: "anew") == "one"
