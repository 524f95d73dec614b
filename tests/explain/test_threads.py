"""16 threads ask at once: each answer equals the one computed alone, bit for bit."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.conftest import make_case
from tests.support.sources import MemorySource
from xai_core.explain.explainer import Explainer
from xai_core.explain.explanation import Explanation, Status
from xai_core.explain.request import CaseRequest, ExplainRequest
from xai_core.explain.service import ExplainService
from xai_core.model.classifier import Classifier
from xai_core.scoring.cache_file import StoreKey
from xai_core.scoring.disk_store import DiskStore

THREADS = 16
_STUCK = 300.0  # seconds after which a thread counts as stuck; all take some seconds
CASES = {name: make_case(name, seed) for seed, name in enumerate(("first", "second"))}
REQUESTS = tuple(
    ExplainRequest(method, "stage 4", curves="none")
    for method in ("grad-cam", "layer-cam", "hybrid-cam", "grad-cam-plus-plus")
)
WITH_CURVES = ExplainRequest("grad-cam", "stage 4", curves="adaptive")
# Equal masks are scored once, so requests on one image share scores, and curves those of all.
ASKED = (*((name, one) for name in CASES for one in REQUESTS), ("first", WITH_CURVES))


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """PyTorch computes in the thread that asks: 16 pools of its own would only wait."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def classifier(tiny_weights: Path, one_thread: None) -> Classifier:
    # Every image is scored alone: in a batch its logits depend on the others in the last bit, and
    # which are missing depends on what was asked before.
    return Classifier.open(tiny_weights, "cpu", chunk=1)


@pytest.fixture(scope="module")
def alone(classifier: Classifier) -> dict[tuple[str, ExplainRequest], Explanation]:
    """Each answer, computed by an explainer of its own, without a store."""
    return {(name, one): Explainer(classifier).explain(CASES[name], one) for name, one in ASKED}


def at_once(work: Callable[[int], None]) -> None:
    """Call ``work`` in 16 threads, with the thread's number; an error in any is raised here."""
    problems: list[BaseException] = []
    gate = threading.Barrier(THREADS)

    def run(number: int) -> None:
        try:
            gate.wait(_STUCK)
            work(number)
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=run, args=(n,), daemon=True) for n in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(_STUCK)
        assert not thread.is_alive(), "a thread is stuck"
    if problems:
        raise problems[0]


def check_equal(found: Explanation, expected: Explanation) -> None:
    assert found.prediction == expected.prediction
    assert found.heatmap is not None
    assert expected.heatmap is not None
    np.testing.assert_array_equal(found.heatmap.values, expected.heatmap.values)
    assert found.heatmap.state is expected.heatmap.state
    assert found.levels == expected.levels
    assert (found.curves is None) == (expected.curves is None)
    if found.curves is not None and expected.curves is not None:
        for kind in ("insertion", "deletion"):
            here, there = getattr(found.curves, kind), getattr(expected.curves, kind)
            np.testing.assert_array_equal(here.fraction, there.fraction)
            np.testing.assert_array_equal(here.probability, there.probability)
            assert here.auc == there.auc
    values = [{name: one.value for name, one in e.metrics.items()} for e in (found, expected)]
    assert values[0].keys() == values[1].keys()
    np.testing.assert_equal(values[0], values[1])


def test_an_explainer_whose_store_removes_files_meanwhile(
    classifier: Classifier, alone: dict[tuple[str, ExplainRequest], Explanation], tmp_path: Path
) -> None:
    explainer = Explainer(classifier, DiskStore(tmp_path, limit=3000))  # about three files

    def work(number: int) -> None:
        for i in range(len(ASKED)):
            name, request = ASKED[(number + i) % len(ASKED)]
            if i == len(ASKED) // 2:  # a fresh one reads what the others write and remove
                fresh = Explainer(classifier, DiskStore(tmp_path, limit=3000))
                check_equal(fresh.explain(CASES[name], REQUESTS[0]), alone[name, REQUESTS[0]])
            check_equal(explainer.explain(CASES[name], request), alone[name, request])

    at_once(work)
    assert explainer.store is not None
    assert explainer.store.removed > 0
    assert explainer.store.notices() == ()
    assert sum(explainer.context(CASES[name]).logit_cache.forwards for name in CASES) < (
        sum(answer.forwards for answer in alone.values())
    ), "no image is scored twice"


def test_a_service(
    classifier: Classifier, alone: dict[tuple[str, ExplainRequest], Explanation], tmp_path: Path
) -> None:
    explainer = Explainer(classifier, DiskStore(tmp_path, limit=3000))
    service = ExplainService(explainer, MemorySource(CASES.values()))

    def work(number: int) -> None:
        for i in range(len(ASKED)):
            name, request = ASKED[(number * 5 + i) % len(ASKED)]
            asked = CaseRequest(name, request)
            while True:
                (snapshot,) = service.ask_all([asked], f"session {number}", timeout=5.0)
                assert snapshot.status is not Status.FAILED, snapshot.error
                if snapshot.status is Status.DONE:
                    break
                threading.Event().wait(0.01)
            assert snapshot.explanation is not None
            check_equal(snapshot.explanation, alone[name, request])

    try:
        at_once(work)
    finally:
        service.close()
    assert service.notices() == ()


def test_a_store_that_removes_files_while_others_read(tmp_path: Path) -> None:
    keys = [StoreKey(f"{i:02x}" * 32, "1" * 64, "logits", 2) for i in range(12)]

    def items(i: int, count: int) -> dict[str, np.ndarray]:
        return {f"mask {n}": np.array([i, n], np.float32) / 3 for n in range(count)}

    DiskStore(tmp_path).save(keys[0], items(0, 20))
    (path,) = tmp_path.rglob("*.safetensors")
    shared = DiskStore(tmp_path, limit=4 * path.stat().st_size)
    found: list[int] = []

    def work(number: int) -> None:
        # Half of the threads have a store of their own, as other processes have.
        store = shared if number % 2 else DiskStore(tmp_path, limit=4 * path.stat().st_size)
        for step in range(20):
            i = (number + step) % len(keys)
            assert store.save(keys[i], items(i, 5 + step))
            for k, loaded in ((k, store.load(keys[k])) for k in (i, (i * 7 + step) % len(keys))):
                found.append(len(loaded))
                expected = items(k, 30)
                assert all(np.array_equal(loaded[name], expected[name]) for name in loaded)
        assert store.notices() == ()

    at_once(work)
    assert shared.removed > 0
    assert max(found) > 0
    assert not list(tmp_path.rglob("*.part"))
