"""ROAD: removal with imputation in place of a blurred or a flat picture."""

from __future__ import annotations

from xai_core.faithfulness.metric import Measurement, Metric, MetricInputs, Need, no_line


def _road(inputs: MetricInputs) -> Measurement:
    assert inputs.orders is not None  # noqa: S101 - in ``needs``
    return Measurement(inputs.orders.road.score)


METRICS = (
    Metric(
        name="road",
        title="ROAD, combined",
        unit="probability",
        better="higher",
        reference="Rong et al., ICML 2022, arXiv:2202.00449; combined as in pytorch-grad-cam",
        description="Half of what P is higher after the removal of the least relevant than of the "
        "most relevant 20, 40, 60 and 80 % of the patches, imputed from their neighbours.",
        compute=_road,
        needs=(Need.ORDERS,),
        order=220,
        line=no_line,  # the page shows it with the table of the orders
    ),
)
