"""The life of a job in the service: begun, joined, renewed, left, stopped, failed, forgotten.

The explainer goes on when the test says so, the leases run on the test's clock, and the worker is
woken by notices alone: nothing here depends on how fast the machine is.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from tests.conftest import make_case
from tests.support.sources import MemorySource
from xai_core.errors import CaseNotFound, ModelError
from xai_core.explain import service as service_module
from xai_core.explain.explanation import Explanation, JobSnapshot, Progress, Status
from xai_core.explain.request import CaseRequest, ExplainRequest
from xai_core.explain.service import ExplainService
from xai_core.types import Case, Outcome, Pathology, Prediction

MALIGNANT, BENIGN = Prediction((0.0, 2.0)), Prediction((2.0, 0.0))
CASES = {
    "a": make_case("a"),
    "b": make_case("b", pathology=Pathology.BENIGN),
    "c": make_case("c", pathology=None),
}
R = CaseRequest("a", ExplainRequest(curves="none"))
S, T = R.change(case_id="b"), R.change(case_id="c")


class Explainer:
    """Scores a chunk, ends or fails when told to.

    ``log``: what the worker did, in order.  ``told``: what to do next, one item per step; with
    ``at_once`` every explanation ends without being told.
    """

    def __init__(self) -> None:
        self.classifier = SimpleNamespace(spec=SimpleNamespace(threshold=0.5, positive=1))
        self.store = None
        self.log: list[tuple[str, Any]] = []
        self.told: queue.Queue[str | Exception] = queue.Queue()
        self.at_once = False
        self.predicting = threading.Event()
        self.may_predict = threading.Event()
        self.may_predict.set()
        self.cannot_predict: dict[str, Exception] = {}

    def predict(self, case: Case) -> Prediction:
        self.log.append(("predict", case.id))
        self.predicting.set()
        assert self.may_predict.wait(60)
        if case.id in self.cannot_predict:
            raise self.cannot_predict[case.id]
        return BENIGN if case.id == "a" else MALIGNANT

    def explain(
        self, case: Case, request: ExplainRequest, watch: Callable[[Progress], None]
    ) -> Explanation:
        self.log.append(("explain", case.id))
        so_far = Explanation(
            case_id=case.id, request=request, layer=None, prepared=None, prediction=MALIGNANT,
            threshold=0.5, target=1, image_digest="", weights_digest="",
        )  # fmt: skip
        try:
            watch(Progress("prediction", 1, 1, so_far))
            for done in range(1, 100):
                word = "end" if self.at_once else self.told.get(timeout=60)
                if isinstance(word, Exception):
                    raise word
                if word == "end":
                    return so_far
                watch(Progress("map", done, 100, so_far))
                self.log.append(("scored", case.id))
            raise AssertionError("told to do more than 99 chunks")
        finally:
            self.log.append(("left", case.id))


class Counted(MemorySource):
    """Counts how often each case's pixels are read."""

    def __init__(self, cases: list[Case]) -> None:
        super().__init__(cases)
        self.loads: list[str] = []

    def load(self, case_id: str) -> Case:
        self.loads.append(case_id)
        return super().load(case_id)


class Patient(threading.Condition):
    """A condition in which the worker waits for a notice, however long that takes."""

    def wait(self, timeout: float | None = None) -> bool:
        worker = threading.current_thread().name == "explain-worker"
        return super().wait(None if worker else timeout)


