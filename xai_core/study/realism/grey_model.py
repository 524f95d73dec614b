"""The Gaussian model of grey levels that the phantom generator draws from, fitted to real images.

For each kind of image, fourteen figures describe its grey levels: logarithms of the percentiles
within the breast and of the skin profile (:mod:`xai_core.study.realism.measure`).  The model is
their mean and the largest principal components of their covariance.

- Low-energy images: the logarithms of the percentiles and of the profile, over the whole breast.
  The components are in units of the figures.
- Recombined images: the logarithm of the median; of the steps between the logarithms of
  neighbouring percentiles, which keeps drawn percentiles in order; and of the profile.  Marked
  regions are left out.  The components are in standard deviations.

Only patients with an odd number are used unless told otherwise: those with an even one are kept for
testing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xai_core.cases.base import CaseSource
from xai_core.errors import CaseError
from xai_core.list_text import counted
from xai_core.statistics.bootstrap import mean_interval
from xai_core.study.realism.measure import (
    DEPTHS,
    LOW_ENERGY,
    PERCENTILES,
    RECOMBINED,
    Square,
    skin_depth,
    skin_profile,
    to_square,
)
from xai_core.study.selection import is_odd
from xai_core.types import Case, CaseRecord

Floats = NDArray[np.float64]

FIGURES = len(PERCENTILES) + len(DEPTHS)
COMPONENTS = 7
_MIDDLE = PERCENTILES.index(50)
_DARKEST = 1.0  # grey level; darker figures count as this one, since 0 has no logarithm
_SKIN = tuple(f"skin, {px} px deep" for px in DEPTHS)
TITLES = {
    LOW_ENERGY: (*(f"{q} % percentile" for q in PERCENTILES), *_SKIN),
    RECOMBINED: (
        "median",
        *(f"step {a} to {b} %" for a, b in pairwise(PERCENTILES)),
        *_SKIN,
    ),
}

# --- The figures of an image ------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class GreyFigures:
    """``values``: float64 (FIGURES,), in the order of ``TITLES``; NaN where one is not defined."""

    patient_id: str
    kind: str
    values: Floats


def grey_figures(case: Case) -> list[GreyFigures]:
    """The figures of each of the case's images."""
    square = to_square(case.image, None, case.laterality)
    found = [GreyFigures(case.patient_id, LOW_ENERGY, np.log(_levels(square)))]
    if case.recombined is not None:
        square = to_square(case.recombined, case.recombined_mask, case.laterality)
        values = np.log(_levels(square))
        with np.errstate(divide="ignore"):
            steps = np.log(np.diff(values[: len(PERCENTILES)]))
        values = np.r_[values[_MIDDLE], steps, values[len(PERCENTILES) :]]
        values[np.isinf(values)] = np.nan  # two percentiles are equal
        found.append(GreyFigures(case.patient_id, RECOMBINED, values))
    return found


def _levels(square: Square) -> Floats:
    """Percentiles and skin profile outside the marked regions, grey 1..255; NaN where there is no
    pixel."""
    free = square.breast if square.marked is None else square.breast & ~square.marked
    if not free.any():
        return np.full(FIGURES, np.nan)
    depth = np.where(free, skin_depth(square), np.inf).astype(np.float32)
    levels = np.r_[
        np.percentile(square.grey[free], PERCENTILES), [*skin_profile(square, depth).values()]
    ]
    return np.asarray(levels, dtype=np.float64).clip(_DARKEST)


def fittable(
    source: CaseSource, *, all_patients: bool = False, limit: int | None = None
) -> tuple[CaseRecord, ...]:
    """The first ``limit`` cases of patients with an odd number, or of all patients.

    Raises:
        CaseError: there is none.
    """
    found = [r for r in source.records() if all_patients or is_odd(r.patient_id)]
    if not found:
        whose = "" if all_patients else " of a patient with an odd number"
        raise CaseError(f"{source.name} has no case{whose}; give a CDD-CESM release folder.")
    return tuple(found[:limit])


