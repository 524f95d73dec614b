"""Performance of the classifier: AUC, sensitivity and specificity, also by groups of cases, and
calibration; and the result as a Markdown document."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from xai_core.explain.explainer import Explainer
from xai_core.model.spec import ModelSpec
from xai_core.preprocessing.letterbox import Geometry
from xai_core.statistics.auc import auc_interval, roc_auc
from xai_core.statistics.bootstrap import MIN_PATIENTS, REPLICATES
from xai_core.statistics.calibration import (
    BINS,
    Bin,
    ChanceError,
    bin_of,
    calibration,
    calibration_error,
    calibration_error_by_chance,
    calibration_error_interval,
)
from xai_core.statistics.proportion import Confusion, Proportion
from xai_core.study.predictions import PredictionRow, predict_case
from xai_core.types import BoolArray, Case, CaseRecord, Outcome
from xai_core.viz.text_tables import markdown_escaped, markdown_table

# --- Scored cases -----------------------------------------------------------------------------

GRID = 384  # px: diameters are given on a grid of this side, for networks of any input size


@dataclass(frozen=True)
class ScoredCase:
    """``row``: the prediction.  ``record``: the case's metadata.  ``diameter``: px at ``GRID``, of
    a disc with the area of the lesion mask; None where no pixel is marked."""

    row: PredictionRow
    record: CaseRecord
    diameter: float | None

    @property
    def malignant(self) -> bool:
        """Whether the ground truth is malignant."""
        return self.record.class_index == 1

    @property
    def correct(self) -> bool:
        """Whether the decision at the operating threshold matches the ground truth."""
        return self.row.outcome in (Outcome.TP, Outcome.TN)


def score_case(explainer: Explainer, case: Case, record: CaseRecord) -> ScoredCase:
    """Predict ``case``, whose pathology is known; ``record`` is the case without its pixels.

    Raises:
        ModelError: the network returned a value that is not a finite number.
    """
    row = predict_case(explainer, case)
    geometry = explainer.context(case).prepared.geometry
    return ScoredCase(row, record, equivalent_diameter(case.lesion_mask, geometry))


def equivalent_diameter(mask: BoolArray | None, geometry: Geometry) -> float | None:
    """The diameter, px at ``GRID``, of a disc with the area of ``mask`` (H, W); None where no pixel
    is marked."""
    if mask is None or not mask.any():
        return None
    scale = geometry.scale * GRID / geometry.size
    return float(2 * math.sqrt(np.count_nonzero(mask) / math.pi) * scale)


# --- Groups of cases --------------------------------------------------------------------------

MIN_MALIGNANT = 3  # malignant cases that a descriptor's value needs to form a group
NOT_GIVEN = "not given"
UNMARKED = "nothing marked"


@dataclass(frozen=True)
class Group:
    """``kind``: the property that cases are grouped by, ``value``: its value in this group.
    ``sensitivity``: the proportion of its malignant cases called malignant.  ``specificity``: the
    proportion of its benign and normal cases not called malignant."""

    kind: str
    value: str
    sensitivity: Proportion
    specificity: Proportion


def split(scored: Sequence[ScoredCase]) -> tuple[Group, ...]:
    """All groups, by pathology, descriptors, density, view and lesion size.

    A descriptor's value is a group where at least ``MIN_MALIGNANT`` malignant cases have it.  The
    sizes are tertiles of the malignant cases' diameters; the same limits are used for other cases.
    """
    records = [case.record for case in scored]
    out = _by("pathology", scored, [str(r.pathology) for r in records])
    for term in sorted({term for r in records for term in r.descriptors}):
        known = [case for case in scored if term in case.record.descriptors]
        values = [case.record.descriptors[term] for case in known]
        out += [g for g in _by(term, known, values) if g.sensitivity.whole >= MIN_MALIGNANT]
    out += _by("density", scored, [r.density or NOT_GIVEN for r in records])
    out += _by("view", scored, [r.view or NOT_GIVEN for r in records])
    return tuple(out + _by_size(scored))


def _by(kind: str, scored: Sequence[ScoredCase], values: Sequence[str]) -> list[Group]:
    """One group per value; ``values``: the value of each case."""
    return [
        _group(kind, name, [case for case, v in zip(scored, values, strict=True) if v == name])
        for name in sorted(set(values), key=lambda v: (v == NOT_GIVEN, v))
    ]


def _group(kind: str, value: str, scored: Sequence[ScoredCase]) -> Group:
    return Group(
        kind,
        value,
        _share_correct(case for case in scored if case.malignant),
        _share_correct(case for case in scored if not case.malignant),
    )


def _share_correct(scored: Iterable[ScoredCase]) -> Proportion:
    cases = list(scored)
    return Proportion.of((c.correct for c in cases), (c.row.patient_id for c in cases))


def _by_size(scored: Sequence[ScoredCase]) -> list[Group]:
    """Groups by tertile of the diameter; none where fewer than ``MIN_MALIGNANT`` malignant cases
    have a diameter."""
    sizes = [c.diameter for c in scored if c.malignant and c.diameter is not None]
    if len(sizes) < MIN_MALIGNANT:
        return []
    low, high = (float(v) for v in np.quantile(sizes, [1 / 3, 2 / 3]))
    titles = (f"up to {low:.0f}", f"{low:.0f} to {high:.0f}", f"above {high:.0f}")
    parts: dict[str, list[ScoredCase]] = {}
    for number, title in enumerate(titles):
        limits = [float("-inf"), low, high, float("inf")][number : number + 2]
        parts[title] = [
            c for c in scored if c.diameter is not None and limits[0] < c.diameter <= limits[1]
        ]
    parts[UNMARKED] = [c for c in scored if c.diameter is None]
    kind = f"lesion diameter, px at {GRID}"
    return [_group(kind, title, part) for title, part in parts.items() if part]


# --- All figures ------------------------------------------------------------------------------

_SEED = 0


@dataclass(frozen=True)
class Performance:
    """``auc``: of malignant against the rest, with its 95 % bootstrap interval by patient; NaN
    where all cases are of one class, the interval also where one class has too few patients.
    ``curve``, ``observed``: the bins, and the fraction of each that is malignant.
    ``calibration_error``: see :func:`xai_core.statistics.calibration.calibration_error`, with its
    interval by patient, and the error that chance gives a perfect model (``by_chance``)."""

    images: int
    patients: int
    auc: float
    auc_low: float
    auc_high: float
    confusion: Confusion
    sensitivity: Proportion
    specificity: Proportion
    groups: tuple[Group, ...]
    curve: tuple[Bin, ...]
    observed: tuple[Proportion, ...]
    calibration_error: float
    calibration_error_low: float
    calibration_error_high: float
    by_chance: ChanceError


def summarise(scored: Sequence[ScoredCase]) -> Performance:
    """All figures of the cases, of which there must be at least one."""
    label = [case.malignant for case in scored]
    score = [case.row.probability_malignant for case in scored]
    patients = [case.row.patient_id for case in scored]
    low, high = auc_interval(label, score, patients, seed=_SEED)
    curve = calibration(label, score)
    error_low, error_high = calibration_error_interval(label, score, patients, seed=_SEED)
    place = bin_of(np.asarray(score, dtype=np.float64))
    return Performance(
        images=len(scored),
        patients=len(set(patients)),
        auc=roc_auc(label, score),
        auc_low=low,
        auc_high=high,
        confusion=Confusion.of([case.row.outcome for case in scored]),
        sensitivity=_share_correct(case for case in scored if case.malignant),
        specificity=_share_correct(case for case in scored if not case.malignant),
        groups=split(scored),
        curve=curve,
        observed=tuple(
            Proportion.of(
                (case.malignant for case, at in zip(scored, place, strict=True) if at == number),
                (name for name, at in zip(patients, place, strict=True) if at == number),
            )
            for number in range(BINS)
        ),
        calibration_error=calibration_error(curve),
        calibration_error_low=error_low,
        calibration_error_high=error_high,
        by_chance=calibration_error_by_chance(score, seed=_SEED),
    )


def as_json(found: Performance) -> dict[str, Any]:
    """The figures as JSON values; figures that are not defined are null."""
    out: dict[str, Any] = _clean(dataclasses.asdict(found))
    out["sensitivity"], out["specificity"] = _ratio(found.sensitivity), _ratio(found.specificity)
    out["observed"] = [_ratio(share) for share in found.observed]
    for group, values in zip(found.groups, out["groups"], strict=True):
        values["sensitivity"] = _ratio(group.sensitivity)
        values["specificity"] = _ratio(group.specificity)
    return out


def _ratio(proportion: Proportion) -> dict[str, Any]:
    low, high = proportion.interval
    values = {"value": proportion.value, "low": low, "high": high}
    counts = {name: getattr(proportion, name) for name in ("part", "whole", "patients")}
    return {**counts, **_clean(values)}


def _clean(value: Any) -> Any:
    """``value`` with None in place of NaN, at any depth."""
    if isinstance(value, dict):
        return {key: _clean(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(v) for v in value]
    return None if isinstance(value, float) and math.isnan(value) else value


# --- The document -----------------------------------------------------------------------------


@dataclass(frozen=True)
class About:
    """The subject of the document.  ``cases``: number of requested cases with a known pathology;
    ``unreadable``: of these, the number that could not be read."""

    source: str
    is_phantom: bool
    spec: ModelSpec
    cases: int
    unreadable: int


def decisions(found: Performance) -> list[tuple[str, str]]:
    """The lines of the table of decisions: title and value."""
    counts = found.confusion
    auc = "not defined: all cases are of one class"
    if not math.isnan(found.auc):
        auc = f"{found.auc:.3f} ({_ends(found.auc_low, found.auc_high)})"
    return [
        ("images (patients)", f"{found.images} ({found.patients})"),
        ("AUC of malignant against the rest (95 % interval)", auc),
        *((name.upper(), str(getattr(counts, name))) for name in ("tp", "tn", "fp", "fn")),
        ("sensitivity (95 % interval)", found.sensitivity.percent),
        ("specificity (95 % interval)", found.specificity.percent),
        (
            f"expected calibration error, {BINS} bins of equal width (95 % interval)",
            f"{found.calibration_error:.3f} "
            f"({_ends(found.calibration_error_low, found.calibration_error_high)})",
        ),
        (
            f"the same of a perfectly calibrated model on {found.images} images",
            f"{found.by_chance.mean:.3f} on average; {found.by_chance.high:.3f} or less in 95 of "
            "100",
        ),
    ]


def _ends(low: float, high: float) -> str:
    """The ends of an interval; "-" for NaN."""
    return "-" if math.isnan(low) else f"{low:.3f} to {high:.3f}"


def group_line(group: Group) -> tuple[str, ...]:
    """A group's line of the table."""
    return (
        markdown_escaped(group.kind), markdown_escaped(group.value),
        group.sensitivity.count, group.sensitivity.percent,
        group.specificity.count, group.specificity.percent,
    )  # fmt: skip


