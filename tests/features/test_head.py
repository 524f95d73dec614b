"""The closed form of the head, against the network itself in float64, and worked by hand."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from xai_core.errors import ModelError
from xai_core.features.ablation import ChannelProbe
from xai_core.features.head import ClosedHead, channel_means
from xai_core.model.classifier import Classifier


def test_worked_by_hand() -> None:
    """Means 1 and 3 are -1 and 1 about their mean, variance 1: normed (-1, 1).  With scale (2, 1)
    and shift (0, 1) that is (-2, 2), and the weights (1, 1) and (3, 0) and bias (0.5, 0) give 0.5
    and -6.  Switching off the first: 0 and 3 are normed to (-1, 1) as well, the same logits.
    Switching off the second: 1 and 0 are normed to (1, -1): (2, 0), and the logits 2.5 and 6."""
    head = ClosedHead(
        np.array([2.0, 1]), np.array([0.0, 1]), np.array([[1.0, 1], [3, 0]]), np.array([0.5, 0]), 0
    )
    np.testing.assert_allclose(head.logits([1, 3]), [0.5, -6])
    np.testing.assert_allclose(head.each_changed([1, 3], [0, 0]), [[0.5, -6], [2.5, 6]])


@pytest.fixture(scope="module")
def exact_tail(classifier: Classifier) -> nn.Module:
    """The network's head in float64."""
    head: nn.Module = copy.deepcopy(classifier.network.head).double()  # type: ignore[operator,union-attr]
    return head


@pytest.mark.parametrize("factor", [0.0, -2.0, 0.5, 3.0])
def test_one_scaled_channel_at_a_time_is_the_network(
    probes: tuple[ChannelProbe, ChannelProbe], exact_tail: nn.Module, factor: float
) -> None:
    last = probes[1]
    assert last.head is not None
    means = channel_means(last.activation)
    found = last.head.each_changed(means, factor * means)
    scaled = last.activation.double().repeat(len(means), 1, 1, 1)
    for k in range(len(means)):
        scaled[k, k] *= factor
    with torch.inference_mode():
        np.testing.assert_allclose(found, exact_tail(scaled).numpy(), atol=1e-9)
        np.testing.assert_allclose(found, last.tail(scaled.float()).numpy(), atol=1e-6)
    np.testing.assert_allclose(last.score(scaled), found, atol=1e-9)


def test_one_replaced_channel_at_a_time_is_the_network(
    probes: tuple[ChannelProbe, ChannelProbe], exact_tail: nn.Module
) -> None:
    last = probes[1]
    assert last.head is not None
    other = last.activation.flip(0)
    found = last.head.each_changed(channel_means(last.activation), channel_means(other))
    changed = last.activation.repeat(len(other), 1, 1, 1).double()
    for k in range(len(other)):
        changed[k, k] = other[k].double()
    with torch.inference_mode():
        np.testing.assert_allclose(found, exact_tail(changed).numpy(), atol=1e-9)


def test_unchanged_values_change_nothing(probes: tuple[ChannelProbe, ChannelProbe]) -> None:
    last = probes[1]
    assert last.head is not None
    means = channel_means(last.activation)
    np.testing.assert_allclose(
        last.head.each_changed(means, means), np.tile(last.plain, (len(means), 1)), atol=1e-12
    )


def test_equal_means_are_no_division_by_0() -> None:
    """Their variance is 0 but for rounding; the norm's epsilon keeps the answer finite."""
    head = ClosedHead(np.ones(3), np.zeros(3), np.eye(2, 3), np.zeros(2), 1e-6)
    assert np.isfinite(head.each_changed([0.1, 0.1, 0.1], [0.1, 0.1, 0.1])).all()


def test_another_head_is_refused(classifier: Classifier, inputs: Tensor) -> None:
    other = copy.deepcopy(classifier.network)
    other.head.pre_logits = nn.Linear(3, 3)  # type: ignore[union-attr]
    for network in (other, nn.Linear(2, 2)):
        with pytest.raises(ModelError, match="convnextv2_"):
            ClosedHead.of(network)
