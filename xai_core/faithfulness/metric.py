"""What a measure of a map is: what it is called, what it reads, and what it answers.

A measure is one file in :mod:`xai_core.faithfulness.metrics`; nothing else names it.
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
from xai_core.types import BoolArray, FloatArray, MapState, Report, no_report

Value = float | int | bool | str | None
Result = TypeVar("Result")
KINDS: tuple[type, ...] = (float, int, bool, str)
DEFAULT_ORDER = 1000
"""The ``order`` of a measure that does not give one: after those that do."""


class Need(enum.Enum):
    """What a measure reads.  Where it is missing the measure is not computed, and the
    :class:`Measurement` says so in the words given here."""

    MAP = "the map shows nothing"  # a map whose state is OK; else the map's state is said
    CURVES = "no curves were measured"
    PROBE = "no perturbed images were asked for"  # scoring them costs forward passes
    ORDERS = "the baseline orders were not measured"
    LESION_MASK = "nothing is marked"
    EXACT_MAP = "the exact map is not known yet"


IS_EXACT = "the map is the exact one"
"""Why a map that approximates none is not compared with the exact one."""


@dataclass(frozen=True)
class Measurement:
    """``value``: finite, or None.  ``error``: the estimate of its absolute error, at least 0; None
    where there is no estimate.  ``state``: why there is no value, in words; empty where there is.

    NumPy's scalars become Python's.

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
    """What a measure may read.  What is costly is made when it is first read, and once.

    ``values``: the map, float32 (S, S) in [0, 1] on the network's grid; all 0 unless ``state`` is
    OK.  ``curves``: the pair measured, or None.  ``orders``: the pairs of four orders of patches,
    or None.  ``find_lesion_mask``: gives bool (S, S) on the network's grid, or None where the case
    has none.  ``find_probe``: gives the image under perturbation; None where no perturbed image was
    asked for.  ``approximate``: whether the map stands in for a costlier, exact one;
    ``find_exact_map``: gives that one, float32 (S, S) in [0, 1], or None where it is not known.
    ``report``: see :meth:`probabilities`.
    """

    values: FloatArray
    state: MapState
    curves: CurvePair | None = None
    orders: Reliability | None = None
    find_lesion_mask: Callable[[], BoolArray | None] = lambda: None
    find_probe: Callable[[], PerturbationProbe] | None = None
    approximate: bool = False
    find_exact_map: Callable[[], FloatArray | None] = lambda: None
    report: Report = no_report

    @cached_property
    def relevance(self) -> NDArray[np.float64]:
        """The mean of the map in each of the 24 x 24 patches, (576,), row-major.

        Raises:
            BadRequest: S is not a multiple of 24.
        """
        return patches.relevance(self.values)

    @cached_property
    def lesion_mask(self) -> BoolArray | None:
        """bool (S, S), at least one pixel True; None where nothing is marked."""
        mask = self.find_lesion_mask()
        return mask if mask is not None and mask.any() else None

    @cached_property
    def exact_map(self) -> FloatArray | None:
        """float32 (S, S) in [0, 1]; None where the map is the exact one, or that is not known."""
        return self.find_exact_map() if self.approximate else None

    @cached_property
    def probe(self) -> PerturbationProbe | None:
        """The image, its blurred copy, the class and the scorer; None unless asked for."""
        return None if self.find_probe is None else self.find_probe()

    def probabilities(self, kept: BoolArray) -> NDArray[np.float64]:
        """P of the images that show the patches ``kept`` (n, 576), float64 (n,).

        Remembered: equal masks are scored once, whoever asks.

        Raises:
            ModelError: a logit that is not finite.
            Cancelled: nobody waits for it any more; what was scored is kept.
        """
        if self.probe is None:
            raise ValueError("a measure that scores perturbed images must need Need.PROBE")
        return self.probe.probabilities(kept, self.report)

    def once(self, work: Callable[[MetricInputs], Result]) -> Result:
        """``work(self)``, done once however many measures of a file ask for it."""
        if work not in self._done:
            self._done[work] = work(self)
        found: Result = self._done[work]
        return found

    @cached_property
    def _done(self) -> dict[Callable[..., Any], Any]:
        return {}

    def missing(self, need: Need) -> str:
        """Why ``need`` cannot be met, in words; empty where it can."""
        if need is Need.MAP:
            return "" if self.state is MapState.OK else str(self.state)
        if need is Need.EXACT_MAP and not self.approximate:
            return IS_EXACT
        at_hand = {
            Need.CURVES: lambda: self.curves is not None,
            Need.PROBE: lambda: self.find_probe is not None,
            Need.ORDERS: lambda: self.orders is not None,
            Need.LESION_MASK: lambda: self.lesion_mask is not None,
            Need.EXACT_MAP: lambda: self.exact_map is not None,
        }
        return "" if at_hand[need]() else need.value


