"""The interface of a metric of a map: its description, its inputs and its measurement.

To add a metric, add a file to :mod:`xai_core.faithfulness.metrics`; nothing else has to change.
"""

from __future__ import annotations

import enum
import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from xai_core.faithfulness import patches
from xai_core.faithfulness.perturbation import CurvePair, PerturbationProbe
from xai_core.faithfulness.reliability import Reliability
from xai_core.findings import regions
from xai_core.types import BoolArray, FloatArray, MapState, MarkedFinding, Report, no_report

Value = float | int | bool | str | None
Result = TypeVar("Result")
KINDS: tuple[type, ...] = (float, int, bool, str)
DEFAULT_ORDER = 1000
"""The ``order`` of a metric that does not set one: it comes after those that do."""


class Need(enum.Enum):
    """An input of a metric.  Where it is not available the metric is not computed, and the state of
    its :class:`Measurement` is the text given here."""

    MAP = "the map shows nothing"  # a map that can be ranked; else the state is the map's own
    CURVES = "no curves were measured"
    PROBE = "no perturbed images were asked for"  # scoring them costs forward passes
    ORDERS = "the baseline orders were not measured"
    LESION_MASK = "nothing is marked"
    BREAST = "no breast was found"
    EXACT_MAP = "the exact map is not known yet"


IS_EXACT = "the map is the exact one"
"""The reason why an exact map is not compared with an exact map."""


@dataclass(frozen=True)
class Measurement:
    """``value``: finite, or None.  ``error``: the estimate of its absolute error, at least 0; None
    where there is no estimate.  ``state``: the reason why there is no value; empty where there is.

    NumPy scalars are converted to Python's.

    Raises:
        ValueError: neither a value nor a state, or both; a number that is not finite.
    """

    value: Value
    error: float | None = None
    state: str = ""

    def __post_init__(self) -> None:
        for name in ("value", "error"):
            given = getattr(self, name)
            plain = given.item() if isinstance(given, np.generic) else given
            object.__setattr__(self, name, plain)
            if isinstance(plain, float) and not math.isfinite(plain):
                raise ValueError(f"The {name} is {plain}; give a finite number, or a state.")
        if (self.value is None) is not bool(self.state):
            raise ValueError(
                f"The value is {self.value!r} and the state {self.state!r}; give a value, or None "
                "and the reason."
            )


@dataclass(frozen=True, eq=False)
class MetricInputs:
    """The inputs of the metrics of one map.  Costly ones are computed at first use, and once.

    ``values``: the map, float32 (S, S) in [0, 1] on the network's grid; all 0 unless ``state`` is
    ranked.  ``curves``: the measured pair, or None.  ``orders``: what the pair is compared with, or
    None.  ``find_lesion_mask``: returns bool (S, S) on the network's grid, or None where the case
    has no mask; ``find_breast_mask``: the breast's pixels, likewise.  ``find_findings``: returns
    the marked findings one by one on the same grid, where a finding may be too small for a pixel.
    ``find_probe``: returns the perturbation probe; None where no perturbed images were requested.
    ``approximate``: whether the map approximates a costlier, exact one; ``find_exact_map``: returns
    the exact map, float32 (S, S) in [0, 1], or None where it is not known.  ``report``: see
    :meth:`probabilities`.
    """

    values: FloatArray
    state: MapState
    curves: CurvePair | None = None
    orders: Reliability | None = None
    find_lesion_mask: Callable[[], BoolArray | None] = lambda: None
    find_findings: Callable[[], tuple[MarkedFinding, ...]] = lambda: ()
    find_breast_mask: Callable[[], BoolArray | None] = lambda: None
    find_probe: Callable[[], PerturbationProbe] | None = None
    approximate: bool = False
    find_exact_map: Callable[[], FloatArray | None] = lambda: None
    report: Report = no_report

    @cached_property
    def relevance(self) -> NDArray[np.float64]:
        """The mean of the map in each of the 24 x 24 patches, (576,), row-major.

        Raises:
            BadRequest: S is less than 24.
        """
        return patches.relevance(self.values)

    @cached_property
    def lesion_mask(self) -> BoolArray | None:
        """bool (S, S) with at least one pixel True; None where no pixel is marked."""
        mask = self.find_lesion_mask()
        return mask if mask is not None and mask.any() else None

    @cached_property
    def findings(self) -> tuple[MarkedFinding, ...]:
        """The marked findings one by one; the regions of the lesion mask where they are not given.
        Read by metrics that need ``Need.LESION_MASK``."""
        return self.find_findings() or regions(self.lesion_mask)

    @cached_property
    def breast_mask(self) -> BoolArray | None:
        """bool (S, S) with at least one pixel True; None where no breast was found."""
        mask = self.find_breast_mask()
        return mask if mask is not None and mask.any() else None

    @cached_property
    def exact_map(self) -> FloatArray | None:
        """float32 (S, S) in [0, 1]; None where the map itself is exact or the exact one is not
        known."""
        return self.find_exact_map() if self.approximate else None

    @cached_property
    def probe(self) -> PerturbationProbe | None:
        """The perturbation probe; None where no perturbed images were requested."""
        return None if self.find_probe is None else self.find_probe()

    def probabilities(self, kept: BoolArray) -> NDArray[np.float64]:
        """P of the images that show the patches ``kept`` (n, 576), float64 (n,).

        Cached: equal masks are scored once for all metrics, methods and curves.

        Raises:
            ModelError: a logit that is not finite.
            Cancelled: raised by ``report``; scores computed so far stay in the cache.
        """
        if self.probe is None:
            raise ValueError("a metric that scores perturbed images must need Need.PROBE")
        return self.probe.probabilities(kept, self.report)

    def once(self, work: Callable[[MetricInputs], Result]) -> Result:
        """``work(self)``, computed once for all metrics that call it."""
        if work not in self._results:
            self._results[work] = work(self)
        found: Result = self._results[work]
        return found

    @cached_property
    def _results(self) -> dict[Callable[..., Any], Any]:
        return {}

    def missing(self, need: Need) -> str:
        """The reason why the input ``need`` is not available; empty where it is."""
        if need is Need.MAP:
            return "" if self.state.ranked else str(self.state)
        if need is Need.EXACT_MAP and not self.approximate:
            return IS_EXACT
        available = {
            Need.CURVES: lambda: self.curves is not None,
            Need.PROBE: lambda: self.find_probe is not None,
            Need.ORDERS: lambda: self.orders is not None,
            Need.LESION_MASK: lambda: self.lesion_mask is not None,
            Need.BREAST: lambda: self.breast_mask is not None,
            Need.EXACT_MAP: lambda: self.exact_map is not None,
        }
        return "" if available[need]() else need.value


