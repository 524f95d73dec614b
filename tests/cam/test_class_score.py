"""The score to explain: a logit, or a logit minus the mean of the others, in every method."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.conftest import TINY_LAYERS, make_case, random_weights
from xai_core.cam import METHODS
from xai_core.cam.class_score import ClassScore, ScoreOptions, class_scores, score_gradient
from xai_core.cam.grad_cam import grad_cam
from xai_core.explain.explainer import Explainer
from xai_core.explain.request import ExplainRequest
from xai_core.model.classifier import Classifier
from xai_core.types import no_report

SCORED = [m for m in METHODS.values() if issubclass(m.options, ScoreOptions)]
LAYER = "stages.3.blocks.0"  # HiResCAM shows nothing at Stage 3
EVERY = pytest.mark.parametrize("method", SCORED, ids=lambda m: m.name)


def test_the_methods_that_explain_a_logit_offer_the_difference() -> None:
    assert {m.name for m in METHODS.values()} - {m.name for m in SCORED} == {"eigen-cam", "rise"}


def test_scores_of_two_and_three_classes_by_hand() -> None:
    logits = np.array([[1, 4, 2], [np.nan] * 3], np.float32)
    assert class_scores(logits, 1, ClassScore.LOGIT)[0] == 4
    assert class_scores(logits, 1, ClassScore.DIFFERENCE)[0] == 4 - 1.5
    assert class_scores(logits[:, :2], 0, ClassScore.DIFFERENCE)[0] == 1 - 4
    assert np.isnan(class_scores(logits, 1, ClassScore.DIFFERENCE)[1])


def test_gradient_of_a_difference_by_hand() -> None:
    def gradient(c: int) -> torch.Tensor:
        return torch.full((1, 1, 1), float((1, 4, 2)[c]))

    assert float(score_gradient(gradient, 3, 1, ClassScore.DIFFERENCE)) == 4 - 1.5
    assert float(score_gradient(gradient, 2, 0, ClassScore.DIFFERENCE)) == 1 - 4
    assert float(score_gradient(gradient, 3, 2, ClassScore.LOGIT)) == 2


def choose(method, score: ClassScore):
    few = {"levels": (5, 20, 50), "channels": 6, "stride": 3, "score": score}
    return method.options.of(few)


@EVERY
def test_a_constant_added_to_all_logits_moves_no_difference(
    method, small_net, x96, make_layer_inputs
) -> None:
    """Here the constant is the mean of the activations or of the pixels, so it has a gradient: the
    logit's map changes, that of the difference does not."""
    plain = make_layer_inputs(small_net, x96, LAYER)

    def shifted(logits: torch.Tensor, given: torch.Tensor) -> torch.Tensor:
        return logits + given.flatten(1).mean(1, keepdim=True)

    moved = make_layer_inputs(small_net, x96, LAYER)
    tail, scorer = moved.tail, moved.logit_cache._scorer
    moved.logit_cache._scorer = lambda images: shifted(scorer(images), images)
    moved = dataclasses.replace(
        moved,
        gradient=lambda c: plain.gradient(c) + 1 / plain.activation.numel(),
        tail=lambda a: shifted(tail(a), a),
    )
    for score in ClassScore:
        options = choose(method, score)
        before, after = (
            method.compute(inputs, 1, options, no_report).heatmap.raw for inputs in (plain, moved)
        )
        apart = np.abs(after - before).max() / np.abs(before).max()
        if score is ClassScore.DIFFERENCE:
            assert apart < 1e-4
        elif method.name != "hybrid-cam":  # its raw map is Grad-CAM's, which is tested itself
            assert apart > 1e-4


@EVERY
def test_scores_do_not_share_a_cached_map(method, small_net, x96, make_layer_inputs) -> None:
    shared = make_layer_inputs(small_net, x96, LAYER)
    raws = []
    for score in ClassScore:
        for target in (0, 1):
            options = choose(method, score)
            found = method.compute(shared, target, options, no_report).heatmap
            alone = make_layer_inputs(small_net, x96, LAYER)
            expected = method.compute(alone, target, options, no_report).heatmap
            np.testing.assert_allclose(found.raw, expected.raw, rtol=1e-4, atol=1e-6)
            np.testing.assert_allclose(found.values, expected.values, atol=1e-4)
            raws.append(found.raw)
    assert len({raw.tobytes() for raw in raws}) == 4


@pytest.mark.parametrize("target", [0, 1, 2])
def test_three_classes_through_the_explainer(tmp_path: Path, target: int) -> None:
    """The layer inputs name all classes: the map is that of autograd's gradient of the whole."""
    names = ("normal", "benign", "malignant")
    weights = random_weights(tmp_path / "three.safetensors", class_names=names, positive=2)
    classifier = Classifier.open(weights, "cpu")
    request = ExplainRequest("grad-cam", TINY_LAYERS[0], names[target], curves="none")
    answer = Explainer(classifier).explain(
        make_case(), request.with_options(score="logit-difference")
    )
    assert answer.conventions["score"] == (
        "class logit minus the mean of the other classes' logits"
    )
    x = classifier.normalise(answer.prepared.grey)
    leaf = classifier.activation(x, TINY_LAYERS[0]).requires_grad_(True)
    logits = classifier.tail(TINY_LAYERS[0])(leaf)[0]
    others = [logits[c] for c in range(3) if c != target]
    (gradient,) = torch.autograd.grad(logits[target] - (others[0] + others[1]) / 2, leaf)
    expected = grad_cam(leaf.detach()[0], gradient[0]).numpy()
    assert answer.heatmap is not None
    np.testing.assert_allclose(
        answer.heatmap.raw, expected, rtol=0, atol=1e-5 * np.abs(expected).max()
    )
