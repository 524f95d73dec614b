"""The metrics of a map, one file each; files in this folder are discovered automatically.

A module of this folder that defines ``METRICS: tuple[Metric, ...]`` adds them to :data:`METRICS`,
from which rows, tables, manifests and the page are written.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from xai_core.faithfulness.metric import Measured, Metric, MetricInputs

_NOTHING: Measured = MappingProxyType({})


def registry(found: Iterable[tuple[str, Iterable[Metric]]]) -> Mapping[str, Metric]:
    """The metrics of modules (name, metrics) by name, ordered by ``order``, then by name.

    Raises:
        ValueError: two metrics have the same name or write the same column.
    """
    owner: dict[str, str] = {}
    metrics: list[Metric] = []
    for module, declared in found:
        for metric in declared:
            for column in metric.columns:
                if column in owner:
                    raise ValueError(
                        f"The metric {column} is in {owner[column]} and in {module}; give one of "
                        "them another name."
                    )
                owner[column] = module
            metrics.append(metric)
    metrics.sort(key=lambda metric: (metric.order, metric.name))
    return MappingProxyType({metric.name: metric for metric in metrics})


def _modules() -> Iterable[tuple[str, tuple[Metric, ...]]]:
    for found in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{found.name}")
        yield found.name, getattr(module, "METRICS", ())


METRICS: Mapping[str, Metric] = registry(_modules())
"""Every metric by name, in the order of columns and lines."""


def measure(inputs: MetricInputs, before: Measured = _NOTHING) -> Measured:
    """The measurement of every metric; where an input is missing, the reason instead of a value.

    ``before``: earlier measurements of the same map; those with a value are returned unchanged.
    """
    return MappingProxyType(
        {
            name: before[name]
            if name in before and before[name].value is not None
            else metric.measure(inputs)
            for name, metric in METRICS.items()
        }
    )