class Stage:
    """A service with its explainer, source and clock."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        self.patch = monkeypatch
        monkeypatch.setattr(service_module, "time", SimpleNamespace(monotonic=lambda: self.now))
        monkeypatch.setattr(
            service_module,
            "threading",
            SimpleNamespace(Condition=Patient, Thread=threading.Thread),
        )
        self.explainer = Explainer()
        self.source = Counted(list(CASES.values()))
        self.service: ExplainService

    def open(self, idle: bool = True) -> ExplainService:
        """Start the service; ``idle``: and let it predict all cases first."""
        self.service = ExplainService(self.explainer, self.source)  # type: ignore[arg-type]
        if idle:
            total = len(self.service.records)
            until(lambda: self.service.prediction_progress() == (total, total))
            self.explainer.log.clear()
        return self.service

    def begin(self, request: CaseRequest, session_id: str = "me") -> None:
        """Ask for a request, and wait until the worker has begun with it."""
        before = len(self.explainer.log)
        self.service.ask(request, session_id)
        until(lambda: ("explain", request.case_id) in self.explainer.log[before:])
        until(lambda: self.job(request).stage == "prediction")

    def chunk(self, request: CaseRequest) -> None:
        """Let the running job score a chunk; it must go on after it."""
        assert self._told("chunk", request) == "scored", "it ended"

    def last_chunk(self, request: CaseRequest) -> None:
        """Let the running job score a chunk, after which it must end."""
        assert self._told("chunk", request) == "left", "it went on"
        until(lambda: self.job(request).status is not Status.RUNNING)

    def _told(self, word: str, request: CaseRequest) -> str:
        """Tell the explainer to do something; what came of it."""
        before = len(self.explainer.log)
        self.explainer.told.put(word)
        until(lambda: len(self.explainer.log) > before)
        what, case_id = self.explainer.log[before]
        assert case_id == request.case_id
        return what

    def end(self, request: CaseRequest) -> None:
        self.explainer.told.put("end")
        until(lambda: self.service.known(request) is not None)

    def job(self, request: CaseRequest) -> JobSnapshot:
        """A job's snapshot without asking for it, which would renew its lease."""
        with self.service._wake:
            job = self.service._jobs.get(request.canonical())
        return job.snapshot if job else JobSnapshot(Status.WAITING)


def until(condition: Callable[[], object]) -> None:
    """Wait until a condition holds."""
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.002)


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    made = Stage(monkeypatch)
    yield made
    for _ in range(3):
        made.explainer.told.put("end")
    made.explainer.may_predict.set()
    made.service.close()


# --- Leases -----------------------------------------------------------------------------------


def test_a_job_goes_on_for_8_seconds_after_it_was_last_asked_for(stage: Stage) -> None:
    service = stage.open()
    stage.begin(R)
    stage.now += 7.9
    stage.chunk(R)
    assert service.ask(R, "me").done == 1  # renews the lease
    stage.now += 7.9
    stage.chunk(R)
    stage.now += 0.1
    stage.last_chunk(R)
    stopped = stage.job(R)
    assert (stopped.status, stopped.stage, stopped.done) == (Status.STOPPED, "map", 3)
    assert stopped.total == 100
    assert stopped.explanation is not None, "what was computed is kept"


def test_a_job_whose_leases_lapsed_is_begun_again_with_what_is_known(stage: Stage) -> None:
    service = stage.open()
    stage.begin(R)
    stage.now += 8
    stage.last_chunk(R)
    partial = stage.job(R).explanation
    with service._wake:  # so that the worker cannot begin in between
        waiting = service._renew(R.canonical(), "me")
        assert waiting.status is Status.WAITING
        assert waiting.explanation is partial is not None
        service._wake.notify_all()
    until(lambda: stage.explainer.log.count(("explain", "a")) == 2)


def test_a_session_that_asks_for_something_else_ends_its_lease_only(stage: Stage) -> None:
    service = stage.open()
    stage.begin(R, "one")
    service.ask(R, "two")
    service.ask(S, "one")
    stage.chunk(R)  # the other session still looks at it
    service.ask(S, "two")
    stage.last_chunk(R)
    assert stage.job(R).status is Status.STOPPED
    until(lambda: stage.explainer.log[-1] == ("explain", "b"))


def test_ask_all_keeps_the_leases_of_all_its_requests(stage: Stage) -> None:
    service = stage.open()
    stage.begin(R)
    service.ask_all([R, S], "me")
    stage.chunk(R)
    stage.end(R)
    until(lambda: ("explain", "b") in stage.explainer.log)
    service.ask_all([R, S], "me")
    stage.chunk(S)


def test_a_job_that_waited_in_vain_is_not_begun_and_then_forgotten(stage: Stage) -> None:
    service = stage.open()
    stage.begin(R, "one")
    service.ask(S, "two")
    stage.now += 8
    service.ask(R, "one")  # only this session is still there
    with service._wake:
        assert S.canonical() not in service._jobs
    service.ask(S, "two")
    stage.now += 8
    with service._wake:  # nobody asked meanwhile, so nothing was forgotten
        for job in service._jobs.values():
            if job.request == R.canonical():
                job.leases["one"] = stage.now + 1
    stage.end(R)
    service.ask(T, "three")
    until(lambda: stage.explainer.log[-1] == ("explain", "c"))
    assert ("explain", "b") not in stage.explainer.log


