"""The split network gives the whole network's logits, gradients are correct, and threads do not
mix."""

from __future__ import annotations

import dataclasses
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.conftest import BUILT_IN_LAYERS, TINY_LAYERS
from tests.support.networks import small_convnext
from xai_core.errors import BadRequest, ModelError
from xai_core.model.classifier import Classifier
from xai_core.model.engine import choose


@pytest.fixture(scope="module")
def classifier(tiny_weights: Path) -> Classifier:
    return Classifier.open(tiny_weights, "cpu")


def inputs(classifier: Classifier, n: int = 2, seed: int = 0) -> torch.Tensor:
    size = classifier.spec.input_size
    grey = np.random.default_rng(seed).random((n, size, size), dtype=np.float32)
    return classifier.normalise(grey)


@pytest.mark.parametrize("layer", TINY_LAYERS)
def test_head_and_tail_give_the_whole_networks_logits(classifier: Classifier, layer: str) -> None:
    x = inputs(classifier)
    whole = classifier.score(x)
    activation = classifier.activation(x, layer)
    with torch.no_grad():
        split = classifier.tail(layer)(activation)
    torch.testing.assert_close(split, whole, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("layer", BUILT_IN_LAYERS)
def test_the_split_layers_are_the_named_blocks(classifier: Classifier, layer: str) -> None:
    """Against a hook on the very module of that name, in a network as deep as the built-in one."""
    network = small_convnext((3, 3, 9, 3))
    deep = Classifier(classifier.spec, network, torch.device("cpu"))
    caught: list[torch.Tensor] = []
    network.get_submodule(layer).register_forward_hook(
        lambda *arguments: caught.append(arguments[2])
    )
    x = inputs(deep, 1)
    network(x)
    torch.testing.assert_close(deep.activation(x, layer), caught[0])


@pytest.mark.parametrize("layer", TINY_LAYERS)
@pytest.mark.parametrize("target", [0, 1])
def test_the_gradient_is_the_finite_difference(
    classifier: Classifier, layer: str, target: int
) -> None:
    activation = classifier.activation(inputs(classifier, 1), layer)
    gradient = classifier.gradient(activation, layer, target)
    direction = torch.randn(activation.shape, generator=torch.Generator().manual_seed(1))
    direction *= activation.norm() / direction.norm()
    step = 1e-2
    with torch.no_grad():
        tail = classifier.tail(layer)
        up = tail(activation + step * direction)[0, target]
        down = tail(activation - step * direction)[0, target]
    measured = float((up - down) / (2 * step))
    assert measured == pytest.approx(float((gradient * direction).sum()), rel=0.03, abs=1e-3)


def test_gradients_of_concurrent_threads_do_not_mix(classifier: Classifier) -> None:
    jobs = [
        (layer, target, seed) for layer in TINY_LAYERS for target in (0, 1) for seed in range(4)
    ]

    def work(job: tuple[str, int, int]) -> torch.Tensor:
        layer, target, seed = job
        activation = classifier.activation(inputs(classifier, 1, seed), layer)
        return classifier.gradient(activation, layer, target)

    alone = [work(job) for job in jobs]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(work, jobs))
    for a, b in zip(alone, together, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)


def test_parameters_accumulate_no_gradient(classifier: Classifier) -> None:
    activation = classifier.activation(inputs(classifier, 1), TINY_LAYERS[0])
    classifier.gradient(activation, TINY_LAYERS[0], 1)
    assert all(p.grad is None for p in classifier._network.parameters())


def test_prepared_image_has_the_range_and_size_of_the_input(classifier: Classifier) -> None:
    image = np.random.default_rng(0).random((200, 120), dtype=np.float32)
    prepared = classifier.prepare(image)
    size = classifier.spec.input_size
    assert prepared.grey.shape == (size, size)
    assert prepared.grey.min() >= 0
    assert prepared.grey.max() <= 1
    assert not prepared.grey.flags.writeable


