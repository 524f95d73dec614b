from __future__ import annotations

import pytest

from xai_core.cases.readers.limits import MAX_FILE_BYTES, check_file_size, check_size
from xai_core.errors import UnreadableImage


@pytest.mark.parametrize("size", [(32, 32), (320, 32), (20_000, 5_000), (10_000, 10_000)])
def test_sizes_within_the_limits_pass(size: tuple[int, int]) -> None:
    check_size("a.png", *size)
    check_size("a.png", *size[::-1])


@pytest.mark.parametrize(
    "size", [(31, 40), (0, 40), (20_001, 4_000), (321, 32), (10_001, 10_000), (65535, 65535)]
)
def test_sizes_outside_the_limits_are_refused(size: tuple[int, int]) -> None:
    for height, width in (size, size[::-1]):
        with pytest.raises(UnreadableImage, match=r"^a\.png is .* 32 to 20,000 px.*10:1"):
            check_size("a.png", height, width)


@pytest.mark.parametrize("size", [0, MAX_FILE_BYTES + 1])
def test_file_sizes_outside_are_refused(size: int) -> None:
    with pytest.raises(UnreadableImage, match=r"^a\.png"):
        check_file_size("a.png", size)
