"""Areas of the curves under baseline orders of patches (random, centre first) and reversed ties."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from xai_core.faithfulness.metric import Measurement, Metric, MetricInputs, Need, no_line
from xai_core.faithfulness.metrics.curve_areas import REFERENCE, area
from xai_core.faithfulness.perturbation import DELETION, INSERTION
from xai_core.faithfulness.reliability import Reliability

_ORDERS = {
    "reverse": ("ties reversed", "the map's order with its ties by higher index"),
    "random": ("random order", "a seeded random order, which has not seen the map"),
    "centre_first": ("centre first", "the order from the centre outwards, which ignores the map"),
}


def _area(order: str, kind: str) -> Callable[[MetricInputs], Measurement]:
    def compute(inputs: MetricInputs) -> Measurement:
        orders = inputs.orders
        assert isinstance(orders, Reliability)  # noqa: S101 - in ``needs``
        return area(getattr(getattr(orders, order), kind))

    return compute


def _metrics() -> Iterator[Metric]:
    for i, (order, (title, words)) in enumerate(_ORDERS.items()):
        for kind in (INSERTION, DELETION):
            yield Metric(
                name=f"{order}_{kind}_auc",
                title=f"{kind.capitalize()} AUC, {title}",
                unit="mean probability",
                better=None,  # the map's own area is compared with it
                reference=REFERENCE,
                description=f"The area under the {kind} curve of {words}.",
                compute=_area(order, kind),
                needs=(Need.ORDERS,),
                order=200 + i,
                error_column=f"{order}_{kind}_error",
                line=no_line,  # the page shows a table of the orders
            )


METRICS = tuple(_metrics())
