"""The explanation service: one worker thread owns the model and computes jobs for all sessions.

A page calls :meth:`ExplainService.ask` repeatedly: each call renews the session's lease on the job
and returns a snapshot of it.  Equal requests share a job.  A job whose leases have all lapsed is
stopped at its next chunk; what it scored is kept, so the same request continues from there.  While
no job waits, the worker predicts the source's cases one by one, so that lists can be filtered by
outcome.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from cachetools import LRUCache

from xai_core.cases.base import CaseSource
from xai_core.cases.sources.open_source import open_source
from xai_core.errors import Cancelled, XaiError
from xai_core.explain.explainer import Explainer
from xai_core.explain.explanation import Explanation, JobSnapshot, Progress, Status
from xai_core.explain.identity import model_digest
from xai_core.explain.request import CaseRequest
from xai_core.model.classifier import Classifier
from xai_core.scoring.disk_store import open_disk_store
from xai_core.settings import Settings
from xai_core.types import Case, CaseRecord, Outcome, Prediction

_LEASE = 8.0  # seconds a job lives after a session last asked for it
_ANSWERS = 64  # finished explanations kept in memory, about 1 MB each
_CASES = 32  # cases kept in memory with their pixels
_log = logging.getLogger(__name__)


@dataclass(eq=False)
class _Job:
    request: CaseRequest
    snapshot: JobSnapshot = field(default_factory=lambda: JobSnapshot(Status.WAITING))
    leases: dict[str, float] = field(default_factory=dict)  # session id -> when its lease lapses
    stop: bool = False

    def watched(self) -> bool:
        """Whether a session has asked for it within the lease."""
        now = time.monotonic()
        return any(until > now for until in self.leases.values())

    def wanted(self) -> bool:
        """Whether it should continue."""
        return not self.stop and self.watched()


def _settled(job: _Job) -> bool:
    return job.snapshot.status not in (Status.WAITING, Status.RUNNING)


class PageService(Protocol):
    """What a page may ask of an explanation service; see :class:`ExplainService` for each.

    The tests' stand-in without a network has the same: ``tests/explain/test_service_contract.py``
    runs over both.
    """

    @property
    def classifier(self) -> Classifier: ...

    @property
    def source(self) -> CaseSource: ...

    @property
    def records(self) -> Mapping[str, CaseRecord]: ...

    def load(self, case_id: str) -> Case: ...

    def ask(self, request: CaseRequest, session_id: str) -> JobSnapshot: ...

    def ask_all(
        self, requests: Sequence[CaseRequest], session_id: str, timeout: float = 0.0
    ) -> list[JobSnapshot]: ...

    def known(self, request: CaseRequest) -> Explanation | None: ...

    def stop(self, request: CaseRequest) -> None: ...

    def retry(self, request: CaseRequest) -> None: ...

    def predictions(self) -> dict[str, Prediction]: ...

    def predicted(self, case_id: str) -> int | None: ...

    def outcomes(self) -> dict[str, Outcome]: ...

    def prediction_progress(self) -> tuple[int, int]: ...

    def notices(self) -> tuple[str, ...]: ...


class ExplainService:
    """The explanation service of the dashboard: one worker thread owns the model.  Thread-safe."""

    def __init__(self, explainer: Explainer, source: CaseSource) -> None:
        self.explainer, self._source = explainer, source
        self._records = {r.id: r for r in source.records()}
        self._jobs: dict[CaseRequest, _Job] = {}  # the first asked for is worked on first
        self._answers: LRUCache[CaseRequest, JobSnapshot] = LRUCache(_ANSWERS)
        self._cases: LRUCache[str, Case] = LRUCache(_CASES)
        self._predictions: dict[str, Prediction] = {}
        self._unpredictable: dict[str, str] = {}
        self._wake = threading.Condition()
        self._closing = False
        self._worker = threading.Thread(target=self._work, name="explain-worker", daemon=True)
        self._worker.start()

    # --- what pages ask -------------------------------------------------------------------

    @property
    def classifier(self) -> Classifier:
        """The classifier that is explained."""
        return self.explainer.classifier

    @property
    def source(self) -> CaseSource:
        """Where the cases come from."""
        return self._source

    @property
    def records(self) -> Mapping[str, CaseRecord]:
        """Every case of the source by id, in the source's order, without pixels."""
        return MappingProxyType(self._records)

    def load(self, case_id: str) -> Case:
        """A case with its pixels, kept in memory for the cases used last.

        Raises:
            CaseError: see :meth:`xai_core.cases.base.CaseSource.load`.
        """
        with self._wake:
            if case_id in self._cases:
                return self._cases[case_id]
        case = self._source.load(case_id)
        with self._wake:
            self._cases[case_id] = case
        return case

    def ask(self, request: CaseRequest, session_id: str) -> JobSnapshot:
        """What is known of ``request``; starts, joins or keeps alive its job.

        ``session_id`` identifies a browser session: its leases on other requests end.
        A job that was stopped by hand or failed stays so until :meth:`retry`.
        """
        return self.ask_all((request,), session_id)[0]

    def ask_all(
        self, requests: Sequence[CaseRequest], session_id: str, timeout: float = 0.0
    ) -> list[JobSnapshot]:
        """What :meth:`ask` gives for each request; the first one missing is computed first.

        ``timeout``: seconds to wait for jobs that have not begun: an answer that is kept on disk is
        there in a moment, and a page that waits for it is drawn once instead of twice.
        """
        asked = [request.canonical() for request in requests]
        with self._wake:
            for other in self._jobs.values():
                if other.request not in asked:
                    other.leases.pop(session_id, None)
            snapshots = [self._renew(request, session_id) for request in asked]
            self._forget_idle()
            self._wake.notify_all()
            if timeout and all(
                snapshot.status in (Status.WAITING, Status.DONE) for snapshot in snapshots
            ):
                jobs = [self._jobs[request] for request in asked if request in self._jobs]
                self._wake.wait_for(lambda: all(map(_settled, jobs)), timeout=timeout)
                snapshots = [self._renew(request, session_id) for request in asked]
            return snapshots

    def known(self, request: CaseRequest) -> Explanation | None:
        """The finished answer to ``request`` if it is in memory; starts nothing."""
        with self._wake:
            snapshot = self._answers.get(request.canonical())
            return snapshot.explanation if snapshot else None

    def stop(self, request: CaseRequest) -> None:
        """Stop a job at its next chunk; what was computed is kept and shown."""
        with self._wake:
            job = self._jobs.get(request.canonical())
            if job is not None and job.snapshot.status in (Status.WAITING, Status.RUNNING):
                job.stop = True
                if job.snapshot.status is Status.WAITING:
                    job.snapshot = JobSnapshot(Status.STOPPED, explanation=job.snapshot.explanation)

    def retry(self, request: CaseRequest) -> None:
        """Let a stopped or failed job run again; it goes on from what was kept."""
        with self._wake:
            job = self._jobs.get(request.canonical())
            if job is not None and job.snapshot.status in (Status.STOPPED, Status.FAILED):
                job.stop = False
                job.snapshot = JobSnapshot(Status.WAITING, explanation=job.snapshot.explanation)
                self._wake.notify_all()

    def predictions(self) -> dict[str, Prediction]:
        """The predictions known so far, by case id."""
        with self._wake:
            return dict(self._predictions)

    def predicted(self, case_id: str) -> int | None:
        """The class the model decides for, an index of its classes; None while not yet known."""
        prediction = self.predictions().get(case_id)
        spec = self.classifier.spec
        return None if prediction is None else prediction.predicted(spec.threshold, spec.positive)

    def outcomes(self) -> dict[str, Outcome]:
        """TP, TN, FP or FN of the cases that are predicted and whose pathology is given."""
        spec = self.classifier.spec
        found = {}
        for case_id, prediction in self.predictions().items():
            truth = self._records[case_id].class_index
            if truth is not None:
                predicted = prediction.predicted(spec.threshold, spec.positive)
                found[case_id] = Outcome.of(truth, predicted == spec.positive)
        return found

    def prediction_progress(self) -> tuple[int, int]:
        """Cases dealt with (predicted or unreadable), and cases in all."""
        with self._wake:
            return len(self._predictions) + len(self._unpredictable), len(self._records)

    def notices(self) -> tuple[str, ...]:
        """What went wrong with kept scores, one sentence each, to be shown as it is.

        The results are right all the same; they take longer.
        """
        store = self.explainer.store
        return store.notices() if store else ()

    def close(self) -> None:
        """Stop the worker at its next chunk, and wait for it."""
        with self._wake:
            self._closing = True
            self._wake.notify_all()
        self._worker.join(timeout=60)

    # --- the worker -----------------------------------------------------------------------

    def _renew(self, request: CaseRequest, session_id: str) -> JobSnapshot:
        """The view of a canonical request, its job begun and leased; called with the lock held."""
        if request in self._answers:
            return self._answers[request]
        job = self._jobs.setdefault(request, _Job(request))
        job.leases[session_id] = time.monotonic() + _LEASE
        if not job.stop and job.snapshot.status is Status.STOPPED:
            job.snapshot = JobSnapshot(Status.WAITING, explanation=job.snapshot.explanation)
        return job.snapshot

    def _forget_idle(self) -> None:
        """Drop jobs without a lease; called with the lock held."""
        for request, job in list(self._jobs.items()):
            if job.snapshot.status is not Status.RUNNING and not job.watched():
                del self._jobs[request]

    def _next(self) -> _Job | str | None:
        """The next job, else the next case to predict, else None; called with the lock held."""
        for job in self._jobs.values():
            if job.snapshot.status is Status.WAITING and job.wanted():
                return job
        for case_id in self._records:
            if case_id not in self._predictions and case_id not in self._unpredictable:
                return case_id
        return None

    def _work(self) -> None:
        while True:
            with self._wake:
                task = self._next()
                while task is None and not self._closing:
                    self._wake.wait(timeout=1.0)
                    task = self._next()
                if self._closing:
                    return
                if isinstance(task, _Job):
                    task.snapshot = JobSnapshot(
                        Status.RUNNING, explanation=task.snapshot.explanation
                    )
            if isinstance(task, _Job):
                self._run(task)
            elif task is not None:
                self._predict(task)

    def _run(self, job: _Job) -> None:
        def watch(progress: Progress) -> None:
            with self._wake:
                job.snapshot = JobSnapshot(
                    Status.RUNNING, progress.stage, progress.done, progress.total, progress.so_far
                )
                if progress.stage == "prediction":
                    self._predictions[job.request.case_id] = progress.so_far.prediction
                if self._closing or not job.wanted():
                    raise Cancelled("Stopped: nobody waits for this any more.")

        try:
            asked = job.request
            explanation = self.explainer.explain(self.load(asked.case_id), asked.request, watch)
            snapshot = JobSnapshot(Status.DONE, explanation=explanation)
        except Cancelled:
            last = job.snapshot
            snapshot = JobSnapshot(
                Status.STOPPED, last.stage, last.done, last.total, last.explanation
            )
        except XaiError as problem:
            snapshot = JobSnapshot(
                Status.FAILED, explanation=job.snapshot.explanation, error=str(problem)
            )
        except Exception:
            # A defect of ours must not end the worker: log it whole, tell it in a sentence.
            _log.exception("explaining %s failed", job.request)
            snapshot = JobSnapshot(
                Status.FAILED,
                explanation=job.snapshot.explanation,
                error="Something went wrong inside the program; the log has the details.",
            )
        with self._wake:
            job.snapshot = snapshot
            if snapshot.status is Status.DONE:
                self._answers[job.request] = snapshot
                self._jobs.pop(job.request, None)
            self._wake.notify_all()  # those that wait in ask_all

    def _predict(self, case_id: str) -> None:
        try:
            # Not through self.load: predicting all cases must not evict those on show.
            prediction = self.explainer.predict(self._source.load(case_id))
        except XaiError as problem:
            with self._wake:
                self._unpredictable[case_id] = str(problem)
        except Exception:
            _log.exception("predicting %s failed", case_id)
            with self._wake:
                self._unpredictable[case_id] = "prediction failed"
        else:
            with self._wake:
                self._predictions[case_id] = prediction


def open_service(settings: Settings) -> ExplainService:
    """The service the settings describe: their cases, weights, device and store.

    Raises:
        XaiError: the cases or the weights cannot be used.
    """
    source = open_source(settings.cases, settings)  # before the weights: it is the faster to fail
    classifier = Classifier.open(
        settings.weights, settings.device, settings.batch, settings.threshold
    )
    classifier.accelerate(settings.engine, settings.store)
    store = open_disk_store(settings, model_digest(classifier.spec))
    return ExplainService(Explainer(classifier, store), source)
