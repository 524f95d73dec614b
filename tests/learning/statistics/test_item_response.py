"""Item response models: published fits of the Law School Admission Test, checks, refusals."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import norm

from xai_core.errors import BadRequest
from xai_core.learning.statistics.item_response import rasch, two_parameter

# How many of 1000 people answered so, from 00000 to 11111: Bock and Lieberman, Psychometrika
# 35:179, 1970, sections 6 and 7.
PATTERNS = np.array(list(itertools.product([0, 1], repeat=5)))
LSAT6 = (
    3, 6, 2, 11, 1, 1, 3, 4, 1, 8, 0, 16, 0, 3, 2, 15, 10, 29, 14, 81, 3, 28, 15, 80, 16, 56, 21,
    173, 11, 61, 28, 298,
)  # fmt: skip
LSAT7 = (
    12, 19, 1, 7, 3, 19, 3, 17, 10, 5, 3, 7, 7, 23, 8, 28, 7, 39, 11, 34, 14, 51, 15, 90, 6, 25, 7,
    35, 18, 136, 32, 308,
)  # fmt: skip


def answers(numbers: tuple[int, ...]) -> np.ndarray:
    return np.repeat(PATTERNS, numbers, axis=0).astype(float)


def log_likelihood(numbers: tuple[int, ...], slope: object, intercept: object) -> float:
    """By the trapezoidal rule, in plain sums."""
    theta = np.linspace(-8, 8, 2001)
    p = expit(theta[:, None] * np.asarray(slope) + np.asarray(intercept))
    density = norm.pdf(theta) * (theta[1] - theta[0])
    each = [density @ np.where(pattern, p, 1 - p).prod(1) for pattern in PATTERNS]
    return float(np.asarray(numbers) @ np.log(each))


def test_the_data_are_the_published_ones() -> None:
    """By how many of 1000 were right."""
    assert answers(LSAT6).sum(0).tolist() == [924, 709, 553, 763, 870]
    assert answers(LSAT7).sum(0).tolist() == [828, 658, 772, 606, 843]


def test_lsat6_has_the_published_difficulties() -> None:
    found = rasch(answers(LSAT6))
    assert found.log_likelihood == pytest.approx(-2466.9376, abs=5e-5)
    assert found.slope == pytest.approx([0.75513] * 5, abs=5.5e-6)
    published = (-3.61527, -1.32242, -0.31763, -1.73009, -2.78017)
    assert found.difficulty == pytest.approx(published, abs=5.5e-6)
    assert found.people == 1000


def test_lsat6_has_the_published_standard_errors() -> None:
    """As the R package ltm prints them."""
    found = rasch(answers(LSAT6))
    published = (0.3266, 0.1422, 0.0977, 0.1691, 0.2510)
    assert found.difficulty_errors == pytest.approx(published, abs=5.5e-5)
    assert found.slope_errors == pytest.approx([0.0694] * 5, abs=5.5e-5)
    low, high = found.difficulty_interval()
    assert high - found.difficulty == pytest.approx(1.959964 * found.difficulty_errors)
    assert found.difficulty - low == pytest.approx(1.959964 * found.difficulty_errors)


def test_lsat7_has_the_published_slopes() -> None:
    """The published ones are of an EM that ended a little before the maximum: ours is no further
    than that from them, and higher."""
    found = two_parameter(answers(LSAT7))
    slope, intercept = (0.988, 1.081, 1.706, 0.765, 0.736), (1.856, 0.808, 1.804, 0.486, 1.855)
    assert found.slope == pytest.approx(slope, abs=2e-3)
    assert found.intercept == pytest.approx(intercept, abs=2e-3)
    assert found.difficulty == pytest.approx(-found.intercept / found.slope)
    theirs = log_likelihood(LSAT7, slope, intercept)
    assert theirs < found.log_likelihood < theirs + 1e-4


@pytest.mark.parametrize(("numbers", "fit"), [(LSAT6, rasch), (LSAT7, two_parameter)])
def test_it_is_a_maximum_of_the_likelihood_with_errors_of_its_curvature(
    numbers: tuple[int, ...], fit: object
) -> None:
    assert callable(fit)
    found = fit(answers(numbers))
    top = log_likelihood(numbers, found.slope, found.intercept)
    assert found.log_likelihood == pytest.approx(top, abs=1e-6)
    x = np.concatenate([found.slope[:1] if fit is rasch else found.slope, found.intercept])

    def at(x: np.ndarray) -> float:
        return log_likelihood(numbers, x[:-5], x[-5:])

    step = 1e-3 * np.eye(len(x))
    gradient = [(at(x + h) - at(x - h)) / 2e-3 for h in step]
    assert np.abs(gradient).max() < 1e-3
    curvature = np.array(
        [
            [(at(x + g + h) - at(x + g - h) - at(x - g + h) + at(x - g - h)) / 4e-6 for h in step]
            for g in step
        ]
    )
    errors = np.sqrt(np.diag(np.linalg.inv(-curvature)))
    assert found.intercept_errors == pytest.approx(errors[-5:], rel=1e-3)
    assert found.slope_errors == pytest.approx(
        np.broadcast_to(errors[0] if fit is rasch else errors[:-5], 5), rel=1e-3
    )


def test_more_nodes_change_nothing() -> None:
    one, other = rasch(answers(LSAT6), 41), rasch(answers(LSAT6), 161)
    assert one.difficulty == pytest.approx(other.difficulty, abs=1e-7)


def test_missing_answers_are_no_wrong_ones() -> None:
    """Half of the people skip an item: its difficulty stays, less certain."""
    rng = np.random.default_rng(11)
    full = answers(LSAT6)
    given = full.copy()
    given[rng.random(1000) < 0.5, 0] = np.nan
    given = np.vstack([given, np.full((3, 5), np.nan)])  # who answered nothing tells nothing
    found, of_all = rasch(given), rasch(full)
    assert found.people == 1000
    assert found.difficulty[0] == pytest.approx(of_all.difficulty[0], abs=0.5)
    assert found.difficulty[1:] == pytest.approx(of_all.difficulty[1:], abs=0.1)
    assert found.difficulty_errors[0] > 1.2 * of_all.difficulty_errors[0]


def test_items_in_another_order() -> None:
    order = [3, 0, 4, 1, 2]
    one, other = two_parameter(answers(LSAT7)), two_parameter(answers(LSAT7)[:, order])
    assert other.difficulty == pytest.approx(one.difficulty[order], abs=1e-5)
    assert other.difficulty_errors == pytest.approx(one.difficulty_errors[order], abs=1e-5)


def test_swapping_right_and_wrong_turns_the_intercepts() -> None:
    one, other = two_parameter(answers(LSAT7)), two_parameter(1 - answers(LSAT7))
    assert other.intercept == pytest.approx(-one.intercept, abs=1e-5)
    assert other.slope == pytest.approx(one.slope, abs=1e-5)
    assert (other.slope > 0).all()


@pytest.mark.parametrize("value", [0, 1])
def test_an_item_that_nobody_or_everybody_gets_right_is_named(value: int) -> None:
    given = answers(LSAT6)
    given[:, 2] = value
    with pytest.raises(BadRequest, match=r"Item 2 .* has (0|1000) right answers of 1000"):
        rasch(given)


def test_an_item_that_nobody_answered_is_named() -> None:
    given = answers(LSAT6)
    given[:, 4] = np.nan
    with pytest.raises(BadRequest, match=r"Item 4 .* has 0 right answers of 0"):
        rasch(given)


def test_people_who_do_not_differ_are_refused() -> None:
    """Every pattern is as frequent as by chance: the slope of greatest likelihood is 0."""
    with pytest.raises(BadRequest, match=r"slope of item 0 .* is nearly 0"):
        rasch(np.repeat(PATTERNS, 10, axis=0).astype(float))


def test_a_perfect_scale_has_no_bound() -> None:
    """Who gets an item right gets all easier ones right."""
    scale = np.tril(np.ones((6, 6)), -1)[:, :5]
    with pytest.raises(BadRequest, match=r"no bound|no clear maximum|do not determine"):
        rasch(np.repeat(scale, 50, axis=0))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (np.ones(4), r"shape \(4,\)"),
        (np.array([[0.0], [1.0]]), "two or more items"),
        (np.array([[0, 0.5], [1, 0]]), "neither 0, 1 nor missing"),
        (np.empty((0, 3)), "Item 0"),
    ],
)
def test_what_are_no_answers_is_refused(given: np.ndarray, says: str) -> None:
    with pytest.raises(BadRequest, match=says):
        rasch(given)


def test_two_items_have_no_slope_each() -> None:
    with pytest.raises(BadRequest, match="3 or more"):
        two_parameter(answers(LSAT6)[:, :2])
