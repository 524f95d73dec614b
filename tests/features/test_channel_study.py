"""A block's channels in one case, step by step."""

from __future__ import annotations

import numpy as np
import pytest

from tests.conftest import make_case
from xai_core.features.ablation import ChannelProbe, all_ablations
from xai_core.features.blocks import default_blocks
from xai_core.features.channel_study import FACTORS, ChannelStudy, shrunk, study
from xai_core.model.classifier import Classifier
from xai_core.types import FloatArray


@pytest.fixture(scope="module")
def grey(classifier: Classifier) -> FloatArray:
    return classifier.prepare(make_case().image).grey


@pytest.fixture(scope="module", params=[0, 1])
def steps(
    request: pytest.FixtureRequest, classifier: Classifier, grey: FloatArray
) -> list[ChannelStudy]:
    lesion = np.zeros(grey.shape, bool)
    lesion[40:80, 40:80] = True
    return list(study(classifier, grey, default_blocks(classifier)[request.param], lesion))


def test_estimates_come_first_and_exact_effects_last(steps: list[ChannelStudy]) -> None:
    assert not steps[0].ablations.exact.any()
    assert steps[-1].ablations.exact.all()
    assert steps[-1].done
    assert not any(step.done for step in steps[:-1])


def test_the_last_step_agrees_with_the_parts_it_is_made_of(
    steps: list[ChannelStudy], classifier: Classifier, grey: FloatArray
) -> None:
    last = steps[-1]
    probe = ChannelProbe.of(classifier, classifier.normalise(grey), last.block)
    np.testing.assert_allclose(last.ablations.effect, all_ablations(probe).effect, atol=1e-6)
    assert last.scaled is not None
    channel, logits = last.scaled
    assert channel == last.strongest(1)[0]
    # As it is, and switched off.
    np.testing.assert_allclose(logits[FACTORS.index(1.0)], probe.plain, atol=1e-6)
    np.testing.assert_allclose(logits[FACTORS.index(0.0)], probe.without([[channel]])[0], atol=1e-6)
    assert last.together is not None
    assert last.together.counts[-1] == last.block.channels
    np.testing.assert_allclose(last.together.most[-1], last.together.least[-1], atol=1e-6)


def test_regions_are_of_the_lesion_and_of_the_rest(
    steps: list[ChannelStudy], classifier: Classifier, grey: FloatArray
) -> None:
    last = steps[-1]
    probe = ChannelProbe.of(classifier, classifier.normalise(grey), last.block)
    lesion = np.zeros(grey.shape, bool)
    lesion[40:80, 40:80] = True
    inside = shrunk(lesion, last.block.side)
    kept = probe.activation.clone()
    kept[:, ~inside] = 0
    assert last.inside is not None
    np.testing.assert_allclose(last.inside, probe.score(kept[None])[0], atol=1e-6)


def test_without_a_mark_there_is_no_region(classifier: Classifier, grey: FloatArray) -> None:
    first = next(study(classifier, grey, default_blocks(classifier)[1]))
    assert first.inside is first.outside is None


def test_a_cell_counts_where_any_of_its_pixels_does() -> None:
    mask = np.zeros((8, 8), bool)
    mask[3, 4] = True
    np.testing.assert_array_equal(shrunk(mask, 2), [[False, True], [False, False]])