def test_an_unknown_layer_or_class_is_refused(classifier: Classifier) -> None:
    for wrong in ("stages.9", "stages.2.blocks.4", "stages.2.blocks.8", "stage 2"):
        with pytest.raises(BadRequest, match=r"stages\.2\.blocks\.5 \(Stage 3 Block 6\) and"):
            classifier.activation(inputs(classifier, 1), wrong)
    for wrong_class in (-1, 2):
        with pytest.raises(BadRequest, match=r"allowed are 0 \(benign\) and 1 \(malignant\)"):
            classifier.gradient(torch.zeros(1, 320, 3, 3), TINY_LAYERS[1], wrong_class)


def test_pictures_are_normalised_per_channel(classifier: Classifier) -> None:
    spec = dataclasses.replace(classifier.spec, mean=(0.0, 0.25, 0.5), std=(1.0, 0.5, 0.25))
    other = Classifier(spec, small_convnext((1, 1, 1, 1)), torch.device("cpu"))
    grey = np.linspace(0, 1, 2 * 96 * 96, dtype=np.float32).reshape(2, 96, 96)
    for given, images in ((grey, 2), (grey[0], 1)):
        found = other.normalise(given)
        assert found.shape == (images, 3, 96, 96)
        for channel, (mean, std) in enumerate(zip(spec.mean, spec.std, strict=True)):
            expected = (grey[:images] - mean) / std
            np.testing.assert_allclose(found[:, channel].numpy(), expected, atol=1e-6)


def test_the_network_is_brought_to_the_device_and_needs_no_gradients(
    classifier: Classifier,
) -> None:
    network = small_convnext((1, 1, 1, 1)).train()
    nowhere = Classifier(classifier.spec, network, torch.device("meta"))  # a device without memory
    assert not network.training
    for parameter in network.parameters():
        assert not parameter.requires_grad
        assert parameter.device.type == "meta"
        if parameter.ndim == 4:
            assert parameter.is_contiguous(memory_format=torch.channels_last)
    assert nowhere.normalise(np.zeros((96, 96), np.float32)).device.type == "meta"


def test_prediction_is_the_score_of_the_prepared_image(classifier: Classifier) -> None:
    prepared = classifier.prepare(np.random.default_rng(0).random((50, 40), dtype=np.float32))
    expected = classifier.score(classifier.normalise(prepared.grey))[0]
    assert classifier.predict(prepared).logits == pytest.approx(expected.tolist(), abs=1e-6)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_prediction_that_is_not_finite_raises_model_error(
    tiny_weights: Path, monkeypatch: pytest.MonkeyPatch, bad: float
) -> None:
    classifier = Classifier.open(tiny_weights, "cpu")
    monkeypatch.setattr(classifier, "score", lambda _: torch.tensor([[0.5, bad]]))
    prepared = classifier.prepare(np.ones((50, 40), np.float32))
    with pytest.raises(ModelError, match="not a number"):
        classifier.predict(prepared)


def test_eight_images_a_pass_on_the_processor_unless_told_otherwise(
    tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    classifier = Classifier.open(tiny_weights)
    assert classifier.device == torch.device("cpu")
    assert classifier.chunk == 8
    assert Classifier(classifier.spec, classifier._network, classifier.device).chunk == 8
    assert Classifier.open(tiny_weights, "cpu", 3).chunk == 3


@pytest.mark.parametrize(("after", "begun"), [(0, [0]), (1, [1]), (3, [3]), (4, [5]), (7, [])])
def test_an_engine_is_prepared_once_enough_images_were_scored(
    tiny_weights: Path, monkeypatch: pytest.MonkeyPatch, after: int, begun: list[int]
) -> None:
    classifier, scored, found = Classifier.open(tiny_weights, "cpu"), 0, list[int]()

    def start(*arguments: object) -> threading.Thread:
        assert arguments[3:] == ("openvino", None)
        found.append(scored)
        thread = threading.Thread(target=lambda: None)
        thread.start()
        return thread

    monkeypatch.setattr(choose, "start", start)
    monkeypatch.setattr(classifier.engine, "score", lambda images: images)
    classifier.wait_for_engine()  # nothing to wait for
    classifier.accelerate("openvino", None, after)
    for images in (1, 2, 2, 1):
        scored += images
        classifier.score(torch.zeros(images, 3, 96, 96))
    classifier.wait_for_engine()
    assert found == begun


def test_cuda_without_a_device_raises_model_error(
    tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ModelError, match="cuda"):
        Classifier.open(tiny_weights, "cuda")
