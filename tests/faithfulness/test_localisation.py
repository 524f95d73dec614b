"""The pointing game, the top area against a mask, and the states without a hit."""

from __future__ import annotations

import numpy as np
import pytest

from xai_core.errors import BadRequest
from xai_core.faithfulness.metrics.localisation import LocalisationState, localise, peak_words
from xai_core.findings import regions
from xai_core.types import MarkedFinding


def peak_at(row: int, column: int, size: int = 40) -> np.ndarray:
    y, x = np.mgrid[:size, :size]
    return np.exp(-((y - row) ** 2 + (x - column) ** 2) / 50).astype(np.float32)


def square(top: int, left: int, side: int, size: int = 40) -> np.ndarray:
    mask = np.zeros((size, size), bool)
    mask[top : top + side, left : left + side] = True
    return mask


def test_peak_inside_the_mask_is_a_hit() -> None:
    result = localise(peak_at(10, 12), square(8, 8, 6), tolerance=0)
    assert result.state is LocalisationState.OK
    assert result.peak == (10, 12)
    assert result.peak_ties == 1
    assert result.distance == 0
    assert result.hit


def test_the_tolerance_is_the_distance_to_the_nearest_marked_pixel() -> None:
    mask = square(8, 8, 6)  # columns 8 to 13
    assert localise(peak_at(10, 18), mask, tolerance=5).hit
    miss = localise(peak_at(10, 18), mask, tolerance=4.9)
    assert miss.hit is False
    assert miss.distance == 5
    assert localise(peak_at(16, 17), mask).distance == 5  # 3 down, 4 across


def test_the_share_of_the_top_area_inside() -> None:
    values = np.arange(100, dtype=np.float32).reshape(10, 10) / 99
    mask = np.zeros((10, 10), bool)
    mask[9, :4] = True
    result = localise(values, mask)
    assert result.top_area == pytest.approx(0.10)  # the last row
    assert result.top_share == pytest.approx(0.4)
    assert result.mask_area == pytest.approx(0.04)


def test_top_area_includes_all_ties_and_no_zeros() -> None:
    values = np.zeros((10, 10), np.float32)
    values[0, :3] = 1
    mask = np.zeros((10, 10), bool)
    mask[0, 2] = True
    result = localise(values, mask, tolerance=0)
    assert result.top_area == pytest.approx(0.03)
    assert result.top_share == pytest.approx(1 / 3)
    assert result.peak_ties == 3
    assert result.peak == (0, 0)
    values[:, :] = 0.5
    assert localise(values, mask).top_area == 1


def test_empty_mask_gives_a_state_and_no_hit() -> None:
    result = localise(peak_at(10, 10), np.zeros((40, 40), bool))
    assert result.state is LocalisationState.NO_MASK
    assert result.hit is None
    assert result.top_share is None


def test_empty_map_gives_a_state_and_no_hit() -> None:
    result = localise(np.zeros((40, 40), np.float32), square(0, 0, 40))
    assert result.state is LocalisationState.NO_MAP
    assert result.hit is None
    assert result.mask_area == 1


def test_invalid_arguments_raise_bad_request() -> None:
    with pytest.raises(BadRequest, match="must agree"):
        localise(peak_at(1, 1), np.ones((20, 20), bool))
    with pytest.raises(BadRequest, match="tolerance is -1"):
        localise(peak_at(1, 1), square(0, 0, 3), tolerance=-1)
    with pytest.raises(BadRequest, match="area is 0"):
        localise(peak_at(1, 1), square(0, 0, 3), area=0)


def three_findings() -> list[MarkedFinding]:
    """A mass at the top left, calcifications at the top right, a mass at the bottom right."""
    squares = {"mass": square(2, 2, 6), "calcifications": square(2, 30, 4)}
    return [MarkedFinding(mask, kind) for kind, mask in squares.items()] + [
        MarkedFinding(square(30, 30, 5), "mass")
    ]


@pytest.mark.parametrize(
    ("peak", "words"),
    [
        ((3, 31), "on finding 2 of 3 (calcifications); misses finding 1 (mass) and finding 3 "
         "(mass)"),
        ((3, 3), "on finding 1 of 3 (mass); misses the calcifications and finding 3 (mass)"),
        ((3, 36), "3 px beside finding 2 of 3 (calcifications); misses finding 1 (mass) and "
         "finding 3 (mass)"),
        ((20, 32), "on no finding: 10 px from the nearest, finding 3 of 3 (mass)"),
    ],
)  # fmt: skip
def test_the_words_say_which_finding_the_peak_lies_on_and_which_it_misses(
    peak: tuple[int, int], words: str
) -> None:
    assert peak_words(peak, three_findings(), tolerance=4) == words


def test_a_peak_within_reach_of_two_findings_names_both() -> None:
    findings = three_findings()[1:]
    assert peak_words((17, 31), findings, tolerance=15) == (
        "12 px beside finding 1 of 2 (calcifications) and the mass"
    )


def test_regions_of_one_mask_are_called_marked_regions() -> None:
    merged = square(2, 2, 6) | square(30, 30, 5)
    assert peak_words((31, 31), regions(merged), tolerance=0) == (
        "on marked region 2 of 2; misses region 1"
    )


def test_a_finding_too_small_for_the_grid_is_missed_and_counted() -> None:
    vanished = MarkedFinding(np.zeros((40, 40), bool), "calcifications")
    findings = [vanished, MarkedFinding(square(2, 2, 6), "mass")]
    assert peak_words((3, 3), findings) == "on finding 2 of 2 (mass); misses the calcifications"
    assert peak_words((30, 30), findings, tolerance=3) == (
        "on no finding: 33 px from the nearest, finding 2 of 2 (mass)"
    )
    assert peak_words((3, 3), findings[:1]) == "on no finding: each is too small for the map's grid"