def calibration_lines(found: Performance) -> list[tuple[str, ...]]:
    """One line per bin, with "-" where the bin is empty."""
    return [
        (
            f"{b.low:.1f} to {b.high:.1f}",
            f"{b.n} ({share.patients})",
            f"{b.predicted:.3f}" if b.n else "-",
            f"{b.observed:.3f} ({_ends(*share.interval)})" if b.n else "-",
        )
        for b, share in zip(found.curve, found.observed, strict=True)
    ]


def notes(about: About) -> list[str]:
    """Notes on the method and its limits, one or two sentences each."""
    kind = "synthetic phantoms" if about.is_phantom else "images"
    return [
        f"Cases: {about.source} ({kind}), those with a known pathology; {about.unreadable} of "
        f"{about.cases} cannot be read. Weights {about.spec.sha256[:12]}; the "
        f"predicted class is decided by {about.spec.decision_note()}. "
        f"{about.spec.positive_note()}".rstrip(),
        "All intervals are by patient, since images of one patient resemble each other. Of AUC and "
        "calibration error: an expanded percentile bootstrap over patients (Hesterberg 2015), "
        f"{REPLICATES} replicates, seed {_SEED}. Of proportions: Wilson's on the effective number "
        "of images, which is their number divided by the design effect (Rao and Scott 1992); where "
        "every patient has one image, it is Wilson's own. (-): no interval, as there are fewer "
        f"than {MIN_PATIENTS} patients, for the AUC in either class.",
        "Groups are small, and many are compared: a difference is a reason to look, not a finding. "
        f"A descriptor's value is shown where at least {MIN_MALIGNANT} malignant cases have it. "
        f"The diameter is that of a disc as large as all that is marked, in px at {GRID}; its "
        "limits are tertiles of the malignant cases.",
        f"Expected calibration error (ECE): P(malignant) in {BINS} bins of equal width; in each, "
        "the distance between the malignant fraction and the mean P(malignant); their mean, "
        "weighted by the images in a bin (Guo et al. 2017, equation 3, for one class's "
        "probability). It depends on how many of the cases are malignant: a share chosen for "
        "teaching or for training is no prevalence.",
        "A perfectly calibrated model: labels drawn from these same probabilities, each image on "
        f"its own, {REPLICATES} times, seed {_SEED}. Chance alone gives it an error above 0, and "
        "the interval of the ECE leans upwards for the same reason.",
    ]


def markdown(found: Performance, about: About) -> str:
    """The document."""
    group_head = (
        "cases by", "", "called malignant / malignant", "sensitivity (95 % interval)",
        "not called so / benign, normal", "specificity (95 % interval)",
    )  # fmt: skip
    bin_head = (
        "P(malignant)", "images (patients)", "mean P(malignant)",
        "malignant, observed fraction (95 % interval)",
    )  # fmt: skip
    out = [
        f"# Performance on {markdown_escaped(about.source)}",
        "",
        *markdown_table(("", ""), decisions(found)),
    ]
    out += ["", "## Groups", "", *markdown_table(group_head, [group_line(g) for g in found.groups])]
    out += ["", "## Calibration", "", *markdown_table(bin_head, calibration_lines(found))]
    out += ["", "## Notes", "", *(f"- {markdown_escaped(note)}" for note in notes(about))]
    return "\n".join(out) + "\n"
