"""The answer to a change, by hand-worked numbers."""

from __future__ import annotations

import math

import pytest

from tests.ui.stand_in_service import SPEC
from xai_core.features.lesion import Truth
from xai_core.types import Prediction
from xai_core.ui.features.answer import (
    Answer,
    answer_sentence,
    answer_table,
    direction,
    log_odds,
    logit_difference,
)


def answer(benign: float, malignant: float, truth: float, birads: int = 4) -> Answer:
    return Answer(Prediction((benign, malignant)), Truth(truth, birads, ""))


def test_the_logit_difference_is_of_the_positive_class() -> None:
    assert logit_difference(Prediction((0.5, 2.0)), SPEC) == 1.5


@pytest.mark.parametrize(
    ("before", "after", "went"),
    [(0, 0.25, "up"), (0, 0.24, "same"), (0, -0.24, "same"), (1, 0.7, "down"), (-1, -1, "same")],
)
def test_a_small_change_is_about_the_same(before: float, after: float, went: str) -> None:
    assert direction(before, after) == went


def test_log_odds() -> None:
    assert log_odds(0.5) == 0
    assert log_odds(0.75) == pytest.approx(math.log(3))
    assert log_odds(0) == -math.inf
    assert log_odds(1) == math.inf


def test_the_table_holds_both_before_and_after() -> None:
    table = answer_table(answer(0, 0, 0.5, 4), answer(0, math.log(3), 0.25, 3), SPEC)
    assert "| 0.50 | 0.75 | +0.25 |" in table
    assert "| +0.00 | +1.10 | +1.10 |" in table
    assert "| 0.50 | 0.25 | -0.25 |" in table
    assert "| +0.00 | -1.10 | -1.10 |" in table
    assert "| 4 | 3 |" in table


def test_the_log_odds_of_no_lesion_are_not_a_number() -> None:
    table = answer_table(answer(0, 1, 0.5), answer(0, 0, 0.0), SPEC)
    assert "| +0.00 | - | - |" in table


@pytest.mark.parametrize(
    ("model", "truth", "ending"),
    [
        (1.0, 0.9, "The model follows the truth here."),
        (-1.0, 0.9, "The model goes the wrong way."),
        (0.1, 0.9, "The model does not see this cue here."),
        (1.0, 0.5, "The model reacts to what means nothing."),
        (-1.0, 0.0, "The model follows the truth here."),
    ],
)
def test_the_sentence_sets_the_model_beside_the_truth(
    model: float, truth: float, ending: str
) -> None:
    before, after = answer(0, 0, 0.5), answer(0, model, truth)
    assert answer_sentence(before, after, SPEC, None).endswith(ending)


def test_the_sentence_says_whether_the_guess_was_right() -> None:
    before, after = answer(0, 0, 0.5), answer(0, 1, 0.9)
    assert answer_sentence(before, after, SPEC, "up").endswith("You guessed right.")
    assert answer_sentence(before, after, SPEC, "down").endswith("You guessed: down.")
