"""Effects of channels: against whole hooked passes, captum, and worked by hand."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch
from captum.attr import FeatureAblation
from torch import Tensor

from xai_core.errors import BadRequest, ModelError
from xai_core.features.ablation import (
    Ablations,
    ChannelProbe,
    CumulativeAblation,
    ablations,
    all_ablations,
    by_magnitude,
    cumulative_ablation,
    cumulative_logits,
    decisions,
    differences,
    doubling_counts,
    random_orders,
    rank_agreement,
)
from xai_core.features.blocks import Block, default_blocks, find_block
from xai_core.features.channels import Scale
from xai_core.features.head import channel_means
from xai_core.model.classifier import Classifier

BLOCK = Block(2, 0, 3, 1)


def small_probe(
    tail: Callable[[Tensor], Tensor], values: list[float], chunk: int = 2
) -> ChannelProbe:
    """A probe of single cells (C, 1, 1) with a tail of its own."""
    return ChannelProbe(
        BLOCK, torch.tensor(values, dtype=torch.float32)[:, None, None], tail, None, 1, chunk
    )


def squared(a: Tensor) -> Tensor:
    """Logits 0 and a0 + a1^2 - 2 a2."""
    x = a[:, :, 0, 0]
    return torch.stack([x[:, 0] * 0, x[:, 0] + x[:, 1] ** 2 - 2 * x[:, 2]], 1)


def test_worked_by_hand() -> None:
    """Of 5 + 9 - 2 = 12: without a0 it falls by 5, without a1 by 9, without a2 it rises by 2; the
    gradient 1, 6, -2 times the activation 5, 3, 1 estimates -5, -18, 2."""
    probe = small_probe(squared, [5, 3, 1])
    first, second, last = ablations(probe)
    assert first.plain.tolist() == [0, 12]
    assert first.effect.tolist() == first.estimate.tolist() == [-5, -18, 2]
    assert not first.exact.any()
    assert math.isnan(first.agreement)
    assert second.exact.tolist() == [True, True, False], "the largest estimates first"
    assert second.effect.tolist() == [-5, -9, 2]
    assert last.exact.all()
    assert last.effect.tolist() == [-5, -9, 2]
    assert last.agreement == 1
    assert last.logits[1].tolist() == [0, 3]


def test_a_stop_between_chunks_computes_no_more() -> None:
    passes: list[int] = []

    def counted(a: Tensor) -> Tensor:
        passes.append(len(a))
        return squared(a)

    stream = ablations(small_probe(counted, [5, 3, 1], chunk=1))
    next(stream)
    before = len(passes)
    assert before == 2  # the plain logits and the gradient
    next(stream)
    stream.close()
    assert passes[before:] == [1]


def test_what_was_handed_out_stays() -> None:
    first, *rest = ablations(small_probe(squared, [5, 3, 1]))
    assert np.isnan(first.logits).all()
    assert not np.isnan(rest[-1].logits).any()
    with pytest.raises(ValueError, match="read-only"):
        first.logits[0] = 0


def whole_passes(
    classifier: Classifier, inputs: Tensor, block: Block, channels: Sequence[int]
) -> Tensor:
    """The logits (n, classes) with a hook that switches off one channel after the other."""
    rows = []
    for channel in channels:

        def switch_off(module: object, args: object, out: Tensor, k: int = channel) -> Tensor:
            changed = out.clone()
            changed[:, k] = 0
            return changed

        handle = classifier.network.get_submodule(block.name).register_forward_hook(switch_off)
        try:
            with torch.inference_mode():
                rows.append(classifier.network(inputs)[0])
        finally:
            handle.remove()
    return torch.stack(rows)


@pytest.mark.parametrize("name", ["stages.0.blocks.0", "stages.2.blocks.5", "stages.3.blocks.1"])
def test_exact_effects_are_those_of_whole_passes(
    classifier: Classifier, inputs: Tensor, name: str
) -> None:
    separate = classifier.separate()  # hooks would disturb others
    block = find_block(classifier, name)
    found = all_ablations(ChannelProbe.of(classifier, inputs, block))
    tested = range(0, block.channels, 9)
    expected = whole_passes(separate, inputs, block, tested).double().numpy()
    np.testing.assert_allclose(found.logits[::9], expected, atol=2e-6)
    assert found.exact.all()
    assert np.ptp(found.effect) > 1e-4


def test_captum_s_ablations_are_the_same(probes: tuple[ChannelProbe, ChannelProbe]) -> None:
    """Its attribution of a feature is the unedited margin minus the one without the feature."""
    for probe in probes:

        def margin(a: Tensor, tail: Callable[[Tensor], Tensor] = probe.tail) -> Tensor:
            logits = tail(a)
            return logits[:, 1] - logits[:, 0]

        channels = len(probe.activation)
        features = torch.arange(channels)[None, :, None, None].expand(probe.activation[None].shape)
        with torch.inference_mode():
            theirs = FeatureAblation(margin).attribute(
                probe.activation[None], baselines=0, feature_mask=features,
                perturbations_per_eval=40,
            )  # fmt: skip
        ours = all_ablations(probe).effect
        np.testing.assert_allclose(ours, -theirs[0, :, 0, 0].double().numpy(), atol=2e-5)


def test_estimates_rank_small_changes_as_exact_effects_do(
    probes: tuple[ChannelProbe, ChannelProbe],
) -> None:
    """Where every channel is scaled by 0.99 instead of switched off, one hundredth of the estimate
    is the change: a finite difference of the gradient."""
    for probe in probes:
        strongest = by_magnitude(probe.estimate)[:5]
        for k in strongest:
            change = differences(probe.edited([Scale((int(k),), 0.99)]), 1) - differences(
                probe.plain, 1
            )
            np.testing.assert_allclose(100 * change, probe.estimate[k], rtol=0.05, atol=1e-3)
        assert all_ablations(probe).agreement > 0.5


def test_several_alternatives_are_each_its_own_edit(
    probes: tuple[ChannelProbe, ChannelProbe],
) -> None:
    for probe in probes:
        alternatives = [[Scale((k,), factor)] for k in (3, 9) for factor in (-2, 0, 1, 3)]
        alternatives.append([Scale((3,)), Scale((9,), 2)])
        found = dataclasses.replace(probe, chunk=4).edited_each(alternatives)
        for row, edits in zip(found, alternatives, strict=True):
            np.testing.assert_allclose(row, probe.edited(edits), atol=1e-6)
        np.testing.assert_allclose(found[2], probe.plain, atol=1e-6)
    # Behind the last block each channel scaled is the closed form for all at once.
    last = probes[1]
    assert last.head is not None
    means = channel_means(last.activation)
    every = last.edited_each([[Scale((k,), 0.5)] for k in range(len(means))])
    np.testing.assert_allclose(every, last.head.each_changed(means, 0.5 * means), atol=1e-9)


def test_a_third_class_counts_where_it_is_the_highest() -> None:
    def tail(a: Tensor) -> Tensor:
        x = a[:, :, 0, 0]
        return torch.stack([x[:, 0], x[:, 1], x[:, 2]], 1)

    found = all_ablations(small_probe(tail, [1, 5, 3]))
    # The margin is 5 - 3: a0 does nothing, without a1 it is -3, without a2 it is 5 - 1.
    assert found.effect.tolist() == [0, -5, 2]
    assert found.estimate.tolist() == [0, -5, 3]


def test_differences_and_decisions_by_hand(classifier: Classifier) -> None:
    logits = np.array([[[0.0, 2], [3, 1]]])
    assert differences(logits, 1).tolist() == [[2, -2]]
    assert differences(np.array([1.0, 2, 5]), 1) == -3
    spec = dataclasses.replace(classifier.spec, threshold=0.9)
    assert decisions(logits, spec).tolist() == [[False, False]]  # P = 0.88
    assert decisions(logits, dataclasses.replace(spec, threshold=0.5)).tolist() == [[True, False]]


def test_rank_agreement_by_hand() -> None:
    """Ranks 1, 2, 3 and 2, 1, 3: 1 - 6 (1 + 1) / (3 (9 - 1)) = 0.5."""
    assert rank_agreement(np.array([1.0, 2, 3]), np.array([5.0, 4, 9])) == pytest.approx(0.5)
    assert math.isnan(rank_agreement(np.array([1.0, 2]), np.array([3.0, 3])))
    assert math.isnan(rank_agreement(np.array([1.0]), np.array([3.0])))


def test_orders_and_counts() -> None:
    assert by_magnitude(np.array([1.0, -3, 2, 3])).tolist() == [1, 3, 2, 0]
    first = random_orders(9, 2, seed=1)
    assert [sorted(order) for order in first] == [list(range(9))] * 2
    assert first[0].tolist() != first[1].tolist()
    assert np.array_equal(first, random_orders(9, 2, seed=1))
    assert not np.array_equal(first, random_orders(9, 2, seed=2))
    assert doubling_counts(1) == (1,)
    assert doubling_counts(8) == (1, 2, 4, 8)
    assert doubling_counts(384) == (1, 2, 4, 8, 16, 32, 64, 128, 256, 384)


def test_cumulative_ablation_by_hand() -> None:
    """a0 + a1^2 - 2 a2 with 5, 3, 1: effects -5, -9 and 2, so 12 becomes 3, -2, 0 with the most
    important first, and 14, 9, 0 with the least important first."""
    probe = small_probe(squared, [5, 3, 1])
    effects = all_ablations(probe).effect
    found = cumulative_ablation(probe, effects, (0, 1, 2, 3), orders=3, seed=0)
    assert found.counts == (0, 1, 2, 3)
    assert found.most[:, 1].tolist() == [12, 3, -2, 0]
    assert found.least[:, 1].tolist() == [12, 14, 9, 0]
    assert found.random.shape == (3, 4, 2)
    assert (found.random[:, 0, 1] == 12).all()
    assert (found.random[:, 3, 1] == 0).all()
    assert set(found.random[:, 1, 1]) <= {7, 3, 14}


def test_the_interval_over_orders_is_student_s() -> None:
    """Margins 1 and 3: mean 2, standard error 1, t of one degree of freedom 12.706."""
    curves = np.zeros((2, 1, 2))
    curves[:, 0, 1] = 1, 3
    none = np.zeros((1, 2))
    mean, low, high = CumulativeAblation((1,), none, none, curves).random_differences(1)
    assert mean[0] == 2
    assert (high[0] - 2, 2 - low[0]) == (pytest.approx(12.706, abs=1e-3),) * 2
    mean, low, high = CumulativeAblation((1,), none, none, curves[:1]).random_differences(1)
    assert mean[0] == 1
    assert np.isnan([low[0], high[0]]).all()


def test_cumulative_ablation_is_a_group_switched_off(
    probes: tuple[ChannelProbe, ChannelProbe],
) -> None:
    for probe in probes:
        order = by_magnitude(probe.estimate)
        found = cumulative_logits(probe, order, (0, 1, 50, len(order)))
        np.testing.assert_allclose(found[0], probe.plain, atol=1e-6)
        for row, count in ((1, 1), (2, 50), (3, len(order))):
            group = tuple(order[:count].tolist())
            np.testing.assert_allclose(found[row], probe.edited([Scale(group)]), atol=1e-5)


def test_bad_counts_and_orders_are_refused() -> None:
    probe = small_probe(squared, [5, 3, 1])
    order = np.arange(3)
    for counts in ((1, 4), (-1,)):
        with pytest.raises(BadRequest, match=r"switch off is (4|-1); give one from 0 to 3"):
            cumulative_logits(probe, order, counts)
    for bad in (np.array([0, 1, 1]), order[:2]):
        with pytest.raises(BadRequest, match="give each of 0 to 2 once"):
            cumulative_logits(probe, bad, (1,))
    with pytest.raises(BadRequest, match="random orders is 0; give at least 1"):
        cumulative_ablation(probe, np.ones(3), (1,), orders=0, seed=0)


def test_the_probe_s_plain_logits_are_the_network_s(
    classifier: Classifier, inputs: Tensor, probes: tuple[ChannelProbe, ChannelProbe]
) -> None:
    with torch.inference_mode():
        whole = classifier.network(inputs)[0].double().numpy()
    for probe, block in zip(probes, default_blocks(classifier), strict=True):
        assert probe.block == block
        np.testing.assert_allclose(probe.plain, whole, atol=1e-6 * max(1, abs(whole).max()))


def test_an_answer_that_is_not_a_number_is_refused() -> None:
    probe = small_probe(lambda a: squared(a) * math.inf, [5, 3, 1])
    with pytest.raises(ModelError, match="not a number; edit it by smaller amounts"):
        probe.edited([Scale((0,))])


def test_values_are_known_once_exact() -> None:
    known = np.array([[0.0, 1], [np.nan, np.nan]])
    found = Ablations(np.array([7.0, 8]), known, np.array([0.0, 3]), 1)
    assert found.effect.tolist() == [-2, 8]
