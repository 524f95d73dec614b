"""The share of patches whose order a map leaves open because of ties."""

from __future__ import annotations

from xai_core.faithfulness.metric import Measured, Measurement, Metric, MetricInputs, Need
from xai_core.faithfulness.patches import tie_fraction


def _compute(inputs: MetricInputs) -> Measurement:
    return Measurement(tie_fraction(inputs.relevance))


def _line(measured: Measured) -> str:
    ties = measured["tie_fraction"].value
    if ties is None:
        return ""
    return f"Tie fraction {ties:.0%}: patches whose order the map does not decide."


METRICS = (
    Metric(
        name="tie_fraction",
        title="Tie fraction",
        unit="share of patches",
        better="lower",
        reference="This project's; it qualifies the areas of Petsiuk et al. 2018, arXiv:1806.07421",
        description="The share of patches whose relevance equals another patch's, so that the map "
        "does not decide their order.",
        compute=_compute,
        needs=(Need.MAP,),
        order=10,
        line=_line,
    ),
)
