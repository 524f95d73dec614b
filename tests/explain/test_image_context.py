"""What requests on one image share: computed once, kept in the store under the image's own keys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.conftest import TINY_LAYERS, make_case
from xai_core.errors import BadRequest
from xai_core.explain.image_context import ImageContext
from xai_core.faithfulness.baseline import blurred
from xai_core.model.classifier import Classifier
from xai_core.scoring.disk_store import DiskStore
from xai_core.scoring.logit_cache import INTACT

CASE = make_case()
FINE, COARSE = TINY_LAYERS
NAME = "a map"


@pytest.fixture(scope="module")
def classifier(tiny_weights: Path) -> Classifier:
    return Classifier.open(tiny_weights, "cpu")


def context(
    classifier: Classifier, store: DiskStore | None = None, digest: str = "1" * 64
) -> ImageContext:
    return ImageContext(classifier, classifier.prepare(CASE.image), store, digest)


def counted(monkeypatch: pytest.MonkeyPatch, classifier: Classifier, name: str) -> list[Any]:
    """The arguments of every call of a method of the classifier from now on."""
    calls: list[Any] = []
    method: Callable[..., Any] = getattr(classifier, name)

    def count(*arguments: Any) -> Any:
        calls.append(arguments)
        return method(*arguments)

    monkeypatch.setattr(classifier, name, count)
    return calls


def never() -> torch.Tensor:
    raise AssertionError("it was computed")


def test_inputs_are_the_prepared_image_the_blurred_and_a_black_one(classifier: Classifier) -> None:
    found = context(classifier)
    grey = classifier.prepare(CASE.image).grey
    inputs = found.layer_inputs(FINE)
    for given, picture in (
        (found.x, grey), (found.baseline, blurred(grey)), (inputs.black, np.zeros_like(grey)),
    ):  # fmt: skip
        assert given.shape == (3, *grey.shape)
        assert torch.equal(given, classifier.normalise(picture)[0])
    assert torch.equal(inputs.x, found.x)
    assert torch.equal(inputs.baseline, found.baseline)


def test_the_image_and_its_blurred_copy_are_made_once(
    classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = context(classifier)
    calls = counted(monkeypatch, classifier, "normalise")
    assert found.x is found.x
    assert found.baseline is found.baseline
    assert len(calls) == 2


def test_prediction_is_the_networks_and_takes_one_pass(classifier: Classifier) -> None:
    found = context(classifier)
    expected = classifier.score(found.x[None])[0]
    assert found.prediction().logits == pytest.approx(expected.tolist(), abs=1e-6)
    assert found.prediction() == found.prediction()
    assert found.logit_cache.forwards == 1
    assert found.logit_cache.known([INTACT]).all()
    assert found.logit_cache.chunk == classifier.chunk


@pytest.mark.parametrize("layer", TINY_LAYERS)
@pytest.mark.parametrize("target", [0, 1])
def test_layer_inputs_are_those_of_the_layer(
    classifier: Classifier, layer: str, target: int
) -> None:
    found = context(classifier)
    inputs = found.layer_inputs(layer)
    activation = classifier.activation(found.x[None], layer)
    assert inputs.layer == layer
    assert torch.equal(inputs.activate(), activation[0])
    expected = classifier.gradient(activation, layer, target)[0]
    torch.testing.assert_close(inputs.gradient(target), expected)
    assert inputs.logit_cache is found.logit_cache


def test_activations_and_raw_maps_are_shared_by_the_requests_on_a_layer(
    classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = context(classifier)
    calls = counted(monkeypatch, classifier, "activation")
    one, other = found.layer_inputs(COARSE), found.layer_inputs("stage 4")  # the same layer
    assert other.layer == COARSE
    assert one.activate() is other.activate()
    one.gradient(0)
    other.gradient(1)
    assert len(calls) == 1
    one.raw_maps.put(NAME, torch.ones(3, 3))
    assert other.raw_maps.get(NAME) is not None
    fine = found.layer_inputs(FINE)
    assert fine.raw_maps.get(NAME) is None, "another layer's"
    assert fine.activate().shape != one.activate().shape
    assert len(calls) == 2


def test_unknown_layer_is_refused(classifier: Classifier) -> None:
    with pytest.raises(BadRequest, match="no such layer"):
        context(classifier).layer_inputs("no such layer")


def test_what_was_kept_is_there_for_the_next_context_of_the_image(
    classifier: Classifier, tmp_path: Path
) -> None:
    first = context(classifier, DiskStore(tmp_path))
    first.prediction()
    maps = {FINE: torch.rand(6, 6) - 0.5, COARSE: torch.rand(3, 3) - 0.5}
    for layer, raw_map in maps.items():
        first.layer_inputs(layer).raw_maps.put(NAME, raw_map)
    first.keep()
    assert len(list(tmp_path.rglob("*.safetensors"))) == 3, "logits, and raw maps of two layers"

    again = context(classifier, DiskStore(tmp_path))
    assert again.prediction() == first.prediction()
    assert again.logit_cache.forwards == 0
    for layer, raw_map in maps.items():
        assert torch.equal(again.layer_inputs(layer).raw_maps.recall(NAME, never), raw_map)

    other = context(classifier, DiskStore(tmp_path), "2" * 64)
    assert not other.logit_cache.known([INTACT]).any()
    assert all(other.layer_inputs(layer).raw_maps.get(NAME) is None for layer in maps)


def test_nothing_is_written_before_it_is_kept_nor_without_a_store(
    classifier: Classifier, tmp_path: Path
) -> None:
    stored = context(classifier, DiskStore(tmp_path))
    stored.prediction()
    assert not list(tmp_path.rglob("*.safetensors"))
    unstored = context(classifier)
    unstored.prediction()
    unstored.layer_inputs(FINE).raw_maps.put(NAME, torch.ones(6, 6))
    unstored.keep()
    stored.keep()
    assert len(list(tmp_path.rglob("*.safetensors"))) == 1


def test_scores_kept_with_fewer_classes_are_not_used(
    classifier: Classifier, tmp_path: Path
) -> None:
    stored = context(classifier, DiskStore(tmp_path))
    store = DiskStore(tmp_path)
    store.save(stored._key, {INTACT: np.ones(3, np.float32)})
    assert not context(classifier, store).logit_cache.known([INTACT]).any()
    assert len(store.notices()) == 1


def test_digests_name_the_image_and_the_weights(classifier: Classifier) -> None:
    found = context(classifier, digest="3" * 64)
    assert found.image_digest == "3" * 64
    assert found.weights_digest == classifier.spec.sha256
