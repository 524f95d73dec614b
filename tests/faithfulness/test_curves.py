"""What the manifest says of the curves is what was done."""

from __future__ import annotations

import pytest

from xai_core.faithfulness import baseline
from xai_core.faithfulness.curves import conventions


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (384, "24 x 24 patches of 16 x 16 px; relevance = mean of the [0, 1] map"),
        (96, "24 x 24 patches of 4 x 4 px; relevance"),
        (256, "24 x 24 patches of 10 or 11 px a side, edges at whole pixels; relevance"),
        (32, "24 x 24 patches of 1 or 2 px a side"),
    ],
)
def test_the_patches_are_called_what_they_are(size: int, words: str) -> None:
    assert conventions("adaptive", size)["curve patches"].startswith(words)


def test_the_baseline_is_printed_from_what_is_computed() -> None:
    said = conventions("full", 384)["curve baseline"]
    assert said == "Gaussian blur of the [0, 1] image, sigma 35 px, reflect, truncate 4"
    assert baseline.SIGMA == 35


def test_without_curves_there_is_nothing_to_say() -> None:
    assert conventions("none", 384) == {}
