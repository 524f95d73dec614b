from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xai_core.statistics.multiple_tests import holm


def test_the_example_of_benjamini_and_hochberg() -> None:
    """Journal of the Royal Statistical Society B 57:289, 1995, section 4: of these 15 comparisons
    the procedures that control the chance of any error keep three at 0.05."""
    p = (
        0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262,
        0.5719, 0.6528, 0.7590, 1.0000,
    )  # fmt: skip
    found = holm(p)
    assert found[:4] == pytest.approx((15 * 0.0001, 14 * 0.0004, 13 * 0.0019, 12 * 0.0095))
    assert sum(value < 0.05 for value in found) == 3


def test_adjusted_values_by_hand() -> None:
    # 4 * 0.005; 3 * 0.01; 2 * 0.03; then 1 * 0.04, but not below the one before.
    assert holm((0.01, 0.04, 0.03, 0.005)) == pytest.approx((0.03, 0.06, 0.06, 0.02))
    assert holm((0.6, 0.7)) == (1.0, 1.0)
    assert holm(()) == ()


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_it_is_the_closed_test_of_bonferroni(p: list[float]) -> None:
    """A hypothesis is rejected where Bonferroni rejects every set of hypotheses that holds it
    (Marcus, Peritz and Gabriel, Biometrika 63:655, 1976)."""
    sets = [
        chosen
        for size in range(1, len(p) + 1)
        for chosen in itertools.combinations(range(len(p)), size)
    ]
    expected = [
        min(1.0, max(len(s) * min(p[j] for j in s) for s in sets if i in s)) for i in range(len(p))
    ]
    assert holm(p) == pytest.approx(expected)


def test_what_was_not_tested_does_not_count() -> None:
    found = holm((0.02, float("nan"), 0.03))
    assert found[::2] == pytest.approx((0.04, 0.04))
    assert np.isnan(found[1])
