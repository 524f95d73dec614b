"""The engine in use: PyTorch first, then the faster one, and PyTorch again if that fails."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from xai_core.errors import Cancelled, ModelError
from xai_core.model.engine.engine import Engine
from xai_core.scoring.logit_cache import LogitCache

IMAGES = torch.arange(8 * 12, dtype=torch.float32).view(8, 3, 2, 2)


class Fake:
    """Logits that are sums of the image; does ``trouble(batch)`` first."""

    def __init__(self, title: str, trouble: Callable[[Tensor], object] = lambda x: None) -> None:
        self.title, self._trouble, self.batches = title, trouble, list[int]()

    def __call__(self, inputs: Tensor) -> Tensor:
        self.batches.append(len(inputs))
        self._trouble(inputs)
        total = inputs.sum((1, 2, 3))
        return torch.stack([total, -total], 1)


def fail(problem: Exception) -> Callable[[Tensor], None]:
    def trouble(inputs: Tensor) -> None:
        raise problem

    return trouble


def expected(inputs: Tensor = IMAGES) -> Tensor:
    return Fake("")(inputs)


def test_engine_starts_with_the_reference_and_switches() -> None:
    reference, fast = Fake("Slow"), Fake("Fast")
    engine = Engine(reference)
    engine.preparing(True)
    assert engine.status.sentence == "Slow; a faster engine is being prepared."
    torch.testing.assert_close(engine.score(IMAGES), expected())
    engine.use(fast)
    engine.preparing(False)
    torch.testing.assert_close(engine.score(IMAGES), expected())
    assert (reference.batches, fast.batches) == ([8], [8])
    assert engine.status.sentence == "Fast."


def test_exception_while_scoring_falls_back_to_the_reference(
    caplog: pytest.LogCaptureFixture,
) -> None:
    reference, broken = Fake("Slow"), Fake("Fast", fail(ValueError("no luck\nsecond line")))
    engine = Engine(reference)
    engine.use(broken)
    for _ in range(2):
        torch.testing.assert_close(engine.score(IMAGES), expected())
    assert (reference.batches, broken.batches) == ([8, 8], [8])  # asked once, then never again
    note = "Fast failed while scoring (ValueError: no luck), so PyTorch took over."
    assert engine.status.notes == (note,)
    assert engine.status.title == "Slow"
    assert caplog.messages == [note]


def test_logits_that_are_not_finite_count_as_a_failure() -> None:
    class Nan(Fake):
        def __call__(self, inputs: Tensor) -> Tensor:
            return super().__call__(inputs) * torch.nan

    engine = Engine(Fake("Slow"))
    engine.use(Nan("Fast"))
    torch.testing.assert_close(engine.score(IMAGES), expected())
    assert "not a number" in engine.status.notes[0]


@pytest.mark.parametrize("fast", [True, False], ids=["engine", "reference"])
@pytest.mark.parametrize(
    "problem",
    [MemoryError(), RuntimeError("CUDA out of memory. Tried"), RuntimeError("std::bad_alloc")],
)
def test_short_memory_halves_the_chunk(problem: Exception, fast: bool) -> None:
    def at_most_three(inputs: Tensor) -> None:
        if len(inputs) > 3:
            raise problem

    small = Fake("Small", at_most_three)
    engine = Engine(Fake("Slow") if fast else small)
    if fast:
        engine.use(small)
    torch.testing.assert_close(engine.score(IMAGES), expected())
    assert small.batches == [8, 4, 2, 2, 2, 2]
    torch.testing.assert_close(engine.score(IMAGES[:4]), expected(IMAGES[:4]))
    assert small.batches[6:] == [2, 2]  # the limit is kept
    assert engine.status.notes[-1] == "Memory was short, so at most 2 images are scored at a time."


def test_a_batch_is_halved_down_to_one_image() -> None:
    def one_at_a_time(inputs: Tensor) -> None:
        if len(inputs) > 1:
            raise MemoryError

    small = Fake("Small", one_at_a_time)
    engine = Engine(small)
    torch.testing.assert_close(engine.score(IMAGES[:5]), expected(IMAGES[:5]))
    assert small.batches == [5, 2, 1, 1, 1, 1, 1]
    assert len(engine.status.notes) == 2


def test_a_note_is_made_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    engine = Engine(Fake("Slow"))
    for sentence in ("One.", "Two.", "One."):
        engine.say(sentence)
    assert engine.status.notes == ("One.", "Two.")
    assert caplog.messages == ["One.", "Two."]
    assert engine.status.sentence == "Slow. One. Two."
    assert not engine.status.preparing


def test_of_a_long_message_the_first_200_characters_are_told() -> None:
    engine = Engine(Fake("Slow"))
    engine.use(Fake("Fast", fail(ValueError("x" * 500))))
    engine.score(IMAGES)
    (note,) = engine.status.notes
    told = "ValueError: " + "x" * 188
    assert note == f"Fast failed while scoring ({told}), so PyTorch took over."


def test_no_memory_for_one_image_raises_model_error() -> None:
    engine = Engine(Fake("Slow", fail(MemoryError())))
    engine.use(Fake("Fast", fail(MemoryError())))
    with pytest.raises(ModelError, match=r"^There is not enough memory to score a single image"):
        engine.score(IMAGES)


def test_other_errors_of_the_reference_are_raised() -> None:
    with pytest.raises(RuntimeError, match="shape"):
        Engine(Fake("Slow", fail(RuntimeError("shape")))).score(IMAGES)


def test_cancelling_in_the_middle_keeps_what_was_scored() -> None:
    fast = Fake("Fast")
    engine = Engine(Fake("Slow"))
    engine.use(fast)
    logit_cache = LogitCache(engine.score, chunk=2)
    keys = [f"k{i}" for i in range(8)]

    def stop(done: int, total: int, table: object) -> None:
        if done >= 4:
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        logit_cache.score(keys, lambda at: IMAGES[list(at)], stop)
    assert logit_cache.forwards == 4
    np.testing.assert_allclose(
        logit_cache.score(keys, lambda at: IMAGES[list(at)]), expected().numpy()
    )
    assert fast.batches == [2, 2, 2, 2]


def test_threads_that_score_while_it_switches_get_right_answers() -> None:
    engine, fast, wrong = Engine(Fake("Slow")), Fake("Fast"), list[int]()

    def score() -> None:
        for i in range(200):
            if not torch.equal(engine.score(IMAGES[: 1 + i % 8]), expected(IMAGES[: 1 + i % 8])):
                wrong.append(i)

    threads = [threading.Thread(target=score) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(200):
        engine.use(fast)
        engine.use(engine.reference)
    for thread in threads:
        thread.join()
    assert not wrong
