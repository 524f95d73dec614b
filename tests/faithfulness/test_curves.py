"""The conventions of the curves in the manifest match the computation."""

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
def test_conventions_describe_the_patch_sizes(size: int, words: str) -> None:
    assert conventions("adaptive", size)["curve patches"].startswith(words)


def test_conventions_describe_the_baseline_in_use() -> None:
    text = conventions("full", 384)["curve baseline"]
    assert text == "Gaussian blur of the [0, 1] image, sigma 35 px, reflect, truncate 4"
    assert baseline.SIGMA == 35


def test_without_curves_there_are_no_conventions() -> None:
    assert conventions("none", 384) == {}
