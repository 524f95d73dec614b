"""Findings of a case one by one, or its marked regions; distances worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tests.conftest import make_case
from xai_core.errors import CaseError
from xai_core.findings import distances, finding_words, findings_of, regions, short_words
from xai_core.types import MarkedFinding


def square(row: int, column: int, side: int, shape: tuple[int, int] = (120, 90)) -> np.ndarray:
    mask = np.zeros(shape, bool)
    mask[row : row + side, column : column + side] = True
    return mask


def test_a_case_with_findings_apart_has_these_in_their_order() -> None:
    lesions = (MarkedFinding(square(80, 5, 6), "mass"), MarkedFinding(square(4, 4, 3), "mass"))
    case = make_case(lesion_mask=lesions[0].mask | lesions[1].mask, lesions=lesions)
    assert findings_of(case) == lesions
    empty = MarkedFinding(square(0, 0, 0), "asymmetry")
    assert findings_of(make_case(lesions=(empty, *lesions))) == lesions


def test_a_case_with_one_mask_has_its_connected_regions() -> None:
    mask = square(80, 5, 6) | square(4, 4, 3) | square(7, 7, 2)  # the last two touch at a corner
    found = findings_of(make_case(lesion_mask=mask))
    assert [int(finding.mask.sum()) for finding in found] == [9 + 4, 36]
    assert {finding.kind for finding in found} == {""}
    assert findings_of(make_case(lesion_mask=None)) == regions(None) == ()


def test_a_mask_of_very_many_regions_is_one() -> None:
    dots = np.zeros((120, 90), bool)
    dots[::4, ::4] = True
    (only,) = regions(dots)
    np.testing.assert_array_equal(only.mask, dots)


def test_distances_are_to_the_nearest_pixel_in_pixels_or_millimetres() -> None:
    finding = MarkedFinding(square(10, 20, 5))  # rows 10 to 14, columns 20 to 24
    pixels = [(12, 22), (17, 28), (0, 20)]
    assert distances(finding, pixels, (1, 1)).tolist() == [0, 5, 10]  # 3 down and 4 across
    assert distances(finding, pixels, (0.1, 0.2)) == pytest.approx([0, np.hypot(0.3, 0.8), 1])
    assert distances(MarkedFinding(square(0, 0, 0)), pixels, (1, 1)).tolist() == [np.inf] * 3


def test_words_name_a_finding_by_number_and_kind() -> None:
    one, two, three = (MarkedFinding(square(0, 0, 1), kind) for kind in ("mass", "mass", "scar"))
    assert finding_words([one, two, three], 1) == "finding 2 of 3 (mass)"
    assert short_words([one, two, three], 1) == "finding 2 (mass)"
    assert short_words([one, two, three], 2) == "the scar"
    merged = regions(square(0, 0, 2) | square(9, 9, 2))
    assert finding_words(merged, 1) == "marked region 2 of 2"
    assert short_words(merged, 1) == "region 2"


def test_a_finding_of_another_size_than_the_image_is_refused() -> None:
    with pytest.raises(CaseError, match="mask of finding 1 has shape"):
        make_case(lesions=(MarkedFinding(np.ones((3, 3), bool)),))
