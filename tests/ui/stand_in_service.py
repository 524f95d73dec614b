"""A stand-in for the explanation service, without a network or a worker.

A test calls :meth:`StandInService.finish` to complete what a page asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
from streamlit.testing.v1 import AppTest

from tests.conftest import make_case
from tests.support.sources import MemorySource
from xai_core.cam import METHODS
from xai_core.explain.explanation import Explanation, JobSnapshot, Status
from xai_core.explain.request import CaseRequest
from xai_core.faithfulness.perturbation import CurvePair
from xai_core.model.classifier import Prepared
from xai_core.model.layers import Layer, find_layer
from xai_core.model.spec import ModelSpec
from xai_core.preprocessing.letterbox import fit, letterbox
from xai_core.types import (
    BENIGN,
    CLASS_NAMES,
    MALIGNANT,
    Case,
    Heatmap,
    LevelResult,
    MapState,
    Outcome,
    Pathology,
    PerturbationCurve,
    Prediction,
)
from xai_core.ui.deferred import ViewerDrawn
from xai_core.ui.session import SESSION, Part

SIZE = 96
SAYS_MALIGNANT, SAYS_BENIGN = Prediction((0.0, 2.0)), Prediction((2.0, 0.0))
SPEC = ModelSpec(
    timm_name="tiny", input_size=SIZE, mean=(0.25,) * 3, std=(0.2,) * 3, threshold=0.5,
    class_names=CLASS_NAMES, layers=("stages.2.blocks.8", "stages.3.blocks.2"), sha256="ab" * 32,
    training_command="none", training_data="none", licence="none", trained_on_phantoms=True,
    blurred_share=0.12,
)  # fmt: skip
CLASSIFIER = SimpleNamespace(
    spec=SPEC,
    layers=(
        Layer("stages.2.blocks.8", "Stage 3 Block 9", 2, 384, 24, 16),
        Layer("stages.3.blocks.2", "Stage 4 Block 3", 3, 768, 12, 32),
    ),
)


def four_cases() -> dict[str, Case]:
    """Phantoms: TP-1 and TP-2 are malignant, TN-1 and TN-2 are normal."""
    truths = {"P": Pathology.MALIGNANT, "N": Pathology.NORMAL}
    names = ("TP-1", "TP-2", "TN-1", "TN-2")
    return {
        name: make_case(name, seed, pathology=truths[name[1]], is_phantom=True)
        for seed, name in enumerate(names)
    }


def curve(kind: str, auc: float) -> PerturbationCurve:
    x = np.array([0.0, 1.0])
    return PerturbationCurve(kind, x, x if kind == "insertion" else 1 - x, auc, 0.0)


def explained(case: Case, case_request: CaseRequest, state: MapState = MapState.OK) -> Explanation:
    """A complete explanation: one blob of heat with scale 0.25, and curves if requested."""
    request = case_request.request
    geometry = fit(case.image, SIZE)
    y, x = np.mgrid[:SIZE, :SIZE]
    heat = np.exp(-((x - 40) ** 2 + (y - 35) ** 2) / 200).astype(np.float32)
    if not state.ranked:
        heat = np.zeros_like(heat)
    prediction = SAYS_MALIGNANT if case.class_index else SAYS_BENIGN
    pair = CurvePair(curve("insertion", 0.9), curve("deletion", 0.2), 2)
    hybrid = request.method == "hybrid-cam"
    return Explanation(
        case_id=case.id,
        request=request,
        layer=find_layer(CLASSIFIER.layers, request.layer),
        prepared=Prepared(letterbox(case.image, geometry), geometry),
        prediction=prediction,
        threshold=0.5,
        target=request.target_class(prediction, 0.5),
        image_digest="cd" * 32,
        weights_digest=SPEC.sha256,
        heatmap=Heatmap(heat[::4, ::4], heat, 0.25, state),
        levels=(LevelResult(1.0, 0.01, 0.5),) if hybrid and state is MapState.OK else (),
        curves=None if request.curves == "none" else pair,
        conventions=METHODS[request.method].conventions(request.cam_options()),
        complete=True,
    )


@dataclass
class StandInService:
    """Has what :class:`xai_core.explain.service.PageService` asks for.

    ``asked``: the requests of the last :meth:`ask_all`.  ``known_predictions``: by case id.
    """

    cases: dict[str, Case] = field(default_factory=four_cases)
    answers: dict[CaseRequest, JobSnapshot] = field(default_factory=dict)
    asked: tuple[CaseRequest, ...] = ()
    known_predictions: dict[str, Prediction] = field(default_factory=dict)
    unreadable: tuple[str, ...] = ()
    classifier: Any = field(default_factory=lambda: CLASSIFIER)

    @property
    def records(self) -> dict[str, Case]:
        return self.cases

    @property
    def source(self) -> MemorySource:
        return MemorySource(self.cases.values(), unreadable=self.unreadable)

    def predict_all(self) -> None:
        self.known_predictions = {
            name: SAYS_MALIGNANT if name[1] == "P" else SAYS_BENIGN for name in self.cases
        }

    def finish(self, requests: Sequence[CaseRequest] | None = None) -> None:
        """Complete ``requests``, by default those that were asked for last."""
        for request in self.asked if requests is None else requests:
            explanation = explained(self.cases[request.case_id], request)
            self.answers[request.canonical()] = JobSnapshot(Status.DONE, explanation=explanation)

    def load(self, case_id: str) -> Case:
        return self.source.load(case_id)

    def ask(self, request: CaseRequest, session_id: str) -> JobSnapshot:
        return self.ask_all([request], session_id)[0]

    def ask_all(
        self, requests: Sequence[CaseRequest], session_id: str, timeout: float = 0.0
    ) -> list[JobSnapshot]:
        assert session_id
        self.asked = tuple(requests)
        waiting = JobSnapshot(Status.WAITING)
        return [self.answers.get(request.canonical(), waiting) for request in requests]

    def known(self, request: CaseRequest) -> Explanation | None:
        snapshot = self.answers.get(request.canonical())
        return snapshot.explanation if snapshot and snapshot.status is Status.DONE else None

    def stop(self, request: CaseRequest) -> None:
        self.answers.setdefault(request.canonical(), JobSnapshot(Status.STOPPED))

    def retry(self, request: CaseRequest) -> None:
        snapshot = self.answers.get(request.canonical())
        if snapshot is not None and snapshot.status is not Status.DONE:
            del self.answers[request.canonical()]

    def predictions(self) -> dict[str, Prediction]:
        return dict(self.known_predictions)

    def predicted(self, case_id: str) -> int | None:
        prediction = self.known_predictions.get(case_id)
        return None if prediction is None else prediction.predicted(0.5)

    def outcomes(self) -> dict[str, Outcome]:
        truths = {name: case.class_index for name, case in self.cases.items()}
        assert set(truths.values()) <= {BENIGN, MALIGNANT}
        return {
            name: Outcome.of(truths[name] or 0, prediction.predicted(0.5))
            for name, prediction in self.known_predictions.items()
        }

    def prediction_progress(self) -> tuple[int, int]:
        return len(self.known_predictions), len(self.cases)

    def notices(self) -> tuple[str, ...]:
        return ()


def answer_without_evidence(stand_in: StandInService, request: CaseRequest) -> None:
    """Complete a request with a map that has no positive evidence."""
    explanation = explained(stand_in.cases[request.case_id], request, MapState.NO_POSITIVE)
    stand_in.answers[request.canonical()] = JobSnapshot(
        Status.DONE, explanation=replace(explanation, curves=None)
    )


STAND_INS: list[StandInService] = []
"""The last one is the service of the page under test: a page's function takes no arguments."""


