"""The full curves: oracles 3 and 4, sharing, streaming, and the peer."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
import torch
from torch import nn

from xai_core.errors import BadRequest, Cancelled, ModelError
from xai_core.faithfulness.insertion_deletion import coarse_to_fine, full
from xai_core.faithfulness.patches import patch_order, random_order
from xai_core.faithfulness.perturbation import PerturbationProbe, patches_changed
from xai_core.faithfulness.perturbation import curve as curve_of
from xai_core.scoring.logit_cache import BASELINE, INTACT, LogitCache


def test_oracle_3_curves_equal_the_hand_computed_ones(sum_probe) -> None:
    order = patch_order(sum_probe.x[0].numpy(), 2)
    pair = full(sum_probe, order, step=2)
    np.testing.assert_allclose(pair.deletion.probability, [1, 0.3, 0], atol=1e-6)
    np.testing.assert_allclose(pair.insertion.probability, [0, 0.7, 1], atol=1e-6)
    assert pair.deletion.fraction.tolist() == pair.insertion.fraction.tolist() == [0, 0.5, 1]
    assert pair.deletion.auc == pytest.approx(0.4)
    assert pair.insertion.auc == pytest.approx(0.6)
    assert pair.images == sum_probe.logit_cache.forwards == 4
    assert pair.interpretable


def test_oracle_3_at_every_patch(sum_probe) -> None:
    pair = full(sum_probe, np.arange(4))
    np.testing.assert_allclose(pair.deletion.probability, [1, 0.6, 0.3, 0.1, 0], atol=1e-6)
    np.testing.assert_allclose(pair.insertion.probability, [0, 0.4, 0.7, 0.9, 1], atol=1e-6)
    assert pair.deletion.auc == pytest.approx(0.375)
    assert pair.insertion.error == pair.deletion.error == 0


def test_steps_that_do_not_divide_the_patches_end_with_a_shorter_one(sum_probe) -> None:
    pair = full(sum_probe, np.arange(4), step=3)
    assert pair.insertion.fraction.tolist() == [0, 0.75, 1]
    assert pair.insertion.auc == pytest.approx(0.45 * 0.75 + 0.95 * 0.25)


def test_oracle_4_a_constant_classifier_has_constant_curves() -> None:
    x = torch.rand(3, 48, 48)
    logits = torch.tensor([0.0, 1.5])
    probe = PerturbationProbe(
        x, x * 0, 1, LogitCache(lambda images: logits.expand(len(images), 2), 64)
    )
    pair = full(probe, random_order(0))
    p = 1 / (1 + np.exp(-1.5))
    for curve in (pair.insertion, pair.deletion):
        assert len(curve.fraction) == 577
        np.testing.assert_allclose(curve.probability, p)
        assert curve.auc == pytest.approx(p)
    assert not pair.interpretable


def test_equal_images_are_scored_once_for_all_curves_and_orders(sum_probe) -> None:
    logit_cache = sum_probe.logit_cache
    full(sum_probe, np.array([0, 1, 2, 3]))
    assert logit_cache.known([INTACT, BASELINE]).all()
    assert logit_cache.forwards == 2 + 3 + 3
    # the reverse order reveals what the first one had left: no new image at all
    full(sum_probe, np.array([3, 2, 1, 0]))
    assert logit_cache.forwards == 8
    # another class uses another column of the cached logits
    other = PerturbationProbe(sum_probe.x, sum_probe.baseline, 0, logit_cache, grid=2)
    pair = full(other, np.array([0, 1, 2, 3]))
    assert logit_cache.forwards == 8
    np.testing.assert_allclose(pair.deletion.probability, [0, 0.4, 0.7, 0.9, 1], atol=1e-6)
    assert not pair.interpretable


def test_partial_curves_are_reported_end_points_first(scripted) -> None:
    ramp = np.linspace(0, 1, 577)
    seen = []
    full(
        scripted(ramp, 1 - ramp),
        np.arange(576),
        lambda done, total, pair: seen.append((done, total, pair)),
    )
    assert seen[0][:2] == (8, 1152)
    assert len(seen[0][2].insertion.fraction) >= 4
    for done, _, pair in seen:
        assert pair.images == done
        assert pair.insertion.fraction[0] == 0
        assert pair.insertion.fraction[-1] == 1
        assert (np.diff(pair.insertion.fraction) > 0).all()
        assert pair.insertion.auc == pytest.approx(0.5, abs=1e-6)  # a ramp, wherever sampled
    assert seen[-1][0] == 1152


def test_every_prefix_of_coarse_to_fine_covers_the_range() -> None:
    order = coarse_to_fine(np.arange(9))
    assert order.tolist() == [0, 8, 4, 2, 6, 1, 3, 5, 7]
    for n in (1, 2, 3, 10, 577):
        assert sorted(coarse_to_fine(np.arange(n))) == list(range(n))


def test_cancelling_keeps_what_was_scored(sum_probe) -> None:
    logit_cache = LogitCache(sum_probe.logit_cache._scorer, chunk=2)
    probe = PerturbationProbe(sum_probe.x, sum_probe.baseline, 1, logit_cache, grid=2)

    def stop(done, total, pair):
        if done == 4:
            raise Cancelled("nobody waits")

    with pytest.raises(Cancelled):
        full(probe, np.arange(4), stop)
    assert logit_cache.forwards == 4
    full(probe, np.arange(4))
    assert logit_cache.forwards == 8


def test_invalid_arguments_raise_bad_request(sum_probe) -> None:
    with pytest.raises(BadRequest, match="each of the 4 patches once"):
        full(sum_probe, np.array([0, 1, 1, 3]))
    with pytest.raises(BadRequest, match="step is 5"):
        full(sum_probe, np.arange(4), step=5)
    coarse = PerturbationProbe(
        torch.ones(1, 1, 1), torch.zeros(1, 1, 1), 1, sum_probe.logit_cache, grid=2
    )
    with pytest.raises(BadRequest, match="1 pixels does not divide into 2"):
        full(coarse, np.arange(4))
    nan = PerturbationProbe(
        sum_probe.x,
        sum_probe.baseline,
        1,
        LogitCache(lambda images: torch.full((len(images), 2), torch.nan)),
        grid=2,
    )
    with pytest.raises(ModelError):
        full(nan, np.arange(4))


class FixedMap:
    """The part of a torch-cam extractor its metric needs, with a map that is given."""

    def __init__(self, model: nn.Module, cam: torch.Tensor) -> None:
        self.model, self.cam = model, cam

    def __call__(self, class_idx, scores, **kwargs):
        return [self.cam[None]]

    def fuse_cams(self, cams):
        return cams[0]

    def _hooks_off(self):
        return contextlib.nullcontext()


@pytest.mark.parametrize("steps", [576, 20])
def test_oracle_8_agrees_with_torch_cam(steps: int) -> None:
    """Its conventions: positions are pixels (here a patch is one pixel), stable ranking, ties by
    lower index, trapezoid over the true fraction, probabilities by its ``logits_fn``."""
    from torchcam.metrics import DeletionInsertionMetric

    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(3, 8, 5, stride=3), nn.GELU(), nn.Flatten(), nn.Linear(8 * 49, 2)
    ).eval()
    x, baseline = torch.randn(3, 24, 24), torch.randn(3, 24, 24)
    cam = torch.relu(torch.randn(24, 24))  # half of it ties at 0
    metric = DeletionInsertionMetric(
        FixedMap(model, cam),
        lambda logits: torch.softmax(logits, -1),
        steps=steps,
        baseline=baseline[None],
    )
    metric.update(x[None], 1)
    theirs = metric.summary()
    step = -(-576 // steps)
    ours = full(
        PerturbationProbe(x, baseline, 1, LogitCache(model, 64)),
        patch_order(cam.numpy()),
        step=step,
    )
    assert ours.insertion.auc == pytest.approx(theirs["insertion_auc"], abs=1e-5)
    assert ours.deletion.auc == pytest.approx(theirs["deletion_auc"], abs=1e-5)
    assert abs(ours.insertion.auc - ours.deletion.auc) > 1e-3


def test_patches_changed_inverts_curve() -> None:
    counts = np.arange(577)
    for kept in (counts, counts[::7][:-1], counts[[0, 1, 576]]):
        kept = np.append(kept[kept < 576], 576)
        found = curve_of("insertion", kept, np.zeros(len(kept)))
        np.testing.assert_array_equal(patches_changed(found, 576), kept)
