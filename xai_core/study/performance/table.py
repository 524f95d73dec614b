"""The model's performance as a Markdown document."""

from __future__ import annotations

import math
from dataclasses import dataclass

from xai_core.model.spec import ModelSpec
from xai_core.study.performance.groups import LEAST, Group
from xai_core.study.performance.judge import GRID
from xai_core.study.performance.summary import Performance
from xai_core.viz.text_tables import markdown_escaped, markdown_table


@dataclass(frozen=True)
class About:
    """What was measured.  ``cases``: with a known pathology, as asked for; ``unreadable``: of
    them, those that could not be read."""

    source: str
    is_phantom: bool
    spec: ModelSpec
    cases: int
    unreadable: int


def decisions(found: Performance) -> list[tuple[str, str]]:
    """The lines of the first table."""
    counts = found.confusion
    auc = "not defined: all cases are of one class"
    if not math.isnan(found.auc):
        auc = f"{found.auc:.3f} ({found.auc_low:.3f} to {found.auc_high:.3f})"
    return [
        ("images (patients)", f"{found.images} ({found.patients})"),
        ("AUC of malignant against the rest (95 % interval)", auc),
        *((name.upper(), str(getattr(counts, name))) for name in ("tp", "tn", "fp", "fn")),
        ("sensitivity (95 % interval)", found.sensitivity.percent),
        ("specificity (95 % interval)", found.specificity.percent),
        ("expected calibration error", f"{found.calibration_error:.3f}"),
    ]


def group_line(group: Group) -> tuple[str, ...]:
    """One group."""
    return (
        markdown_escaped(group.kind), markdown_escaped(group.value),
        group.sensitivity.count, group.sensitivity.percent,
        group.specificity.count, group.specificity.percent,
    )  # fmt: skip


def calibration_lines(found: Performance) -> list[tuple[str, ...]]:
    """A line per bin; "-" where it is empty."""
    return [
        (
            f"{b.low:.1f} to {b.high:.1f}",
            str(b.n),
            *(f"{v:.3f}" if b.n else "-" for v in (b.predicted, b.observed)),
        )
        for b in found.curve
    ]


def notes(about: About) -> list[str]:
    """What a reader must know, one sentence or two each."""
    kind = "synthetic phantoms" if about.is_phantom else "images"
    return [
        f"Cases: {about.source} ({kind}), those with a known pathology; {about.unreadable} of "
        f"{about.cases} cannot be read. Weights {about.spec.sha256[:12]}; operating threshold "
        f"{about.spec.threshold:g} on P(malignant).",
        "The AUC's interval is a percentile bootstrap over patients, 2000 replicates, seed 0. All "
        "others are Wilson's and take images as independent; views of one patient resemble each "
        "other, so they are somewhat too narrow.",
        "Groups are small, and many are compared: a difference is a reason to look, not a finding. "
        f"A descriptor's value is shown where at least {LEAST} malignant cases have it. The "
        f"diameter is that of a disc as large as all that is marked, in px at {GRID}; its limits "
        "are tertiles of the malignant cases.",
        "Expected calibration error: the distance between observed fraction and mean P(malignant), "
        "weighted by the cases in a bin (Guo et al. 2017). It depends on how many of the cases "
        "are malignant: a share chosen for teaching or for training is no prevalence.",
    ]


def markdown(found: Performance, about: About) -> str:
    """The whole result as a document."""
    group_head = (
        "cases by", "", "called malignant / malignant", "sensitivity (95 % interval)",
        "not called so / benign, normal", "specificity (95 % interval)",
    )  # fmt: skip
    bin_head = ("P(malignant)", "images", "mean P(malignant)", "malignant, observed fraction")
    out = [
        f"# Performance on {markdown_escaped(about.source)}",
        "",
        *markdown_table(("", ""), decisions(found)),
    ]
    out += ["", "## Groups", "", *markdown_table(group_head, [group_line(g) for g in found.groups])]
    out += ["", "## Calibration", "", *markdown_table(bin_head, calibration_lines(found))]
    out += ["", "## Notes", "", *(f"- {markdown_escaped(note)}" for note in notes(about))]
    return "\n".join(out) + "\n"
