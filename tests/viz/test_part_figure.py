"""The figure of the network's parts."""

from __future__ import annotations

import numpy as np

from xai_core.viz.part_figure import part_figure


def test_cells_hold_the_effects_and_unknown_ones_stay_empty() -> None:
    kinds = {"grn": "without it", "block": "skipped"}
    figure = part_figure(["1.1", "1.2"], kinds, {("1.1", "grn"): -2.0, ("1.2", "block"): 0.5})
    heat = figure.data[0]
    np.testing.assert_array_equal(heat.z, [[-2.0, np.nan], [np.nan, 0.5]])
    assert (heat.zmin, heat.zmax) == (-2.0, 2.0)
    assert list(heat.y) == ["without it", "skipped"]


def test_nothing_known_is_drawn_without_an_error() -> None:
    assert part_figure(["1.1"], {"grn": "x"}, {}).data[0].zmax == 1.0
