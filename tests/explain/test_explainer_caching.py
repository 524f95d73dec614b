"""The explainer's caches, clock and limits: what is shared, kept, counted, and refused in time."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tests.conftest import make_case
from xai_core.errors import BadRequest, Cancelled
from xai_core.explain import explainer as explainer_module
from xai_core.explain.explainer import Explainer
from xai_core.explain.explanation import Progress
from xai_core.explain.request import ExplainRequest
from xai_core.faithfulness import curves as curve_modes
from xai_core.model.classifier import Classifier
from xai_core.scoring.disk_store import DiskStore
from xai_core.types import MapState, MarkedFinding

CASE = make_case()
FAST = ExplainRequest(method="grad-cam", target="malignant", curves="none")
CURVES = dataclasses.replace(FAST, curves="adaptive")


@pytest.fixture
def explainer(tiny_weights: Path) -> Explainer:
    return Explainer(Classifier.open(tiny_weights, "cpu"))


def test_cases_with_equal_pixels_share_a_context(explainer: Explainer) -> None:
    twin = make_case("twin", image=CASE.image.copy())
    other = make_case("other", seed=1)
    assert explainer.context(CASE) is explainer.context(CASE)
    assert explainer.context(CASE) is explainer.context(twin)
    assert explainer.context(CASE) is not explainer.context(other)
    assert explainer.context(CASE).image_digest != explainer.context(other).image_digest


def test_the_24_contexts_used_last_are_kept(explainer: Explainer) -> None:
    cases = [
        make_case(str(n), image=np.full((12, 12), (n + 10) / 40, np.float32), lesion_mask=None)
        for n in range(25)
    ]
    found = [explainer.context(case) for case in cases[:24]]
    assert explainer.context(cases[0]) is found[0]  # used: now the second is the oldest
    explainer.context(cases[24])
    assert explainer.context(cases[0]) is found[0]
    assert explainer.context(cases[2]) is found[2]
    assert explainer.context(cases[1]) is not found[1]


def test_a_prediction_is_kept_for_the_next_process(tiny_weights: Path, tmp_path: Path) -> None:
    first = Explainer(Classifier.open(tiny_weights, "cpu"), DiskStore(tmp_path))
    predicted = first.predict(CASE)
    assert first.context(CASE).logit_cache.forwards == 1
    again = Explainer(Classifier.open(tiny_weights, "cpu"), DiskStore(tmp_path))
    assert again.predict(CASE) == predicted
    assert again.context(CASE).logit_cache.forwards == 0


@pytest.mark.parametrize("change", [{"layer": "stages.9.blocks.9"}, {"target": "no such class"}])
def test_a_request_that_the_network_cannot_answer_computes_nothing(
    explainer: Explainer, change: dict[str, str]
) -> None:
    seen: list[Progress] = []
    with pytest.raises(BadRequest):
        explainer.explain(CASE, dataclasses.replace(FAST, **change), seen.append)
    assert seen == []
    assert explainer.context(CASE).logit_cache.forwards == 0


def test_stopping_keeps_what_was_scored(tiny_weights: Path, tmp_path: Path) -> None:
    explainer = Explainer(Classifier.open(tiny_weights, "cpu"), DiskStore(tmp_path))

    def stop(progress: Progress) -> None:
        raise Cancelled("enough")

    with pytest.raises(Cancelled):
        explainer.explain(CASE, FAST, stop)
    again = Explainer(Classifier.open(tiny_weights, "cpu"), DiskStore(tmp_path))
    again.predict(CASE)
    assert again.context(CASE).logit_cache.forwards == 0


@pytest.mark.parametrize(
    ("request_", "stages"),
    [
        (FAST, {"prediction": 1, "map": 1, "metrics": 1}),
        (CURVES, {"prediction": 1, "map": 1, "metrics": 2, "curves": 1}),
        (
            dataclasses.replace(CURVES, reliability=True),
            {"prediction": 1, "map": 1, "metrics": 3, "curves": 1, "reliability": 1},
        ),
    ],
    ids=["map", "curves", "reliability"],
)
def test_seconds_are_added_up_by_stage(
    explainer: Explainer,
    monkeypatch: pytest.MonkeyPatch,
    request_: ExplainRequest,
    stages: dict[str, float],
) -> None:
    """On a clock that goes on by 0.12345 s whenever it is read."""
    now = iter(np.arange(1, 100) * 0.12345)
    monkeypatch.setattr(
        explainer_module, "time", SimpleNamespace(perf_counter=lambda: float(next(now)))
    )
    answer = explainer.explain(CASE, request_)
    assert answer.seconds.keys() == stages.keys()
    for stage, times in stages.items():
        assert answer.seconds[stage] == pytest.approx(times * 0.12345, abs=1e-4 * times)
        assert answer.seconds[stage] == round(answer.seconds[stage], 4)
    assert answer.complete
    assert (answer.curves is None) == (request_.curves == "none")
    assert (answer.reliability is None) == (not request_.reliability)


def test_the_comparison_is_measured_in_the_requests_mode_and_treatment_of_ties(
    explainer: Explainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, object] = {}

    def assess(*given: object, **how: object) -> None:
        asked.update(how)
        raise Cancelled("enough")

    monkeypatch.setattr(explainer_module, "assess", assess)
    request = dataclasses.replace(CURVES, curves="fine", ties="by-index", reliability=True)
    with pytest.raises(Cancelled):
        explainer.explain(CASE, request)
    assert asked == {
        "measure": curve_modes.MODES["fine"], "orders_of": curve_modes.ORDERS["by-index"],
    }  # fmt: skip


def test_metrics_of_the_map_are_there_before_the_curves_are(explainer: Explainer) -> None:
    seen: list[Progress] = []
    answer = explainer.explain(CASE, CURVES, seen.append)
    first = next(p for p in seen if p.stage == "curves")
    assert (first.done, first.total) == (0, 1)
    assert first.so_far.metrics.keys() == answer.metrics.keys()
    for name in ("insertion", "deletion"):
        before, after = (found.metrics[f"{name}_auc"] for found in (first.so_far, answer))
        assert before.value is None
        assert before.state
        assert after.value == getattr(answer.curves, name).auc


def test_a_map_that_cannot_be_ranked_has_no_curves(
    explainer: Explainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gradient of 0 gives a map of 0: no order, so nothing to measure."""
    gradient = explainer.classifier.gradient
    monkeypatch.setattr(explainer.classifier, "gradient", lambda *given: gradient(*given).zero_())
    answer = explainer.explain(CASE, dataclasses.replace(CURVES, reliability=True))
    assert answer.heatmap is not None
    assert answer.heatmap.state is not MapState.OK
    assert answer.curves is None
    assert answer.reliability is None
    assert answer.complete
    assert answer.forwards == 1, "the image itself"


