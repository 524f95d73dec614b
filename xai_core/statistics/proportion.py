"""So many of so many, and how sure that is.

The interval is Wilson's ("Probable inference, the law of succession, and statistical inference",
Journal of the American Statistical Association 22:209, 1927): it stays within [0, 1] and says
something useful of 0 of n and n of n.  It takes every image as independent; the views of one
patient resemble each other, so it is somewhat too narrow where patients have several.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from scipy.stats import binomtest

LEVEL = 0.95


@dataclass(frozen=True)
class Proportion:
    """``part`` of ``whole``."""

    part: int
    whole: int

    @classmethod
    def of(cls, values: Iterable[bool]) -> Proportion:
        """How many of ``values`` are true."""
        known = list(values)
        return cls(sum(known), len(known))

    @property
    def value(self) -> float:
        """In [0, 1]; NaN where ``whole`` is 0."""
        return self.part / self.whole if self.whole else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """Low and high of Wilson's 95 % interval; NaN where ``whole`` is 0."""
        if not self.whole:
            return float("nan"), float("nan")
        found = binomtest(self.part, self.whole).proportion_ci(LEVEL, method="wilson")
        return float(found.low), float(found.high)

    @property
    def count(self) -> str:
        """``12 / 30``."""
        return f"{self.part} / {self.whole}"

    @property
    def percent(self) -> str:
        """``40.0 % (24.6 to 57.7)``; "-" where ``whole`` is 0."""
        if not self.whole:
            return "-"
        low, high = self.interval
        return f"{100 * self.value:.1f} % ({100 * low:.1f} to {100 * high:.1f})"
