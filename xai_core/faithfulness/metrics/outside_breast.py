"""The share of a map's heat that lies outside the breast, where nothing can be a finding."""

from __future__ import annotations

import numpy as np

from xai_core.faithfulness.metric import Measured, Measurement, Metric, MetricInputs, Need


def _outside(inputs: MetricInputs) -> Measurement:
    assert inputs.breast_mask is not None  # noqa: S101 - in ``needs``
    values = inputs.values.astype(np.float64)
    total = float(values.sum())
    if total == 0:
        return Measurement(None, state=Need.MAP.value)
    return Measurement(float(values[~inputs.breast_mask].sum()) / total)


def _line(measured: Measured) -> str:
    share = measured["heat_outside_breast"].value
    return "" if share is None else f"Heat outside the breast: {share:.0%} of the map's sum."


METRICS = (
    Metric(
        name="heat_outside_breast",
        title="Heat outside the breast",
        unit="share of the map's sum",
        better="lower",
        reference="This project's",
        description="The share of the map's sum over pixels that lies outside the breast, the "
        "largest region brighter than air with its holes filled.",
        compute=_outside,
        needs=(Need.MAP, Need.BREAST),
        order=15,
        line=_line,
    ),
)