def test_only_the_images_of_this_explanation_are_counted(explainer: Explainer) -> None:
    explainer.predict(CASE)
    assert explainer.explain(CASE, FAST).forwards == 0
    assert explainer.explain(CASE, CURVES).forwards > 10


def test_localisation_is_measured_only_of_a_case_with_a_mask(explainer: Explainer) -> None:
    marked = explainer.explain(CASE, FAST).metrics
    unmarked = explainer.explain(make_case("unmarked", lesion_mask=None), FAST).metrics
    lost = {n for n in marked if marked[n].value is not None and unmarked[n].value is None}
    assert lost, "some metrics need a mask"
    assert all(unmarked[name].state for name in lost)


def test_the_findings_of_a_case_are_told_apart_on_the_networks_grid(explainer: Explainer) -> None:
    mask = CASE.lesion_mask
    assert mask is not None
    elsewhere = np.roll(mask, (40, 30), (0, 1))
    lesions = (MarkedFinding(mask, "mass"), MarkedFinding(elsewhere, "calcifications"))
    case = make_case("two findings", lesion_mask=mask | elsewhere, lesions=lesions)
    words = explainer.explain(case, FAST).metrics["peak_finding"].value
    assert isinstance(words, str)
    assert re.search(r"finding [12] of 2 \((mass|calcifications)\)", words), words
    merged = make_case("merged", lesion_mask=mask | elsewhere)
    words = explainer.explain(merged, FAST).metrics["peak_finding"].value
    assert "marked region" in str(words)
