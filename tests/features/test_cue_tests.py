"""Answers of channels to cues: planted ones are found, and nothing where nothing is."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from xai_core.features.cue_pairs import CuePairs
from xai_core.features.cue_tests import Answers, answers
from xai_core.features.cues import CUES, Cue
from xai_core.statistics.auc import roc_auc

CHANNELS = 30
CONTROL = next(cue for cue in CUES if cue.control)


def synthetic(
    cue: Cue, seed: int, shift: float = 0.0, channel: int = 3, pairs: int = 20
) -> CuePairs:
    """Pairs of random responses that share the breast; ``channel`` answers by ``shift``."""
    rng = np.random.default_rng(seed)
    breast = rng.normal(0, 3, (2, pairs, 1, CHANNELS))
    mean, peak = breast + rng.normal(0, 1, (2, pairs, 2, CHANNELS))
    mean[:, 1, channel] += shift
    if cue.control:  # both pictures are the same one
        mean[:, 1], peak[:, 1] = mean[:, 0], peak[:, 0]
    pictures = tuple((f"a{k}", f"a{k}" if cue.control else f"b{k}") for k in range(pairs))
    return CuePairs(
        cue, np.arange(pairs), pictures, mean.astype(np.float32), peak.astype(np.float32),
        np.ones((pairs, CHANNELS), np.float32), np.zeros((pairs, 2, 2)), 1,
    )  # fmt: skip


@pytest.fixture(scope="module")
def found() -> Answers:
    return answers([synthetic(CUES[0], 0, 4.0), synthetic(CUES[1], 1), synthetic(CONTROL, 2)])


def test_a_channel_that_answers_is_named_and_the_others_are_unexplained(found: Answers) -> None:
    assert np.argwhere(found.holds).tolist() == [[0, 3]]
    assert np.flatnonzero(~found.unexplained).tolist() == [3]
    assert found.best(0, 3) == 0
    assert found.p[0, 0, 3] == pytest.approx(1 / 1001)
    assert 0 < found.low[0, 0, 3] < found.shift[0, 0, 3] < found.high[0, 0, 3]


def test_its_numbers_are_those_of_one_column(found: Answers) -> None:
    one = synthetic(CUES[0], 0, 4.0)
    before, after = one.mean[:, 0, 3].astype(float), one.mean[:, 1, 3].astype(float)
    difference = after - before
    assert found.shift[0, 0, 3] == pytest.approx(difference.mean() / difference.std(ddof=1))
    label = [False] * len(before) + [True] * len(after)
    assert found.auc[0, 0, 3] == pytest.approx(roc_auc(label, [*before, *after]))
    assert found.auc[0, 1, 3] == pytest.approx(
        stats.mannwhitneyu(one.peak[:, 1, 3], one.peak[:, 0, 3]).statistic / 20**2
    )


def test_a_cue_of_enhancement_names_no_channel(found: Answers) -> None:
    assert not found.holds[2].any()
    for values, expected in ((found.shift, 0), (found.p, 1), (found.auc, 0.5), (found.low, 0)):
        assert (values[2] == expected).all()


def test_permuted_labels_name_any_channel_in_a_twentieth_of_runs_at_most() -> None:
    """Labels of a channel that answers are permuted within pairs: 60 runs; the correction is
    over all cues, responses and channels.  Five is the upper end of what 5 % gives."""
    named, rng = 0, np.random.default_rng(3)
    for run in range(60):
        pairs = [synthetic(CUES[0], run, 4.0), synthetic(CUES[1], 99 + run)]
        swap = rng.random(20) < 0.5
        for one in pairs:
            for response in (one.mean, one.peak):
                response[swap] = response[swap][:, ::-1]
        named += not answers(pairs, seed=run, permutations=199).unexplained.all()
    assert named <= 6
    shares = [answers([synthetic(CUES[0], k, 4.0)], seed=k).permuted for k in range(5)]
    assert np.mean(shares) == pytest.approx(0.05, abs=0.02)


def test_the_same_seed_gives_the_same_numbers(found: Answers) -> None:
    pairs = [synthetic(CUES[0], 0, 4.0), synthetic(CUES[1], 1), synthetic(CONTROL, 2)]
    again = answers(pairs)
    assert (again.p == found.p).all()
    assert (again.low == found.low).all()


def test_one_pair_says_nothing() -> None:
    found = answers([synthetic(CUES[0], 0, 4.0, pairs=1)])
    assert (found.p == 1).all()
    assert (found.shift == 0).all()
    assert np.isnan(found.low).all()
    assert found.unexplained.all()
