from __future__ import annotations

import numpy as np

from xai_core.statistics.ranking import top_masks


def test_a_mask_keeps_ceil_of_its_share_and_ties_stay_together() -> None:
    def kept(a: np.ndarray[tuple[int, ...], np.dtype[np.float32]], *percents: float) -> list[int]:
        return [int(mask.sum()) for mask in top_masks(a, percents)]

    a = np.arange(100, dtype=np.float32).reshape(10, 10) / 99
    every = range(1, 101)
    assert kept(a, *every) == list(every)  # 7 % of 100 is 7, whatever the float says
    assert kept(a, 50, 0.5, 10.1) == [50, 1, 11]  # in the order they were asked for
    assert kept(a, 1e-12) == [1]
    ramp = np.arange(1000, dtype=np.float32).reshape(25, 40)
    assert kept(ramp, 16.1) == [161]  # 16.1 * 1000 / 100 is 161.00000000000003
    tied = np.array([[1, 0.5, 0.5, 0.5], [0, 0, 0, 0]], np.float32)
    assert kept(tied, 12.5, 25, 50) == [1, 4, 4]
    assert kept(tied, 51) == [8]  # the threshold is 0: the whole image
