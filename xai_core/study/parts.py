"""How much each part of the network carries: a classifier's decisions and maps with one part after
the other disabled, see :mod:`xai_core.model.edits`; and the result as a Markdown document."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr
from torch import Tensor

from xai_core.cam.grad_cam import grad_cam
from xai_core.features.ablation import decisions, differences
from xai_core.list_text import counted
from xai_core.model.classifier import Classifier
from xai_core.model.edits import KINDS, PartEdit, applied, cumulative, edited_logits, part_edits
from xai_core.model.spec import ModelSpec
from xai_core.statistics.auc import roc_auc
from xai_core.statistics.proportion import Confusion
from xai_core.types import MALIGNANT, Case, FloatArray, Outcome
from xai_core.viz.text_tables import markdown_escaped, markdown_table

Group = tuple[PartEdit, ...]
Floats = NDArray[np.float64]

# --- Measurement ------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class ScoredGroups:
    """One case.  ``plain``: its logits (classes,).  ``edited``: with each group of edits (n,
    classes).  ``agreement``: Spearman's rank correlation of each group's map with the network's own
    (n,), NaN where one of the two is constant; None where no maps were made."""

    case_id: str
    patient_id: str
    malignant: bool
    plain: Floats
    edited: Floats
    agreement: Floats | None

    def rows(self, groups: Sequence[Group]) -> Iterator[dict[str, Any]]:
        """The rows of a table: a row for the network as it is, and one for each group."""
        logits = [self.plain, *self.edited]
        for k, (group, values) in enumerate(zip(((), *groups), logits, strict=True)):
            map_agreement = None
            if k and self.agreement is not None and not math.isnan(self.agreement[k - 1]):
                map_agreement = float(self.agreement[k - 1])
            yield {
                "case_id": self.case_id,
                "patient_id": self.patient_id,
                "malignant": self.malignant,
                "edit": group[0].kind if group else "",
                "blocks": " ".join(f"{edit.stage + 1}.{edit.block + 1}" for edit in group),
                **{f"logit_{i}": float(value) for i, value in enumerate(values)},
                "map_agreement": map_agreement,
            }


def groups_of(classifier: Classifier) -> tuple[Group, ...]:
    """Every edit of every block alone, then of each kind cumulatively from the last block on."""
    edits = part_edits(classifier.network)
    alone = tuple((edit,) for edit in edits)
    # The last block alone is among the single edits already.
    several = (group for kind in KINDS for group in cumulative(edits, kind)[1:])
    return (*alone, *several)


def score(classifier: Classifier, groups: Sequence[Group], case: Case, maps: bool) -> ScoredGroups:
    """Score ``case`` with the network as it is and with every group of edits.

    Args:
        classifier: of :meth:`Classifier.separate`, used by nothing else meanwhile.
        groups: of :func:`groups_of`.
        case: its pathology is known.
        maps: whether to compare the maps too; each costs a forward and a backward pass.
    """
    inputs = classifier.normalise(classifier.prepare(case.image).grey)
    plain, edited = edited_logits(classifier.network, inputs, groups)
    agreement = None
    if maps:
        own = _map(classifier, inputs)
        agreement = np.array([_agreement(own, classifier, inputs, group) for group in groups])
    return ScoredGroups(
        case.id, case.patient_id, case.class_index == MALIGNANT,
        plain[0].double().cpu().numpy(), edited[:, 0].double().cpu().numpy(), agreement,
    )  # fmt: skip


def _agreement(own: FloatArray, classifier: Classifier, inputs: Tensor, group: Group) -> float:
    with applied(classifier.network, group):
        other = _map(classifier, inputs)
    if np.ptp(own) == 0 or np.ptp(other) == 0:
        return math.nan
    return float(spearmanr(own.ravel(), other.ravel()).statistic)


def _map(classifier: Classifier, inputs: Tensor) -> FloatArray:
    """Grad-CAM of the positive class at the last block of Stage 3, before it is enlarged."""
    layer = classifier.layers[0].name
    activation = classifier.activation(inputs, layer)
    gradient = classifier.gradient(activation, layer, classifier.spec.positive)
    raw: FloatArray = grad_cam(activation[0], gradient[0]).cpu().numpy()
    return raw


# --- Summary ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Effect:
    """What a group of edits changes over the cases.

    ``change``: mean |change of the logit difference|, the positive class's logit minus the highest
    other one.  ``flipped``: share of the cases whose decision changes.  ``auc``, ``sensitivity``,
    ``specificity``: of the edited network, NaN where a class is missing.  ``agreement``: mean rank
    correlation of the maps, NaN where none was made.
    """

    group: Group
    change: float
    flipped: float
    auc: float
    sensitivity: float
    specificity: float
    agreement: float


def effects(
    scored: Sequence[ScoredGroups], groups: Sequence[Group], spec: ModelSpec
) -> tuple[Effect, ...]:
    """First the network as it is, with an empty group, then each group."""
    plain = np.stack([case.plain for case in scored])
    malignant = [case.malignant for case in scored]
    own = decisions(plain, spec)
    maps = [case.agreement for case in scored if case.agreement is not None]
    out = []
    for k, group in enumerate([(), *groups]):
        logits = plain if k == 0 else np.stack([case.edited[k - 1] for case in scored])
        called = decisions(logits, spec)
        counts = Confusion.of([Outcome.of(t, c) for t, c in zip(malignant, called, strict=True)])
        margin = differences(logits, spec.positive)
        known = [] if k == 0 else [m[k - 1] for m in maps if not math.isnan(m[k - 1])]
        out.append(
            Effect(
                tuple(group), float(np.abs(margin - differences(plain, spec.positive)).mean()),
                float(np.mean(called != own)), roc_auc(malignant, margin),
                counts.sensitivity, counts.specificity,
                float(np.mean(known)) if known else math.nan,
            )
        )  # fmt: skip
    return tuple(out)


# --- The document -----------------------------------------------------------------------------

HEAD = (
    "part", "mean change of the logit difference", "decisions changed", "AUC", "sensitivity",
    "specificity", "map's rank correlation",
)  # fmt: skip


def markdown(found: Sequence[Effect], source: str, is_phantom: bool, cases: int, maps: int) -> str:
    """The document: the single edits by falling change, then the cumulative ones by kind."""
    whole, *rest = found
    alone = sorted((e for e in rest if len(e.group) == 1), key=lambda e: -e.change)
    kind = ("phantom", "phantoms") if is_phantom else ("case", "cases")
    lines = [
        f"# What each part of the network carries, on {markdown_escaped(source)}",
        "",
        *markdown_table(HEAD, [_row("the network as it is", whole), *_rows(alone)]),
        "",
        "The same edit in the last blocks together:",
        "",
        *markdown_table(HEAD, list(_cumulative_rows(rest))),
        "",
    ]
    notes = [
        f"Over {counted(cases, *kind)} of known pathology. Maps, of {counted(maps, *kind)}: "
        "Grad-CAM of the positive class at the last block of Stage 3, Spearman's correlation with "
        "the unedited network's.",
        "The logit difference is the positive class's logit minus the highest other one; its "
        "change is given without its sign.",
        "An edited network is one that was never trained so: this shows what the trained network "
        "relies on, not what a network without that part could learn.",
    ]
    return "\n".join([*lines, *(f"- {note}" for note in notes)]) + "\n"


def _rows(found: Sequence[Effect]) -> list[tuple[str, ...]]:
    return [_row(effect.group[0].title, effect) for effect in found]


def _cumulative_rows(found: Sequence[Effect]) -> Iterator[tuple[str, ...]]:
    for kind, words in KINDS.items():
        own = [e for e in found if len(e.group) > 1 and e.group[0].kind == kind]
        for effect in own:
            yield _row(f"last {len(effect.group)} blocks: {words}", effect)


def _row(title: str, effect: Effect) -> tuple[str, ...]:
    numbers = (effect.auc, effect.sensitivity, effect.specificity, effect.agreement)
    return (
        title, f"{effect.change:.3f}", f"{100 * effect.flipped:.1f} %",
        *("-" if math.isnan(n) else f"{n:.3f}" for n in numbers),
    )  # fmt: skip
