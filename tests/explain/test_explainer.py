"""Explanations: partial results, caching across requests and processes, cancelling."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import TINY_LAYERS, make_case
from xai_core.errors import Cancelled
from xai_core.explain.explainer import Explainer
from xai_core.explain.explanation import Progress
from xai_core.explain.request import ExplainRequest
from xai_core.faithfulness.metric import Measurement, Metric, MetricInputs, Need
from xai_core.faithfulness.metrics.agreement import agreement
from xai_core.model.classifier import Classifier
from xai_core.scoring.disk_store import DiskStore
from xai_core.types import DENSE_LEVELS, MapState

CASE = make_case()
BASE = ExplainRequest(target="malignant").with_options(levels=(1, 5, 20, 50))
METHODS = ("grad-cam", "score-cam", "hybrid-cam")


@pytest.fixture
def explainer(tiny_weights: Path) -> Explainer:
    return Explainer(Classifier.open(tiny_weights, "cpu"))


@pytest.mark.parametrize("layer", TINY_LAYERS)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("target", ["benign", "malignant"])
def test_every_method_layer_and_class(
    explainer: Explainer, method: str, layer: str, target: str
) -> None:
    request = dataclasses.replace(BASE, method=method, layer=layer, target=target).with_options(
        channels=12
    )
    answer = explainer.explain(CASE, request)
    assert answer.complete
    assert answer.target == ("benign", "malignant").index(target)
    assert answer.heatmap is not None
    size = explainer.classifier.spec.input_size
    assert answer.heatmap.values.shape == (size, size)
    assert answer.heatmap.values.min() >= 0
    assert answer.heatmap.values.max() <= 1
    if answer.heatmap.state is MapState.OK:
        assert answer.curves is not None
        assert 0 <= answer.curves.insertion.auc <= 1
        assert answer.curves.insertion.fraction[0] == 0
        assert answer.curves.deletion.fraction[-1] == 1
    else:
        assert answer.curves is None
    assert {"curve AUC", "curve baseline", "normalisation"} <= answer.conventions.keys()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("grey", [0.0, 0.4, 1.0])
def test_a_constant_image_has_no_map_and_no_curves(
    explainer: Explainer, method: str, grey: float
) -> None:
    case = dataclasses.replace(CASE, image=np.full((90, 70), grey, np.float32), lesion_mask=None)
    answer = explainer.explain(case, dataclasses.replace(BASE, method=method))
    assert answer.complete
    assert answer.heatmap is not None
    assert answer.heatmap.state is MapState.CONSTANT_IMAGE
    assert not answer.heatmap.values.any()
    assert answer.curves is None
    assert not answer.levels
    assert answer.forwards == 1, "the prediction alone"


def test_partial_answers_arrive_in_order(explainer: Explainer) -> None:
    seen: list[Progress] = []
    answer = explainer.explain(
        CASE, dataclasses.replace(BASE, method="score-cam").with_options(channels=24), seen.append
    )
    stages = [p.stage for p in seen]
    assert (stages[0], seen[0].done, seen[0].total) == ("prediction", 1, 1)
    assert stages == sorted(stages, key=["prediction", "map", "curves"].index)
    maps = [p for p in seen if p.stage == "map"]
    assert len(maps) == 3, "24 channels in chunks of 8"
    assert [p.done for p in maps] == sorted(p.done for p in maps)
    curves = [p for p in seen if p.stage == "curves"]
    assert curves[0].so_far.curves is None, "the stage is named before its first batch is scored"
    assert all(not p.so_far.complete for p in seen)
    assert answer.complete


def test_repeated_request_scores_nothing_and_another_level_one_image(explainer: Explainer) -> None:
    hybrid = dataclasses.replace(BASE, method="hybrid-cam", curves="none")
    first = explainer.explain(CASE, hybrid)
    # The image, the blurred image, and each level that keeps less than the whole image.
    assert first.forwards == 2 + len({level.realised for level in first.levels} - {1.0})
    assert first.forwards >= 4
    again = explainer.explain(CASE, hybrid)
    assert again.forwards == 0
    assert np.array_equal(first.heatmap.values, again.heatmap.values)
    more = explainer.explain(CASE, hybrid.with_options(levels=(1, 5, 10, 20, 50)))
    assert more.forwards == 1


def test_another_class_of_score_cam_scores_nothing(explainer: Explainer) -> None:
    request = dataclasses.replace(BASE, method="score-cam", curves="none").with_options(channels=10)
    explainer.explain(CASE, request)
    other = explainer.explain(CASE, dataclasses.replace(request, target="benign"))
    assert other.forwards == 0


def test_stored_scores_are_used_by_the_next_process(tiny_weights: Path, tmp_path: Path) -> None:
    def fresh() -> Explainer:
        return Explainer(Classifier.open(tiny_weights, "cpu"), DiskStore(tmp_path))

    first = fresh().explain(CASE, BASE)
    again = fresh().explain(CASE, BASE)
    assert first.forwards > 10
    assert again.forwards == 0
    assert np.array_equal(first.curves.insertion.probability, again.curves.insertion.probability)


def test_cancelled_request_resumes_from_stored_scores(tiny_weights: Path, tmp_path: Path) -> None:
    explainer = Explainer(Classifier.open(tiny_weights, "cpu"), DiskStore(tmp_path))
    whole = explainer.explain(CASE, BASE).forwards

    def stop(progress: Progress) -> None:
        if progress.stage == "curves":
            raise Cancelled("enough")

    other = Explainer(Classifier.open(tiny_weights, "cpu"), DiskStore(tmp_path / "other"))
    with pytest.raises(Cancelled):
        other.explain(CASE, BASE, stop)
    rest = Explainer(Classifier.open(tiny_weights, "cpu"), DiskStore(tmp_path / "other"))
    assert 0 < rest.explain(CASE, BASE).forwards < whole


def test_stored_scores_do_not_depend_on_rounding_of_resampling(
    tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Explainer(Classifier.open(tiny_weights, "cpu"), DiskStore(tmp_path))
    assert first.explain(CASE, BASE).forwards > 0
    elsewhere = Classifier.open(tiny_weights, "cpu")
    seen = elsewhere.prepare(CASE.image)
    last_bit = dataclasses.replace(seen, grey=np.nextafter(seen.grey, np.float32(1)))
    assert not np.array_equal(last_bit.grey, seen.grey)
    monkeypatch.setattr(elsewhere, "prepare", lambda _: last_bit)
    assert Explainer(elsewhere, DiskStore(tmp_path)).explain(CASE, BASE).forwards == 0


def test_cases_do_not_share_scores(explainer: Explainer) -> None:
    other = make_case("other", seed=3)
    a = explainer.explain(CASE, BASE)
    b = explainer.explain(other, BASE)
    assert a.image_digest != b.image_digest
    assert a.prediction != b.prediction
    assert not np.array_equal(a.heatmap.values, b.heatmap.values)


def test_constant_picture_gives_a_state_or_a_map_without_nan(explainer: Explainer) -> None:
    flat = make_case("flat", image=np.full((120, 90), 0.5, np.float32), lesion_mask=None)
    for method in METHODS:
        answer = explainer.explain(
            flat, dataclasses.replace(BASE, method=method).with_options(channels=8)
        )
        assert np.isfinite(answer.heatmap.values).all()
        if answer.heatmap.state is not MapState.OK:
            assert answer.heatmap.values.max() == 0


def test_reliability_measures_baselines_and_ties(explainer: Explainer) -> None:
    answer = explainer.explain(CASE, dataclasses.replace(BASE, reliability=True))
    found = answer.reliability
    assert found is not None
    assert 0 <= found.tie_fraction <= 1
    by_index = explainer.explain(CASE, dataclasses.replace(BASE, ties="by-index"))
    assert found.forward.insertion.auc == by_index.curves.insertion.auc
    assert by_index.forwards == 0
    assert answer.conventions["curve random orders"] == "3, seeds 0, 1, 2"
    assert "curve ROAD" not in by_index.conventions
    for pair in (found.forward, found.reverse, *found.random, found.centre_first):
        # The end points are the same images, whatever the order.
        assert pair.insertion.probability[0] == answer.curves.insertion.probability[0]
        assert pair.deletion.probability[0] == answer.curves.deletion.probability[0]
    # The whole image is the same with any baseline, the baseline is not.
    grey, blurred = found.mean_grey.insertion.probability, answer.curves.insertion.probability
    assert grey[-1] == blurred[-1]
    assert grey[0] != blurred[0]


@pytest.mark.parametrize("method", METHODS)
def test_stored_explanation_is_shown_without_the_network(
    tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    request = dataclasses.replace(BASE, method=method).with_options(channels=6)
    first = Explainer(Classifier.open(tiny_weights, "cpu"), DiskStore(tmp_path)).explain(
        CASE, request
    )

    def never(*_: object) -> None:
        raise AssertionError("the network was asked")

    again = Explainer(Classifier.open(tiny_weights, "cpu"), DiskStore(tmp_path))
    for name in ("score", "activation", "gradient"):
        monkeypatch.setattr(again.classifier, name, never)
    second = again.explain(CASE, request)
    assert second.forwards == 0
    assert first.heatmap is not None
    assert second.heatmap is not None
    np.testing.assert_array_equal(first.heatmap.values, second.heatmap.values)
    assert (first.levels, first.map_images) == (second.levels, second.map_images)


def test_fast_map_is_compared_with_the_exact_map_once_known(
    explainer: Explainer,
) -> None:
    fast = dataclasses.replace(BASE, method="score-cam", curves="none").with_options(channels=4)
    before = explainer.explain(CASE, fast).metrics["spearman"]
    assert (before.value, before.state) == (None, "the exact map is not known yet")
    exact = explainer.explain(CASE, fast.with_options(channels=None))
    assert exact.metrics["spearman"].state == "the map is the exact one"
    found = explainer.explain(CASE, fast)
    assert found.heatmap is not None
    assert exact.heatmap is not None
    known = agreement(found.heatmap.values, exact.heatmap.values)
    assert known.spearman is not None
    assert found.metrics["spearman"].value == known.spearman
    assert found.metrics["top_overlap"].value == known.top_overlap


def test_known_gains_of_other_levels_are_in_the_explanation(explainer: Explainer) -> None:
    hybrid = dataclasses.replace(BASE, method="hybrid-cam", curves="none")
    before = explainer.explain(CASE, hybrid).known_levels
    assert all(level.realised == 1 for level in before), "only the image itself was scored"
    assert len(before) < len(DENSE_LEVELS) - len(BASE.option("levels"))
    dense = explainer.explain(CASE, hybrid.with_options(levels=DENSE_LEVELS))
    again = explainer.explain(CASE, hybrid)
    assert again.forwards == 0
    assert {level.percent for level in again.known_levels} == set(DENSE_LEVELS) - set(
        BASE.option("levels")
    )
    gains = {level.percent: level for level in dense.levels}
    assert all(gains[level.percent] == level for level in again.known_levels)


def test_metric_may_score_images_where_curves_are_requested(
    explainer: Explainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compute(inputs: MetricInputs) -> Measurement:
        kept = np.zeros((20, 576), bool)
        kept[np.arange(20), np.arange(20)] = True
        return Measurement(inputs.probabilities(kept).mean())

    probing = Metric(
        name="probing", title="Probing", unit="probability", better=None, reference="none",
        description="The mean of 20 images.", compute=compute, needs=(Need.PROBE,),
    )  # fmt: skip
    monkeypatch.setattr("xai_core.faithfulness.metrics.METRICS", {"probing": probing})
    without = explainer.explain(CASE, dataclasses.replace(BASE, curves="none"))
    assert without.metrics["probing"].state == "no perturbed images were asked for"
    seen: list[Progress] = []
    answer = explainer.explain(CASE, BASE, seen.append)
    assert 0 < answer.metrics["probing"].value < 1
    assert [p.done for p in seen if p.stage == "metrics"] == [8, 16, 20], "it can be stopped"
    assert answer.seconds.keys() == {"prediction", "map", "metrics", "curves"}
