"""TCAV: against captum on a small network, and planted concepts."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from captum.concept import TCAV, Concept
from captum.concept._utils.classifier import Classifier as CaptumClassifier
from scipy import stats
from sklearn.linear_model import RidgeClassifier
from torch import Tensor, nn
from torch.utils.data import DataLoader

from xai_core.features.cue_pairs import CuePairs
from xai_core.features.cues import CUES
from xai_core.features.tcav import (
    DOWN,
    NEITHER,
    UP,
    Tcav,
    concept_vector,
    tcav,
    tcav_of_cues,
    tcav_score,
    two_sided_p,
)

INPUTS, CHANNELS = 6, 5


class Ours(CaptumClassifier):
    """Our linear classifier behind captum's interface."""

    def __init__(self) -> None:
        self.vector = torch.zeros(0)

    def train_and_eval(self, dataloader: DataLoader, **_: object) -> None:
        parts = list(dataloader)
        x = torch.cat([part[0] for part in parts]).double().numpy()
        label = torch.cat([part[1] for part in parts]).numpy()
        self.vector = torch.tensor(concept_vector(x[label == 0], x[label == 1])).float()

    def weights(self) -> Tensor:
        return torch.stack([self.vector, -self.vector])

    def classes(self) -> list[int]:
        return [0, 1]


def test_scores_are_captum_s(tmp_path: Path) -> None:
    """Two layers; the directional derivatives at the first one's output."""
    torch.manual_seed(0)
    first = nn.Sequential(nn.Linear(INPUTS, CHANNELS), nn.Tanh())
    network = nn.Sequential(first, nn.Linear(CHANNELS, 8), nn.Tanh(), nn.Linear(8, 2))
    with torch.no_grad():  # wide, so that directional derivatives have both signs
        for parameter in network.parameters():
            parameter *= 4
    concept, random, inputs = torch.randn(3, 20, INPUTS) + torch.tensor([1.0, 0, 0])[:, None, None]
    concepts = [
        Concept(k, name, DataLoader(data, batch_size=20))  # type: ignore[arg-type]
        for k, (name, data) in enumerate((("concept", concept), ("random", random)))
    ]
    peer = TCAV(network, ["0"], classifier=Ours(), save_path=str(tmp_path))
    found = peer.interpret(inputs, [concepts], target=1)["0-1"]["0"]["sign_count"]
    with torch.no_grad():
        a, b = first(concept).double().numpy(), first(random).double().numpy()
    middle = first(inputs).detach().requires_grad_(True)
    (gradients,) = torch.autograd.grad(network[1:](middle)[:, 1].sum(), middle)
    score = tcav_score(concept_vector(a, b), gradients.double().numpy())
    assert 0 < score < 1
    assert found[0].item() == pytest.approx(score)
    assert found[1].item() == pytest.approx(1 - score)


def test_a_vector_points_to_the_concept() -> None:
    rng = np.random.default_rng(0)
    random = rng.normal(0, 0.1, (40, 3))
    concept = rng.normal(0, 0.1, (40, 3)) + np.array([0, -2, 0])
    vector = concept_vector(concept, random)
    assert np.linalg.norm(vector) == pytest.approx(1)
    assert vector[1] < -0.99
    np.testing.assert_allclose(concept_vector(1000 * concept, 1000 * random), vector, atol=1e-9)
    assert concept_vector(np.ones((3, 2)), np.ones((3, 2))).tolist() == [0, 0]


def test_a_vector_is_that_of_scikit_learn_s_ridge_classifier() -> None:
    a, b = np.random.default_rng(0).normal(size=(2, 15, 8)) + np.array([[[0.5]], [[0.0]]])
    x = np.concatenate([a, b])
    x = (x - x.mean(0)) / np.sqrt(((x - x.mean(0)) ** 2).sum(1).mean())
    normal = RidgeClassifier(1.0).fit(x, [1] * 15 + [0] * 15).coef_.ravel()
    np.testing.assert_allclose(concept_vector(a, b), normal / np.linalg.norm(normal), atol=1e-9)


def test_a_score_worked_by_hand() -> None:
    gradients = np.array([[1.0, 0], [-1, 5], [2, -9], [0, 1]])
    assert tcav_score(np.array([1.0, 0]), gradients) == 0.5
    assert tcav_score(np.array([0.0, 1]), gradients) == 0.5
    assert tcav_score(np.array([0.0, -1]), gradients) == 0.25


def test_the_t_test_is_scipy_s_and_takes_what_does_not_vary() -> None:
    a, b = np.random.default_rng(0).random((2, 30))
    assert two_sided_p(a, b) == pytest.approx(stats.ttest_ind(a, b, equal_var=False).pvalue)
    assert two_sided_p(np.ones(30), np.ones(30)) == 1
    assert two_sided_p(np.ones(30), np.zeros(30)) == 0
    assert two_sided_p(np.ones(30), b) < 1e-6


def planted(k: int, towards: float, pairs: int = 12) -> CuePairs:
    """A cue that moves the first channel, along which the answer grows by ``towards``."""
    rng = np.random.default_rng(k)
    mean = rng.normal(0, 1, (pairs, 2, 4)).astype(np.float32)
    mean[:, 1, 0] += 6
    gradient = np.tile(np.float32([towards, 0.3, -0.2, 0.1]), (pairs, 1))
    gradient += rng.normal(0, 0.3, gradient.shape).astype(np.float32)
    names = tuple((f"{k}a{i}", f"{k}b{i}") for i in range(pairs))
    return CuePairs(
        CUES[k], np.arange(pairs), names, mean, mean, gradient, np.zeros((pairs, 2, 2)), 1
    )


def test_planted_concepts_are_read_and_the_seed_fixes_them() -> None:
    pairs = [planted(0, 2.0), planted(9, -2.0), planted(3, 0.0, 1)]
    up, down, single = tcav_of_cues(pairs, slice(0, 4))
    assert (up.cue, up.reading, down.reading) == (CUES[0].id, UP, DOWN)
    assert up.scores.mean() > 0.9 > 0.1 > down.scores.mean()
    assert 0.3 < up.random.mean() < 0.7
    assert len(up.scores) == len(up.random) == 30
    assert math.isnan(single.p)
    assert np.isnan(single.scores).all()
    assert single.reading == NEITHER
    again, *_ = tcav_of_cues(pairs, slice(0, 4))
    assert (again.scores == up.scores).all()


def test_random_pictures_are_no_states_after_of_the_cue() -> None:
    """With its own pairs alone there are too few others for two random sets."""
    (alone,) = tcav_of_cues([planted(0, 2.0)], slice(0, 4))
    assert math.isnan(alone.p)


def test_a_concept_that_is_no_other_than_random_is_told_apart_in_few_runs() -> None:
    found = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        others, gradients = rng.normal(size=(80, 6)), rng.normal(size=(15, 6))
        pick = rng.choice(80, 15, replace=False)
        scores, random, p = tcav(others[pick], np.delete(others, pick, 0), gradients, seed)
        found.append(Tcav("x", scores, random, p).reading)
    # A fixed set of examples leans somewhere by itself, so that the test names more than 5 %.
    assert found.count(NEITHER) >= 8
