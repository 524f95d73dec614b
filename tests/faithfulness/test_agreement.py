"""Agreement of two maps, compared with hand-computed values."""

from __future__ import annotations

import numpy as np
import pytest

from xai_core.faithfulness.metrics.agreement import agreement

SIDE = 24


def as_map(patches: np.ndarray) -> np.ndarray:
    return np.kron(patches.reshape(SIDE, SIDE), np.ones((2, 2))).astype(np.float32)


RISING = np.linspace(0, 1, SIDE * SIDE)


def test_a_map_agrees_with_itself_and_with_any_map_that_ranks_alike() -> None:
    for other in (RISING, RISING**3):
        found = agreement(as_map(RISING), as_map(other))
        assert found.spearman == pytest.approx(1, abs=1e-4)
        assert found.top_overlap == 1


def test_inverted_map_has_correlation_minus_1() -> None:
    found = agreement(as_map(RISING), as_map(1 - RISING))
    assert found.spearman == pytest.approx(-1, abs=1e-4)
    assert found.top_overlap == 0


def test_overlap_of_half_of_the_top_patches() -> None:
    a, b = np.zeros(SIDE * SIDE), np.zeros(SIDE * SIDE)
    a[:58], b[29:87] = 1, 1
    assert agreement(as_map(a), as_map(b)).top_overlap == 0.5


def test_random_maps_share_a_tenth_of_the_top_patches() -> None:
    rng = np.random.default_rng(0)
    found = [agreement(as_map(rng.random(576)), as_map(rng.random(576))) for _ in range(40)]
    assert np.mean([f.top_overlap for f in found]) == pytest.approx(0.1, abs=0.03)
    assert np.mean([f.spearman for f in found]) == pytest.approx(0, abs=0.03)


def test_constant_map_has_no_rank_correlation() -> None:
    assert agreement(as_map(np.zeros(576)), as_map(RISING)).spearman is None
