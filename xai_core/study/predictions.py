"""Predictions of cases, and their summary for the cases with a known pathology."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from xai_core.explain.explainer import Explainer
from xai_core.explain.identity import model_digest
from xai_core.list_text import counted
from xai_core.statistics.auc import auc_interval, roc_auc
from xai_core.statistics.proportion import Confusion
from xai_core.types import Case, Outcome, Pathology


@dataclass(frozen=True)
class PredictionRow:
    """The prediction of a case.  ``predicted``: a class name.  ``outcome``: None where the
    pathology is not known.  ``threshold``: the operating point.  ``model_sha256``: see
    :func:`xai_core.explain.identity.model_digest`."""

    case_id: str
    patient_id: str
    pathology: Pathology | None
    logit_benign: float
    logit_malignant: float
    probability_malignant: float
    predicted: str
    outcome: Outcome | None
    threshold: float
    model_sha256: str


def predict_case(explainer: Explainer, case: Case) -> PredictionRow:
    """Predict a case, with the threshold of the model's specification.

    Raises:
        ModelError: the network returned a value that is not a finite number.
    """
    prediction = explainer.predict(case)
    spec = explainer.classifier.spec
    predicted = prediction.predicted(spec.threshold, spec.positive)
    truth = case.class_index
    return PredictionRow(
        case_id=case.id,
        patient_id=case.patient_id,
        pathology=case.pathology,
        logit_benign=prediction.other_logit(spec.positive),
        logit_malignant=prediction.logits[spec.positive],
        probability_malignant=prediction.probabilities[spec.positive],
        predicted=spec.class_names[predicted],
        outcome=None if truth is None else Outcome.of(truth, predicted == spec.positive),
        threshold=spec.threshold,
        model_sha256=model_digest(spec),
    )


def figures(rows: Sequence[PredictionRow], seed: int = 0) -> list[str]:
    """Lines with the number of cases, AUC with its 95 % interval by patient, sensitivity,
    specificity and precision; figures that are not defined (only one class) are named as such."""
    known = [row for row in rows if row.pathology is not None]
    if not known:
        return ["The pathology of no case is known: no figures."]
    label = [row.pathology is Pathology.MALIGNANT for row in known]
    score = [row.probability_malignant for row in known]
    patients = [row.patient_id for row in known]
    counts = Confusion.of([row.outcome for row in known])
    lines = [
        f"{counted(len(known), 'case', 'cases')} of "
        f"{counted(len(set(patients)), 'patient', 'patients')} with known pathology: "
        f"TP {counts.tp}, TN {counts.tn}, FP {counts.fp}, FN {counts.fn}."
    ]
    if all(label) or not any(label):
        return [*lines, "AUC is not defined: all cases are of one class."]
    low, high = auc_interval(label, score, patients, seed=seed)
    ends = "-, too few patients" if math.isnan(low) else f"{low:.3f} to {high:.3f}"
    return [
        *lines,
        f"AUC {roc_auc(label, score):.3f} (95 % interval by patient {ends}), "
        f"sensitivity {percent(counts.sensitivity)}, specificity {percent(counts.specificity)}, "
        f"precision {percent(counts.precision)}.",
    ]


def percent(ratio: float) -> str:
    """``56.1 %``; "not defined" for NaN."""
    return f"{100 * ratio:.1f} %" if math.isfinite(ratio) else "not defined"
