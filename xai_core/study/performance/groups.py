"""Sensitivity and specificity of groups of cases: by descriptor, density, view, lesion size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xai_core.statistics.proportion import Proportion
from xai_core.study.performance.judge import GRID, Judged

LEAST = 3  # malignant cases below which nothing is said of a descriptor's value
NOT_GIVEN = "not given"
UNMARKED = "nothing marked"


@dataclass(frozen=True)
class Group:
    """``kind``: what cases are grouped by.  ``sensitivity``: of its malignant cases, those called
    malignant.  ``specificity``: of its benign and normal cases, those not called so."""

    kind: str
    value: str
    sensitivity: Proportion
    specificity: Proportion


def split(judged: Sequence[Judged]) -> tuple[Group, ...]:
    """Every group, by kind.

    A descriptor's value is a group where at least ``LEAST`` malignant cases have it.  Sizes are
    tertiles of the malignant cases' diameters; other cases are sorted by the same limits.
    """
    records = [j.record for j in judged]
    out = _by("pathology", judged, [str(r.pathology) for r in records])
    for term in sorted({term for r in records for term in r.descriptors}):
        known = [j for j in judged if term in j.record.descriptors]
        values = [j.record.descriptors[term] for j in known]
        out += [g for g in _by(term, known, values) if g.sensitivity.whole >= LEAST]
    out += _by("density", judged, [r.density or NOT_GIVEN for r in records])
    out += _by("view", judged, [r.view or NOT_GIVEN for r in records])
    return tuple(out + _by_size(judged))


def _by(kind: str, judged: Sequence[Judged], values: Sequence[str]) -> list[Group]:
    """A group per value; ``values`` has one for each case."""
    return [
        _group(kind, name, [j for j, v in zip(judged, values, strict=True) if v == name])
        for name in sorted(set(values), key=lambda v: (v == NOT_GIVEN, v))
    ]


def _group(kind: str, value: str, judged: Sequence[Judged]) -> Group:
    return Group(
        kind,
        value,
        Proportion.of(j.correct for j in judged if j.malignant),
        Proportion.of(j.correct for j in judged if not j.malignant),
    )


def _by_size(judged: Sequence[Judged]) -> list[Group]:
    """Tertiles; none where fewer than ``LEAST`` malignant cases have a mark."""
    sizes = [j.diameter for j in judged if j.malignant and j.diameter is not None]
    if len(sizes) < LEAST:
        return []
    low, high = (float(v) for v in np.quantile(sizes, [1 / 3, 2 / 3]))
    titles = (f"up to {low:.0f}", f"{low:.0f} to {high:.0f}", f"above {high:.0f}")
    parts: dict[str, list[Judged]] = {}
    for number, title in enumerate(titles):
        limits = [float("-inf"), low, high, float("inf")][number : number + 2]
        parts[title] = [
            j for j in judged if j.diameter is not None and limits[0] < j.diameter <= limits[1]
        ]
    parts[UNMARKED] = [j for j in judged if j.diameter is None]
    kind = f"lesion diameter, px at {GRID}"
    return [_group(kind, title, part) for title, part in parts.items() if part]
