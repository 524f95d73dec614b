"""Work that grows in a thread, and stops when nobody asks for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

from xai_core.errors import BadRequest
from xai_core.explain.streamed import Growth, Streamed


def until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not done():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.01)


def working() -> bool:
    return any(thread.name == "streamed" for thread in threading.enumerate())


def finished(
    streamed: Streamed[int], key: object, begin: Callable[[], Iterator[int]]
) -> Growth[int]:
    until(lambda: not streamed.ask(key, begin).running)
    return streamed.ask(key, begin)


def test_the_last_item_is_kept_and_computed_once() -> None:
    began = []

    def begin() -> Iterator[int]:
        began.append(1)
        yield from (1, 2, 3)

    streamed: Streamed[int] = Streamed()
    assert finished(streamed, "a", begin) == Growth(3, running=False)
    assert finished(streamed, "a", begin).latest == 3
    assert len(began) == 1
    finished(streamed, "b", begin)
    assert len(began) == 2


def test_items_are_seen_while_more_come() -> None:
    go_on = threading.Event()

    def begin() -> Iterator[int]:
        yield 1
        go_on.wait(30)
        yield 2

    streamed: Streamed[int] = Streamed()
    until(lambda: streamed.ask("a", begin).latest == 1)
    assert streamed.ask("a", begin).running
    go_on.set()
    assert finished(streamed, "a", begin).latest == 2


def slow_work() -> tuple[list[int], Callable[[], Iterator[int]]]:
    """Work of 10,000 slow steps, and the list of those that it took."""
    steps: list[int] = []

    def begin() -> Iterator[int]:
        for i in range(10_000):
            steps.append(i)
            time.sleep(0.01)
            yield i

    return steps, begin


def test_work_that_nobody_asks_for_stops_and_begins_anew_when_asked() -> None:
    steps, begin = slow_work()
    streamed: Streamed[int] = Streamed(lease=0.1)
    streamed.ask("a", begin)
    until(lambda: len(steps) > 0)
    until(lambda: not working())
    assert len(steps) < 10_000
    streamed.ask("a", begin)
    until(lambda: steps.count(0) == 2)
    until(lambda: not working())


def test_work_stops_by_hand_and_begins_anew_by_hand() -> None:
    steps, begin = slow_work()
    streamed: Streamed[int] = Streamed()
    until(lambda: streamed.ask("a", begin).latest is not None)
    streamed.stop("a")
    until(lambda: not working())
    found = streamed.ask("a", begin)
    assert found.stopped
    assert not found.running
    assert found.latest is not None
    assert steps.count(0) == 1
    streamed.retry("a")
    assert streamed.ask("a", begin).running
    until(lambda: steps.count(0) == 2)
    streamed.stop("a")
    until(lambda: not working())


def test_an_error_is_told_and_what_came_before_it_stays() -> None:
    def begin() -> Iterator[int]:
        yield 1
        raise BadRequest("No such channel.")

    found = finished(Streamed(), "a", begin)
    assert found == Growth(1, running=False, error="No such channel.")


def test_a_defect_is_told_without_its_details() -> None:
    def begin() -> Iterator[int]:
        yield 1
        raise ZeroDivisionError("secret")

    found = finished(Streamed(), "a", begin)
    assert "went wrong inside the program" in found.error
    assert "secret" not in found.error
