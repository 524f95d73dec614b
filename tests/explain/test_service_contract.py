"""What pages rely on, of the real service and of the stand-in that page tests use."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.sources import MemorySource
from tests.ui.stand_in_service import StandInService, four_cases
from xai_core.errors import CaseNotFound
from xai_core.explain.explainer import Explainer
from xai_core.explain.explanation import Status
from xai_core.explain.request import CaseRequest
from xai_core.explain.service import ExplainService, PageService
from xai_core.model.classifier import Classifier
from xai_core.types import CaseRecord, Outcome

FIRST = CaseRequest("TP-1").change(curves="none")
Settle = Callable[[], None]


@pytest.fixture(params=["service", "stand-in"])
def served(
    request: pytest.FixtureRequest, tiny_weights: Path
) -> Iterator[tuple[PageService, Settle]]:
    """A service of four cases, and a function that lets what was asked for be finished."""
    if request.param == "stand-in":
        stand_in = StandInService()

        def settle_stand_in() -> None:
            stand_in.predict_all()
            stand_in.finish()

        yield stand_in, settle_stand_in
        return
    explainer = Explainer(Classifier.open(tiny_weights, "cpu"))
    service = ExplainService(explainer, MemorySource(four_cases().values()))

    def settle() -> None:
        def done() -> bool:
            status = service.ask(FIRST, "a session").status
            return status is Status.DONE and service.prediction_progress() == (4, 4)

        until(done)

    yield service, settle
    service.close()


def until(condition: Callable[[], bool], seconds: float = 120.0) -> None:
    """Wait until a condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def test_the_cases_are_those_of_the_source_in_its_order(
    served: tuple[PageService, Settle],
) -> None:
    service, _ = served
    assert list(service.records) == list(four_cases())
    assert list(service.records) == [record.id for record in service.source.records()]
    assert all(isinstance(record, CaseRecord) for record in service.records.values())
    assert service.load("TN-1").id == "TN-1"
    with pytest.raises(CaseNotFound):
        service.load("no such case")


def test_an_answer_is_not_there_at_first_and_stays_once_it_is(
    served: tuple[PageService, Settle],
) -> None:
    service, settle = served
    assert service.known(FIRST) is None
    assert service.ask(FIRST, "a session").status in (Status.WAITING, Status.RUNNING)
    settle()
    snapshot = service.ask(FIRST, "another session")
    assert snapshot.status is Status.DONE
    assert snapshot.explanation is not None
    assert snapshot.explanation.complete
    assert snapshot.explanation.case_id == "TP-1"
    assert snapshot.explanation.request == FIRST.request
    assert service.known(FIRST) is snapshot.explanation
    assert service.ask_all([FIRST, FIRST], "a session", timeout=1.0) == [snapshot, snapshot]


def test_options_that_the_method_does_not_read_make_no_other_request(
    served: tuple[PageService, Settle],
) -> None:
    service, settle = served
    service.ask(FIRST, "a session")
    settle()
    assert service.known(FIRST.change(levels=(5,), channels=3)) is service.known(FIRST)
    assert service.known(FIRST.change(target="benign")) is None


def test_a_stopped_job_stays_stopped_until_it_is_retried(
    served: tuple[PageService, Settle],
) -> None:
    service, _ = served
    slow = CaseRequest("TP-1").change(method="score-cam", reliability=True)
    assert service.ask(slow, "a session").status in (Status.WAITING, Status.RUNNING)
    service.stop(slow)
    until(lambda: service.ask(slow, "a session").status is Status.STOPPED)
    assert service.ask(slow, "a session").status is Status.STOPPED
    service.retry(slow)
    assert service.ask(slow, "a session").status in (Status.WAITING, Status.RUNNING)


def test_predictions_classes_and_outcomes_agree(served: tuple[PageService, Settle]) -> None:
    service, settle = served
    service.ask(FIRST, "a session")
    settle()
    assert service.prediction_progress() == (4, 4)
    predictions, spec = service.predictions(), service.classifier.spec
    assert set(predictions) == set(service.records)
    for case_id, record in service.records.items():
        predicted = predictions[case_id].predicted(spec.threshold, spec.positive)
        assert service.predicted(case_id) == predicted
        truth = record.class_index
        assert truth is not None
        assert service.outcomes()[case_id] is Outcome.of(truth, predicted == spec.positive)
    assert service.predicted("no such case") is None


def test_the_classifier_says_what_pages_show(served: tuple[PageService, Settle]) -> None:
    service, _ = served
    spec = service.classifier.spec
    assert len(spec.class_names) == 2
    assert 0 < spec.threshold < 1
    finer, coarser = service.classifier.layers
    assert finer.title.startswith("Stage 3 ")
    assert coarser.title.startswith("Stage 4 ")
    assert service.notices() == ()
