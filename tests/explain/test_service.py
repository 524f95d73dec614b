"""The service: one worker, joined and cancelled jobs, separate sessions, exceptions in jobs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import TINY_LAYERS, make_case
from tests.support.sources import MemorySource
from xai_core.errors import Cancelled, ModelError
from xai_core.explain import service as service_module
from xai_core.explain.explainer import Explainer
from xai_core.explain.explanation import Explanation, JobSnapshot, Status
from xai_core.explain.request import CaseRequest, ExplainRequest
from xai_core.explain.service import ExplainService
from xai_core.model.classifier import Classifier
from xai_core.scoring.disk_store import DiskStore
from xai_core.types import Outcome, Pathology

A, B = make_case("a"), make_case("b", seed=5, pathology=Pathology.BENIGN)
REQUEST = CaseRequest("a", ExplainRequest(curves="none"))


@pytest.fixture
def service(tiny_weights: Path) -> Iterator[ExplainService]:
    made = ExplainService(Explainer(Classifier.open(tiny_weights, "cpu")), MemorySource([A, B]))
    yield made
    made.close()


def wait(condition: Callable[[], object], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def finish(service: ExplainService, request: CaseRequest, session_id: str = "me") -> JobSnapshot:
    wait(lambda: service.ask(request, session_id).status in (Status.DONE, Status.FAILED))
    return service.ask(request, session_id)


class Gate:
    """Blocks the model in a forward pass until opened."""

    def __init__(self, service: ExplainService, monkeypatch: pytest.MonkeyPatch) -> None:
        self.open, self.inside = threading.Event(), threading.Event()
        classifier = service.classifier
        score = classifier.score

        def held(inputs: object) -> object:
            self.inside.set()
            assert self.open.wait(30)
            return score(inputs)  # type: ignore[arg-type]

        monkeypatch.setattr(classifier, "score", held)


def test_finished_explanation_stays_available(service: ExplainService) -> None:
    snapshot = finish(service, REQUEST)
    assert snapshot.status is Status.DONE
    assert snapshot.explanation is not None
    assert snapshot.explanation.complete
    assert service.ask(REQUEST, "another") is snapshot


def test_asking_never_blocks_and_equal_requests_are_one_job(
    tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = ExplainService(Explainer(Classifier.open(tiny_weights, "cpu")), MemorySource([A]))
    gate = Gate(service, monkeypatch)
    try:
        begin = time.monotonic()
        service.ask(REQUEST, "one")
        service.ask(REQUEST.change(levels=(5,)), "two")  # levels do not matter here
        assert time.monotonic() - begin < 5, "asking must not wait for the model"
        with service._wake:
            assert len(service._jobs) == 1
    finally:
        gate.open.set()
        service.close()


def test_ask_all_waits_up_to_its_timeout(
    service: ExplainService, monkeypatch: pytest.MonkeyPatch
) -> None:
    (snapshot,) = service.ask_all((REQUEST,), "me", timeout=60)
    assert snapshot.status is Status.DONE
    assert service.ask_all((REQUEST,), "me", timeout=60) == [snapshot]

    wait(lambda: service.prediction_progress() == (2, 2))  # the worker has nothing else to do
    gate = Gate(service, monkeypatch)
    other = REQUEST.change(method="score-cam")
    begin = time.monotonic()
    assert service.ask_all((other,), "me", timeout=0.1)[0].status is Status.RUNNING
    assert time.monotonic() - begin >= 0.1
    begin = time.monotonic()
    service.ask_all((other,), "me", timeout=60)  # it has begun: how far it is, is news enough
    assert time.monotonic() - begin < 30
    gate.open.set()


def test_partial_explanations_are_published(service: ExplainService) -> None:
    request = CaseRequest("a").change(method="score-cam", channels=64)
    seen: list[JobSnapshot] = []
    wait(lambda: seen.append(service.ask(request, "me")) or seen[-1].status is Status.DONE)
    partial = [v for v in seen if v.status is Status.RUNNING and v.explanation is not None]
    assert partial, "nothing was shown before the end"
    assert all(v.explanation and not v.explanation.complete for v in partial)


def test_two_sessions_at_once_get_their_own_maps(service: ExplainService) -> None:
    alone = {case.id: service.explainer.explain(case, ExplainRequest()).heatmap for case in (A, B)}
    found: dict[str, JobSnapshot] = {}

    def session(case_id: str) -> None:
        for method in ("hybrid-cam", "score-cam", "grad-cam"):
            found[case_id] = finish(
                service, CaseRequest(case_id).change(method=method, channels=8), session_id=case_id
            )

    threads = [threading.Thread(target=session, args=(c,)) for c in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    for case_id, heatmap in alone.items():
        got = found[case_id].explanation
        assert got is not None
        assert np.allclose(got.heatmap.values, heatmap.values, atol=1e-5)


def test_request_without_sessions_is_stopped_and_can_resume(
    service: ExplainService, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = CaseRequest("a").change(method="score-cam")
    wait(lambda: service.ask(slow, "me").done > 8)
    service.ask(REQUEST, "me")  # this session looks at something else now
    assert finish(service, REQUEST).status is Status.DONE
    with service._wake:
        job = service._jobs.get(slow)
    assert job is None or job.snapshot.status in (Status.STOPPED, Status.WAITING)
    before = service.explainer.context(A).logit_cache.forwards
    assert before > 8, "what was scored is kept"
    assert service.ask(slow, "me").status in (Status.WAITING, Status.RUNNING)


def test_expired_lease_stops_the_job(tiny_weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_module, "_LEASE", 0.3)
    service = ExplainService(Explainer(Classifier.open(tiny_weights, "cpu")), MemorySource([A]))
    try:
        slow = CaseRequest("a").change(method="score-cam", reliability=True)
        wait(lambda: service.ask(slow, "gone").done > 0)
        with service._wake:
            job = service._jobs[slow]
        wait(lambda: job.snapshot.status is Status.STOPPED)  # nobody asked again
        service.ask(REQUEST, "someone else")
        with service._wake:
            assert slow not in service._jobs, "a job nobody watches is forgotten"
    finally:
        service.close()


def test_stop_and_continue(service: ExplainService) -> None:
    slow = CaseRequest("a").change(method="score-cam")
    wait(lambda: service.ask(slow, "me").done > 8)
    service.stop(slow)
    wait(lambda: service.ask(slow, "me").status is Status.STOPPED)
    stopped = service.ask(slow, "me")
    assert stopped.explanation is not None
    assert stopped.explanation.heatmap is not None, "the partial map stays"
    time.sleep(0.2)
    assert service.ask(slow, "me").status is Status.STOPPED, "asking does not start it again"
    service.retry(slow)
    assert service.ask(slow, "me").status in (Status.WAITING, Status.RUNNING)


def test_cases_are_predicted_while_the_worker_is_idle(service: ExplainService) -> None:
    wait(lambda: service.prediction_progress() == (2, 2))
    outcomes = service.outcomes()
    assert outcomes.keys() == {"a", "b"}
    threshold = service.classifier.spec.threshold
    for case in (A, B):
        predicted = service.predictions()[case.id].predicted(threshold)
        assert outcomes[case.id] is Outcome.of(case.pathology.class_index, predicted)


def test_unreadable_case_does_not_affect_other_jobs(tiny_weights: Path) -> None:
    service = ExplainService(
        Explainer(Classifier.open(tiny_weights, "cpu")),
        MemorySource([A, make_case("broken")], unreadable=["broken"]),
    )
    try:
        failed = finish(service, CaseRequest("broken"))
        assert failed.status is Status.FAILED
        assert failed.error == "broken.png is damaged."
        assert finish(service, REQUEST).status is Status.DONE
        wait(lambda: service.prediction_progress() == (2, 2))
        assert service.predictions().keys() == {"a"}
    finally:
        service.close()


@pytest.mark.parametrize(
    "problem", [ModelError("The answer is not a number."), RuntimeError("bug")]
)
def test_exception_in_a_job_does_not_stop_the_worker(
    service: ExplainService, monkeypatch: pytest.MonkeyPatch, problem: Exception
) -> None:
    wait(lambda: service.prediction_progress() == (2, 2))

    def fail(*_: object, **__: object) -> None:
        raise problem

    with monkeypatch.context() as patch:
        patch.setattr(service.explainer, "explain", fail)
        snapshot = finish(service, REQUEST)
    assert snapshot.status is Status.FAILED
    assert snapshot.error
    assert "bug" not in snapshot.error
    service.retry(REQUEST)
    wait(lambda: service.ask(REQUEST, "me").status is Status.DONE)


def test_several_requests_can_be_asked_for_at_once(service: ExplainService) -> None:
    other = REQUEST.change(layer=TINY_LAYERS[1])
    assert service.known(REQUEST) is None
    snapshots = service.ask_all([REQUEST, other, REQUEST], "me")
    assert [snapshot.status for snapshot in snapshots] == [Status.WAITING] * 3
    wait(lambda: all(v.status is Status.DONE for v in service.ask_all([REQUEST, other], "me")))
    known = service.known(other)
    assert known is not None
    assert known is service.ask(other, "me").explanation
    assert service.known(other.change(case_id="b")) is None


def test_stopped_job_stays_stopped_while_it_is_asked_for(
    service: ExplainService, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, leave = threading.Event(), threading.Event()

    def held(*arguments: object) -> Explanation:
        inside.set()
        assert leave.wait(60)
        raise Cancelled("enough")

    monkeypatch.setattr(service.explainer, "explain", held)
    other = REQUEST.change(case_id="b")
    service.ask_all([REQUEST, other], "me")
    assert inside.wait(60)
    service.stop(other)
    assert service.ask_all([REQUEST, other], "me")[1].status is Status.STOPPED
    service.ask_all([REQUEST], "me")
    assert service.ask_all([REQUEST, other], "me")[1].status is Status.WAITING  # forgotten: anew
    leave.set()


def test_store_that_cannot_be_written_gives_a_notice_only(
    tiny_weights: Path, tmp_path: Path
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    explainer = Explainer(Classifier.open(tiny_weights, "cpu"), DiskStore(blocked))
    service = ExplainService(explainer, MemorySource([A, B]))
    try:
        assert finish(service, REQUEST).status is Status.DONE
        wait(lambda: service.prediction_progress() == (2, 2))
        (notice,) = service.notices()
        assert "Scores cannot be kept" in notice
    finally:
        service.close()


def test_without_a_store_there_are_no_notices(service: ExplainService) -> None:
    assert service.notices() == ()