@contextmanager
def use_stand_in(*, predicted: bool = True) -> Iterator[StandInService]:
    """A stand-in service for the test pages; ``predicted``: whether every case is predicted."""
    STAND_INS.append(StandInService())
    if predicted:
        STAND_INS[-1].predict_all()
    try:
        yield STAND_INS[-1]
    finally:
        STAND_INS.pop()


def set_viewer_drawn(page: AppTest) -> None:
    """Make the page's session one in which the viewer has drawn."""
    session_part(page, ViewerDrawn).drawn = True


def session_part(page: AppTest, kind: type[Part]) -> Part:
    """A part of the page's session, see :func:`xai_core.ui.session.part`."""
    if SESSION not in page.session_state:  # before its first run
        page.session_state[SESSION] = {}
    parts: dict[str, Part] = page.session_state[SESSION]
    return parts.setdefault(f"{kind.__module__}.{kind.__qualname__}", kind())


def without_error(page: AppTest) -> AppTest:
    """The page, after checking that it raised no exception."""
    assert not page.exception
    return page


def page_text(page: AppTest) -> str:
    """All text that the page shows, without the escapes of :func:`xai_core.ui.wording.plain`."""
    kinds = (page.markdown, page.caption, page.info, page.warning, page.error)
    return unescaped("\n".join(str(element.value) for kind in kinds for element in kind))


def unescaped(text: str) -> str:
    """``text`` without the escapes of :func:`xai_core.ui.wording.plain`."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text.replace(":color[]", ""))
