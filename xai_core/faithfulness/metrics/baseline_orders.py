"""Areas of the curves under orders that do not depend on the map, ties decided by index, and
another baseline."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from xai_core.faithfulness.metric import Measurement, Metric, MetricInputs, Need, no_line
from xai_core.faithfulness.metrics.curve_areas import REFERENCE, area
from xai_core.faithfulness.perturbation import DELETION, INSERTION
from xai_core.faithfulness.reliability import RANDOM_SEEDS, Reliability, spread

_ORDERS = {
    "forward": ("ties by lower index", "the map's order with its ties by lower index"),
    "reverse": ("ties by higher index", "the map's order with its ties by higher index"),
    "centre_first": ("centre first", "the order from the centre outwards, which ignores the map"),
    "mean_grey": (
        "mean grey as baseline",
        "the map's order with the breast's mean grey in place of the blurred image",
    ),
}


def _orders(inputs: MetricInputs) -> Reliability:
    assert inputs.orders is not None  # noqa: S101 - in ``needs``
    return inputs.orders


def _area(order: str, kind: str) -> Callable[[MetricInputs], Measurement]:
    return lambda inputs: area(getattr(getattr(_orders(inputs), order), kind))


def _random(kind: str) -> Callable[[MetricInputs], Measurement]:
    def compute(inputs: MetricInputs) -> Measurement:
        found = spread([getattr(pair, kind) for pair in _orders(inputs).random])
        return Measurement(found.mean, found.error)

    return compute


def _random_range(kind: str) -> Callable[[MetricInputs], Measurement]:
    def compute(inputs: MetricInputs) -> Measurement:
        found = spread([getattr(pair, kind) for pair in _orders(inputs).random])
        return Measurement(found.highest - found.lowest)

    return compute


def _metrics() -> Iterator[Metric]:
    shared = {
        "better": None,  # the map's own area is compared with it
        "reference": REFERENCE,
        "needs": (Need.ORDERS,),
        "line": no_line,  # the page shows a table of the orders
    }
    many = f"{len(RANDOM_SEEDS)} seeded random orders, which have not seen the map"
    for kind in (INSERTION, DELETION):
        for i, (order, (title, words)) in enumerate(_ORDERS.items()):
            yield Metric(
                name=f"{order}_{kind}_auc",
                title=f"{kind.capitalize()} AUC, {title}",
                unit="mean probability",
                description=f"The area under the {kind} curve of {words}.",
                compute=_area(order, kind),
                order=200 + i,
                error_column=f"{order}_{kind}_error",
                **shared,  # type: ignore[arg-type]
            )
        yield Metric(
            name=f"random_{kind}_auc",
            title=f"{kind.capitalize()} AUC, random orders",
            unit="mean probability",
            description=f"The mean area under the {kind} curves of {many}.",
            compute=_random(kind),
            order=210,
            error_column=f"random_{kind}_error",
            **shared,  # type: ignore[arg-type]
        )
        yield Metric(
            name=f"random_{kind}_range",
            title=f"{kind.capitalize()} AUC, range of the random orders",
            unit="mean probability",
            description=f"The largest less the smallest area under the {kind} curves of {many}.",
            compute=_random_range(kind),
            order=211,
            **shared,  # type: ignore[arg-type]
        )


METRICS = tuple(_metrics())