Measured = Mapping[str, Measurement]
"""Measurements by the name of their measure."""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A measure of a map.

    Attributes:
        name: snake_case; the column in rows, the key in manifests.
        title: for people.
        unit: of the value.
        better: "higher", "lower", or None where neither is.
        reference: the paper it is from, or what it belongs to.
        description: one plain sentence.
        compute: called only where everything in ``needs`` is at hand.
        needs: what ``compute`` reads besides ``values`` and ``state``; it must name all of it.
        kind: float, int, bool or str: the type of a value.
        order: where it stands among the measures, the lowest first; then by name.
        error_column: the column of the error; empty where the value has no estimate of one.
        averaged: whether a mean over images says something (of a bool: the share).
        line: what the page says of all measurements; empty for nothing.  None: title, value, unit
            and description, where there is a value.

    Raises:
        ValueError: a field that is missing or not allowed.
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
                    f"A measure's column is {column!r}; give lower-case letters, digits and _."
                )
        for field in ("title", "unit", "reference", "description"):
            if not getattr(self, field).strip():
                raise ValueError(f"The measure {self.name} has no {field}; give one.")
        if self.better not in ("higher", "lower", None):
            raise ValueError(
                f"The measure {self.name} is better {self.better!r}; allowed are 'higher', "
                "'lower' and None."
            )
        if self.kind not in KINDS:
            raise ValueError(
                f"The measure {self.name} is of kind {self.kind!r}; allowed are float, int, bool "
                "and str."
            )

    @property
    def columns(self) -> dict[str, type]:
        """Its columns in rows, and their types."""
        return {self.name: self.kind, **({self.error_column: float} if self.error_column else {})}

    def measure(self, inputs: MetricInputs) -> Measurement:
        """The measurement, or why there is none.

        Raises:
            TypeError: ``compute`` gave a value of another kind, or an error without a column.
        """
        why = next(filter(None, map(inputs.missing, self.needs)), "")
        if why:
            return Measurement(None, state=why)
        found = self.compute(inputs)
        if found.value is not None and type(found.value) is not self.kind:
            raise TypeError(
                f"The measure {self.name} gave {found.value!r}; its kind is {self.kind.__name__}."
            )
        if found.error is not None and not self.error_column:
            raise TypeError(f"The measure {self.name} gave an error but has no error_column.")
        return found

    def page_line(self, measured: Measured) -> str:
        """What the page says of it; empty for nothing."""
        found = measured.get(self.name)
        if found is None:
            return ""
        if self.line is not None:
            return self.line(measured)
        if found.value is None:
            return ""
        return f"{self.title}: {formatted(found)} {self.unit}. {self.description}"


def formatted(found: Measurement) -> str:
    """A value for people, with its error: ``0.250 ± 0.010``, ``yes``, ``17``."""
    if isinstance(found.value, bool):
        return "yes" if found.value else "no"
    if not isinstance(found.value, float):
        return str(found.value)
    error = "" if not found.error else f" ± {found.error:.3f}"
    return f"{found.value:.3f}{error}"


def no_line(measured: Measured) -> str:  # noqa: ARG001
    """The line of a measure that the page shows elsewhere, or within another's sentence."""
    return ""