# --- The model --------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class GreyModel:
    """Figures are distributed as ``mean`` + ``spread`` * (z @ ``components``) with z standard
    normal; shapes (FIGURES,), (FIGURES,) and (k, FIGURES)."""

    mean: Floats
    spread: Floats
    components: Floats

    @property
    def covariance(self) -> Floats:
        """The covariance of the figures, (FIGURES, FIGURES)."""
        scaled = self.components * self.spread
        return np.asarray(scaled.T @ scaled)

    @property
    def deviation(self) -> Floats:
        """The standard deviation of each figure, (FIGURES,)."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))

    @property
    def correlation(self) -> Floats:
        """The correlation of the figures, (FIGURES, FIGURES)."""
        return np.asarray(self.covariance / np.outer(self.deviation, self.deviation))


@dataclass(frozen=True, eq=False)
class GreyFit:
    """A model fitted to ``images`` images of ``patients`` patients.  ``left_out``: images that lack
    a figure.  ``low``, ``high``: 95 % interval of the mean, a bootstrap by patient.
    ``explained``: the share of the variance (low-energy: of the logarithms; recombined: of the
    standardised figures) that the components keep, in [0, 1]."""

    kind: str
    model: GreyModel
    low: Floats
    high: Floats
    explained: float
    images: int
    patients: int
    left_out: int


def fit_grey_model(figures: Sequence[GreyFigures], kind: str, seed: int = 0) -> GreyFit:
    """Fit the model of one kind of image.

    Args:
        figures: of any kind; those of others are not used.
        kind: LOW_ENERGY or RECOMBINED.
        seed: sets the replicates of the intervals.

    Raises:
        CaseError: no more complete images than figures, or a figure that does not vary.
    """
    of_kind = [f for f in figures if f.kind == kind]
    complete = [f for f in of_kind if np.isfinite(f.values).all()]
    if len(complete) <= FIGURES:
        raise CaseError(
            counted(len(complete), f"{kind} image has", f"{kind} images have")
            + f" all {FIGURES} figures; give a CDD-CESM folder "
            f"with at least {FIGURES + 1} of them."
        )
    values = np.stack([f.values for f in complete])
    deviation = values.std(0, ddof=1)
    if not (deviation > 0).all():
        name = TITLES[kind][int(deviation.argmin())]
        raise CaseError(f"The {kind} images have equal values of “{name}”; give other images.")
    spread = deviation if kind == RECOMBINED else np.ones(FIGURES)
    variance, axes = np.linalg.eigh(np.cov((values / spread).T))
    largest = np.argsort(-variance)[:COMPONENTS]
    components = (axes[:, largest] * np.sqrt(variance[largest])).T
    # An axis has no direction: the sum of its coefficients is made positive.
    components *= np.where(components.sum(1, keepdims=True) < 0, -1.0, 1.0)
    patients = [f.patient_id for f in complete]
    intervals = [mean_interval(column, patients, seed=seed) for column in values.T]
    low, high = np.array(intervals).T
    return GreyFit(
        kind, GreyModel(values.mean(0), spread, components), low, high,
        float(variance[largest].sum() / variance.sum()), len(complete), len(set(patients)),
        len(of_kind) - len(complete),
    )  # fmt: skip


# --- Text -------------------------------------------------------------------------------------

HEAD = ("figure", "mean, fitted [95 % by patient]", "in the code", "SD, fitted", "in the code")


def rows(fit: GreyFit, code: GreyModel) -> list[tuple[str, ...]]:
    """The rows of the table under ``HEAD``: each figure of the fit beside that in the code.  The
    SDs are those of the model, that is of its components."""
    columns = (
        TITLES[fit.kind], fit.model.mean, fit.low, fit.high, code.mean, fit.model.deviation,
        code.deviation,
    )  # fmt: skip
    return [
        (title, f"{mean:.3f} [{low:.3f} to {high:.3f}]", *(f"{v:.3f}" for v in others))
        for title, mean, low, high, *others in zip(*columns, strict=True)
    ]


def sentences(fit: GreyFit, code: GreyModel) -> list[str]:
    """What was fitted, and how far the code's constants are from it."""
    titles = TITLES[fit.kind]
    shift = code.mean - fit.model.mean
    ratio = code.deviation / fit.model.deviation
    apart = np.abs(code.correlation - fit.model.correlation)
    a, b = (int(i) for i in np.unravel_index(apart.argmax(), apart.shape))
    outside = int(((code.mean < fit.low) | (code.mean > fit.high)).sum())
    worst = int(np.abs(shift).argmax())
    missing = f", {fit.left_out} left out for a missing figure" if fit.left_out else ""
    return [
        f"Fitted to {fit.images} images of {fit.patients} patients{missing}; {COMPONENTS} "
        f"components keep {fit.explained:.1%} of the variance.",
        f"Means in the code: {outside} of {FIGURES} outside the interval; the largest difference "
        f"is {shift[worst]:+.3f} ({titles[worst]}).",
        f"SDs in the code: {ratio.min():.2f} to {ratio.max():.2f} of the fitted ones. "
        f"Correlations: the largest difference is {apart[a, b]:.2f} "
        f"({titles[a]} with {titles[b]}).",
    ]


def as_code(fit: GreyFit) -> str:
    """The fitted constants as they stand in the generator."""
    parts = {"MEAN": fit.model.mean, "SPREAD": fit.model.spread, "COMPONENTS": fit.model.components}
    if fit.kind == LOW_ENERGY:
        del parts["SPREAD"]  # all 1
    layout: dict[str, Any] = {"precision": 3, "separator": ", ", "suppress_small": True}
    return "\n".join(
        f"{name} = np.array({np.array2string(value, **layout)})" for name, value in parts.items()
    )
