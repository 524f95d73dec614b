"""The receptive field: worked by hand, and on a network."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from xai_core.features.blocks import default_blocks
from xai_core.features.receptive_field import effective_side, side_holding
from xai_core.model.classifier import Classifier


def test_a_square_worked_by_hand() -> None:
    """Half of the weight of 4 is in the middle four pixels, all of it in the whole picture."""
    weight = np.zeros((6, 6))
    weight[2:4, 2:4], weight[0, 0], weight[5, 2] = 0.5, 1, 1
    assert side_holding(weight, 3.0, 0.5) == 2
    assert side_holding(weight, 3.0, 0.51) == 6
    assert side_holding(weight, 3.0, 1.0) == 6
    assert side_holding(np.ones((6, 6)), 3.0, 0.1) == 2
    assert side_holding(np.zeros((6, 6)), 3.0, 0.5) == 6


def test_a_square_about_a_pixel() -> None:
    weight = np.zeros((5, 5))
    weight[2, 2], weight[1, 2] = 3, 1
    assert side_holding(weight, 2.5, 0.75) == 1
    assert side_holding(weight, 2.5, 0.8) == 3


def test_later_blocks_see_more(classifier: Classifier, inputs: torch.Tensor) -> None:
    third, fourth = (effective_side(classifier, inputs, b) for b in default_blocks(classifier))
    assert 16 <= third <= fourth <= 96
    whole = effective_side(classifier, inputs, default_blocks(classifier)[0], 1.0)
    assert whole == pytest.approx(96)