Measured = Mapping[str, Measurement]
"""Measurements by the name of their metric."""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A metric of a map.

    Attributes:
        name: snake_case; the column in rows, the key in manifests.
        title: the name shown to users.
        unit: the unit of the value.
        better: "higher", "lower", or None where neither is better.
        reference: the paper it is from.
        description: one plain sentence.
        compute: computes the measurement; called only where everything in ``needs`` is available.
        needs: every input that ``compute`` reads besides ``values`` and ``state``.
        kind: the type of the value: float, int, bool or str.
        order: position among the metrics, the lowest first; equal numbers are ordered by name.
        error_column: the column of the error; empty where there is no error estimate.
        averaged: whether the mean over images is meaningful (of a bool: the share).
        line: returns the line shown on the page, from all measurements; empty for none.  None:
            title, value, unit and description, where there is a value.

    Raises:
        ValueError: a field is missing or not allowed.
    """

    name: str
    title: str
    unit: str
    better: str | None
    reference: str
    description: str
    compute: Callable[[MetricInputs], Measurement]
    needs: Collection[Need] = ()
    kind: type = float
    order: int = DEFAULT_ORDER
    error_column: str = ""
    averaged: bool = True
    line: Callable[[Measured], str] | None = None

    def __post_init__(self) -> None:
        for column in (self.name, *([self.error_column] if self.error_column else [])):
            if not re.fullmatch("[a-z][a-z0-9_]*", column):
                raise ValueError(
                    f"A metric's column is {column!r}; give lower-case letters, digits and _."
                )
        for field in ("title", "unit", "reference", "description"):
            if not getattr(self, field).strip():
                raise ValueError(f"The metric {self.name} has no {field}; give one.")
        if self.better not in ("higher", "lower", None):
            raise ValueError(
                f"The metric {self.name} is better {self.better!r}; allowed are 'higher', "
                "'lower' and None."
            )
        if self.kind not in KINDS:
            raise ValueError(
                f"The metric {self.name} is of kind {self.kind!r}; allowed are float, int, bool "
                "and str."
            )

    @property
    def columns(self) -> dict[str, type]:
        """The metric's columns in rows, and their types."""
        return {self.name: self.kind, **({self.error_column: float} if self.error_column else {})}

    def measure(self, inputs: MetricInputs) -> Measurement:
        """The measurement, or the reason why there is none.

        Raises:
            TypeError: ``compute`` returned a value of another kind, or an error without a column.
        """
        reason = next(filter(None, map(inputs.missing, self.needs)), "")
        if reason:
            return Measurement(None, state=reason)
        found = self.compute(inputs)
        if found.value is not None and type(found.value) is not self.kind:
            raise TypeError(
                f"The metric {self.name} gave {found.value!r}; its kind is {self.kind.__name__}."
            )
        if found.error is not None and not self.error_column:
            raise TypeError(f"The metric {self.name} gave an error but has no error_column.")
        return found

    def page_line(self, measured: Measured) -> str:
        """The metric's line on the page; empty for none."""
        found = measured.get(self.name)
        if found is None:
            return ""
        if self.line is not None:
            return self.line(measured)
        if found.value is None:
            return ""
        return f"{self.title}: {formatted(found)} {self.unit}. {self.description}"


def formatted(found: Measurement) -> str:
    """A value with its error as text: ``0.250 ± 0.010``, ``yes``, ``17``."""
    if isinstance(found.value, bool):
        return "yes" if found.value else "no"
    if not isinstance(found.value, float):
        return str(found.value)
    error = "" if not found.error else f" ± {found.error:.3f}"
    return f"{found.value:.3f}{error}"


def no_line(measured: Measured) -> str:  # noqa: ARG001
    """The ``line`` of a metric that the page shows elsewhere or in another metric's line."""
    return ""
