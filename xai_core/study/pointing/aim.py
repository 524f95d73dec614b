"""Where something points, and whether that is a hit: one rule for the map and every baseline."""

from __future__ import annotations

from dataclasses import dataclass

from xai_core.faithfulness.metrics.localisation import TOLERANCE_PX, localise
from xai_core.types import BoolArray, FloatArray, Heatmap, MapState


@dataclass(frozen=True)
class Aim:
    """``state``: "ok", or why nothing is pointed at; then there is no peak and no hit.

    ``peak``: (row, column) on the network's grid.  ``distance``: px from the peak to the nearest
    marked pixel, 0 inside.  ``hit``: the distance is at most ``TOLERANCE_PX``.
    """

    state: str
    peak: tuple[int, int] | None = None
    distance: float | None = None
    hit: bool = False

    @property
    def shows(self) -> bool:
        """Whether anything is pointed at."""
        return self.peak is not None


def aim(values: FloatArray, marked: BoolArray) -> Aim:
    """What the maximum of ``values`` (S, S), at least 0, hits of ``marked`` (S, S, not empty)."""
    found = localise(values, marked, tolerance=TOLERANCE_PX)
    return Aim(str(found.state), found.peak, found.distance, bool(found.hit))


def aim_of_map(heatmap: Heatmap, marked: BoolArray) -> Aim:
    """What a map's peak hits; a map whose state is not OK misses."""
    if heatmap.state is not MapState.OK:
        return Aim(str(heatmap.state))
    return aim(heatmap.values, marked)