def test_a_running_job_that_nobody_watches_can_be_joined_until_its_next_chunk(stage: Stage) -> None:
    service = stage.open()
    stage.begin(R, "gone")
    stage.chunk(R)
    stage.now += 100
    service.ask(S, "another")  # forgets idle jobs
    joined = service.ask(R, "me")
    assert (joined.status, joined.done) == (Status.RUNNING, 1)
    stage.chunk(R)
    stage.end(R)
    assert stage.explainer.log.count(("explain", "a")) == 1


# --- Joining and order ------------------------------------------------------------------------


def test_equal_requests_are_one_job_with_one_answer(stage: Stage) -> None:
    service = stage.open()
    stage.begin(R, "one")
    assert service.ask(R.change(levels=(5,)), "two").status is Status.RUNNING  # not read by it
    stage.end(R)
    assert service.ask(R, "one") is service.ask(R.change(levels=(5,)), "two")
    assert service.ask(R, "one").status is Status.DONE
    assert service.ask(R, "one").explanation is service.known(R)
    with service._wake:
        assert not service._jobs, "an answered job is no job any more"
    assert stage.explainer.log.count(("explain", "a")) == 1


def test_what_was_asked_for_first_is_computed_first(stage: Stage) -> None:
    service = stage.open()
    stage.begin(R, "one")
    service.ask(T, "two")
    service.ask(S, "three")
    service.ask(T, "two")
    for request in (R, T, S):
        until(lambda request=request: stage.explainer.log[-1] == ("explain", request.case_id))
        stage.end(request)
    begun = [case_id for what, case_id in stage.explainer.log if what == "explain"]
    assert begun == ["a", "c", "b"]


def test_jobs_come_before_predictions(stage: Stage) -> None:
    stage.explainer.may_predict.clear()
    service = stage.open(idle=False)
    assert stage.explainer.predicting.wait(60)
    service.ask(T, "me")
    stage.explainer.at_once = True
    stage.explainer.may_predict.set()
    until(lambda: service.prediction_progress() == (3, 3))
    assert [entry for entry in stage.explainer.log if entry[0] != "left"] == [
        ("predict", "a"),
        ("explain", "c"),  # which predicts it as well
        ("predict", "b"),
    ]


# --- Answers and cases in memory --------------------------------------------------------------


def test_the_64_last_answers_are_kept(stage: Stage) -> None:
    service = stage.open()
    stage.explainer.at_once = True
    requests = [R.change(method="score-cam", channels=n) for n in range(1, 66)]
    for n, request in enumerate(requests):
        if n == 64:
            assert service.known(requests[0]) is not None  # counts as used
        service.ask(request, "me")
        until(lambda request=request: service.known(request) is not None)
    assert service.known(requests[1]) is None
    assert all(service.known(request) for request in (requests[0], *requests[2:]))
    begun = len(stage.explainer.log)
    assert service.known(requests[1]) is None
    assert len(stage.explainer.log) == begun, "known() starts nothing"
    service.ask(requests[1], "me")
    until(lambda: service.known(requests[1]) is not None)


def test_the_32_last_cases_are_kept_and_predicting_does_not_count(stage: Stage) -> None:
    stage.source = Counted([make_case(str(n)) for n in range(33)])
    service = stage.open()
    assert stage.source.loads == [str(n) for n in range(33)]
    stage.source.loads.clear()
    first = service.load("0")
    assert service.load("0") is first
    for n in range(1, 32):
        service.load(str(n))
    assert service.load("0") is first
    assert stage.source.loads == [str(n) for n in range(32)]
    service.load("32")
    service.load("1")  # was used longest ago
    service.load("0")
    assert stage.source.loads[32:] == ["32", "1"]
    with pytest.raises(CaseNotFound):
        service.load("33")


# --- Stopping, retrying, failing --------------------------------------------------------------


