"""ROAD (Remove And Debias): P after the removal of the most, and of the least, relevant patches.

Rong et al., ICML 2022, arXiv:2202.00449; the two are combined as in pytorch-grad-cam's
``ROADCombined``.  Here on the curves' patches and in their order, with P instead of the logit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from xai_core.faithfulness.imputation import NOISE, impute
from xai_core.faithfulness.patches import Order, first_patches
from xai_core.faithfulness.perturbation import PerturbationProbe, Probabilities
from xai_core.types import Report, no_report

SHARES = (0.2, 0.4, 0.6, 0.8)
"""The shares of the patches that are removed."""
_ORDERS = 2  # of several orders of tied patches
_FILLING = f"linear imputation, noise {NOISE:g}"


@dataclass(frozen=True, eq=False)
class Road:
    """``most``, ``least``: P after the removal of each of :data:`SHARES` of the patches, the most
    and the least relevant first, (4,)."""

    most: Probabilities
    least: Probabilities

    @property
    def score(self) -> float:
        """Half the difference of the means, in [-0.5, 0.5]; positive where the map's most relevant
        patches matter more than its least relevant ones."""
        return float((self.least.mean() - self.most.mean()) / 2)


def road(probe: PerturbationProbe, order: Order, report: Report = no_report) -> Road:
    """Measure ROAD: 8 images, 16 where patches tie.

    Args:
        probe: its baseline is not used.
        order: the patches, the most relevant first; or several orders that differ in tied patches,
            of which P is the mean over the first two.
        report: called after each chunk with (images so far, images in all, None).

    Raises:
        BadRequest: ``order`` does not fit the grid.
        ModelError: a logit that is not finite.
        Cancelled: raised by ``report``; scores computed so far stay in the cache.
    """
    orders = probe.check(order)[:_ORDERS]
    counts = np.rint(np.array(SHARES) * probe.patches).astype(np.int64)
    kept = np.stack(
        [
            [~first_patches(one, counts), first_patches(one, probe.patches - counts)]
            for one in orders
        ]
    )
    imputing = replace(probe, filling=_FILLING, fill=impute)

    def partial(done: int, total: int, so_far: Probabilities) -> None:  # noqa: ARG001
        report(done, total, None)

    flat = imputing.probabilities(kept.reshape(-1, probe.patches), partial)
    most, least = flat.reshape(kept.shape[:3]).mean(0)
    return Road(most, least)