def test_a_running_job_is_stopped_at_its_next_chunk_and_stays_so_until_retried(
    stage: Stage,
) -> None:
    service = stage.open()
    stage.begin(R)
    stage.chunk(R)
    service.stop(R)
    assert service.ask(R, "me").status is Status.RUNNING
    stage.last_chunk(R)
    stopped = service.ask(R, "me")
    assert (stopped.status, stopped.stage, stopped.done) == (Status.STOPPED, "map", 2)
    assert service.ask(R, "me") is stopped
    service.ask(S, "another")
    stage.end(S)  # the worker was free and did not take it up
    assert stage.explainer.log.count(("explain", "a")) == 1
    service.ask(R, "me")
    service.retry(R)
    until(lambda: stage.explainer.log.count(("explain", "a")) == 2)
    stage.end(R)


def test_a_retried_job_shows_what_was_computed_before_its_first_chunk(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = stage.open()
    stage.begin(R)
    service.stop(R)
    stage.last_chunk(R)
    partial = stage.job(R).explanation
    inside, leave = threading.Event(), threading.Event()

    def held(*_: object) -> Explanation:
        inside.set()
        assert leave.wait(60)
        raise ModelError("It failed.")

    monkeypatch.setattr(stage.explainer, "explain", held)
    service.retry(R)
    assert inside.wait(60)
    running = service.ask(R, "me")
    assert running.status is Status.RUNNING
    assert running.explanation is partial is not None
    service.retry(R)
    assert service.ask(R, "me") is running, "a running job cannot be retried"
    leave.set()
    until(lambda: service.ask(R, "me").status is Status.FAILED)
    failed = service.ask(R, "me")
    assert failed.error == "It failed."
    assert failed.explanation is partial
    service.stop(R)
    assert service.ask(R, "me") is failed, "a failed job cannot be stopped"


def test_a_waiting_job_is_stopped_at_once_and_never_begun(stage: Stage) -> None:
    service = stage.open()
    stage.begin(R)
    service.ask_all([R, S], "me")
    service.stop(S)
    assert service.ask_all([R, S], "me")[1].status is Status.STOPPED
    service.stop(T)  # nobody asked for it: nothing to stop
    service.retry(T)
    stage.end(R)
    service.ask_all([S, T], "me")
    stage.end(T)
    assert ("explain", "b") not in stage.explainer.log
    service.ask(S, "me")
    service.retry(S)
    until(lambda: ("explain", "b") in stage.explainer.log)
    stage.end(S)


@pytest.mark.parametrize(
    ("problem", "told"),
    [(ModelError("The weights are damaged."), "The weights are damaged."), (KeyError("x"), None)],
)
def test_a_job_that_fails_does_not_end_the_worker(
    stage: Stage, problem: Exception, told: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    service = stage.open()
    stage.begin(R)
    service.ask_all([R, S], "me")
    stage.explainer.told.put(problem)
    until(lambda: ("explain", "b") in stage.explainer.log)
    failed = service.ask_all([R, S], "me")[0]
    assert failed.status is Status.FAILED
    assert failed.explanation is not None, "what was computed is shown beside the error"
    assert service.known(R) is None
    if told:
        assert failed.error == told
        assert not caplog.records, "a known problem is no defect"
    else:
        assert failed.error == ("Something went wrong inside the program; the log has the details.")
        (record,) = caplog.records
        assert record.levelno == logging.ERROR
        assert record.exc_info is not None
    stage.end(S)
    assert service.ask_all([R, S], "me")[0] is failed, "asking does not begin it again"
    service.retry(R)
    until(lambda: stage.explainer.log.count(("explain", "a")) == 2)
    stage.end(R)


# --- Waiting for answers ----------------------------------------------------------------------


def test_ask_all_waits_until_every_job_is_settled(stage: Stage) -> None:
    service = stage.open()
    answers: list[list[JobSnapshot]] = []
    asking = threading.Thread(
        target=lambda: answers.append(service.ask_all([R, S], "me", timeout=3600))
    )
    asking.start()
    stage.explainer.told.put("end")
    until(lambda: service.known(R) is not None)
    until(lambda: ("explain", "b") in stage.explainer.log)
    assert asking.is_alive(), "one of two is not enough"
    stage.explainer.told.put(ModelError("It failed."))
    asking.join(60)
    assert [snapshot.status for snapshot in answers[0]] == [Status.DONE, Status.FAILED]


def test_ask_all_does_not_wait_for_a_job_that_has_begun_nor_without_a_timeout(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = stage.open()
    stage.begin(R)

    def wait_for(*_: object, **__: object) -> bool:
        raise AssertionError("it waits")

    monkeypatch.setattr(service._wake, "wait_for", wait_for)
    assert service.ask_all([R, S], "me", timeout=60)[0].status is Status.RUNNING
    waiting = service.ask_all([S], "another")[0]
    assert (waiting.status, waiting.stage) == (Status.WAITING, "")
    assert (waiting.done, waiting.total) == (0, 0)
    service.stop(S)
    assert service.ask_all([S], "another", timeout=60)[0].status is Status.STOPPED


def test_ask_all_waits_no_longer_than_its_timeout(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = stage.open()
    stage.begin(R, "another")
    waited = []

    def wait_for(settled: Callable[[], bool], timeout: float) -> bool:
        waited.append((settled(), timeout))
        return False

    monkeypatch.setattr(service._wake, "wait_for", wait_for)
    assert service.ask_all([S], "me", timeout=2.5)[0].status is Status.WAITING
    assert waited == [(False, 2.5)]


def test_ask_all_answers_equal_requests_alike(stage: Stage) -> None:
    service = stage.open()
    stage.begin(R)
    first, second = service.ask_all([R, R], "me")
    assert first is second


# --- Predictions ------------------------------------------------------------------------------


def test_outcomes_are_of_predicted_cases_with_a_known_truth(stage: Stage) -> None:
    service = stage.open()
    assert service.predictions() == {"a": BENIGN, "b": MALIGNANT, "c": MALIGNANT}
    assert service.outcomes() == {"a": Outcome.FN, "b": Outcome.FP}
    assert [service.predicted(key) for key in "abc"] == [0, 1, 1]
    assert service.predicted("d") is None


def test_positive_class_and_threshold_of_the_model_decide(stage: Stage) -> None:
    service = stage.open()
    stage.explainer.classifier.spec.positive = 0
    assert [service.predicted(key) for key in "abc"] == [0, 1, 1]
    assert service.outcomes() == {"a": Outcome.TP, "b": Outcome.TN}
    stage.explainer.classifier.spec.threshold = 0.01
    assert [service.predicted(key) for key in "abc"] == [0, 0, 0]


@pytest.mark.parametrize("problem", [ModelError("It failed."), KeyError("x")])
def test_a_case_that_cannot_be_predicted_is_dealt_with_once(
    stage: Stage, problem: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    stage.explainer.cannot_predict["b"] = problem
    service = stage.open(idle=False)
    until(lambda: service.prediction_progress() == (3, 3))
    assert service.predictions().keys() == {"a", "c"}
    assert stage.explainer.log == [("predict", key) for key in "abc"]
    assert len(caplog.records) == isinstance(problem, KeyError)


def test_a_job_predicts_its_case(stage: Stage) -> None:
    stage.explainer.may_predict.clear()
    service = stage.open(idle=False)
    assert stage.explainer.predicting.wait(60)
    service.ask(T, "me")
    stage.explainer.may_predict.set()
    until(lambda: stage.job(T).stage == "prediction")
    assert service.predictions()["c"] == MALIGNANT
    assert service.prediction_progress() == (2, 3)


def test_what_is_handed_out_cannot_change_the_service(stage: Stage) -> None:
    service = stage.open()
    service.predictions().clear()
    assert len(service.predictions()) == 3
    with pytest.raises(TypeError):
        service.records["a"] = None  # type: ignore[index]


# --- The end ----------------------------------------------------------------------------------


def test_closing_ends_an_idle_worker(stage: Stage) -> None:
    service = stage.open()
    assert service._worker.daemon, "a program that does not close the service ends all the same"
    service.close()
    assert not service._worker.is_alive()


def test_closing_stops_the_running_job_at_its_next_chunk_and_begins_no_other(stage: Stage) -> None:
    service = stage.open()
    stage.begin(R)
    service.ask_all([R, S], "me")
    closing = threading.Thread(target=service.close)
    closing.start()
    until(lambda: service._closing)
    assert closing.is_alive(), "it waits for the worker"
    stage.explainer.told.put("chunk")
    closing.join(60)
    assert not service._worker.is_alive()
    assert ("explain", "b") not in stage.explainer.log
    assert stage.job(R).status is Status.STOPPED
