"""The verdict: the model's decision, the truth and the outcome (TP, TN, FP or FN), and what the
case is and teaches."""

from __future__ import annotations

from collections import Counter

import streamlit as st

from xai_core.model.spec import ModelSpec
from xai_core.types import CaseRecord, Outcome, Prediction
from xai_core.ui import deferred
from xai_core.ui.wording import OUTCOME_WORDS, plain, truth_words, view_words

_LONGEST = 2000  # characters of the scores: a model may have many classes


def show(record: CaseRecord, prediction: Prediction | None, spec: ModelSpec) -> None:
    """Draw the verdict, and under it the case and what it teaches; deferred until after the first
    picture."""
    deferred.draw_after_picture(lambda: _draw(record, prediction, spec), "verdict-place")


def show_scores(prediction: Prediction | None, spec: ModelSpec) -> None:
    """Draw the logits and probabilities of all classes in one line, and what decides."""
    with st.container(key="scores"):
        st.caption("" if prediction is None else plain(_scores(prediction, spec), _LONGEST))


def _draw(record: CaseRecord, prediction: Prediction | None, spec: ModelSpec) -> None:
    predicted = None if prediction is None else prediction.predicted(spec.threshold, spec.positive)
    truth = record.class_index
    outcome = None
    if predicted is not None and truth is not None:
        outcome = Outcome.of(truth, predicted == spec.positive)
    with st.container(horizontal=True, key="verdict", gap="large"):
        if prediction is None or predicted is None:
            st.metric("The model says", "asking", width="content")
        else:
            st.metric(
                "The model says",
                f"{plain(spec.class_names[predicted])} {prediction.probabilities[predicted]:.2f}",
                help="The class the model decides for, and the probability it gives that class.",
                width="content",
            )
        st.metric("The truth" + (" (phantom)" if record.is_phantom else ""),
                  truth_words(record), width="content")  # fmt: skip
        if outcome is not None:
            words, _, detail = OUTCOME_WORDS[outcome].partition(": ")
            st.metric("Outcome", f"{outcome}, {words}", help=f"{detail}.".capitalize(),
                      width="content")  # fmt: skip
    with st.container(key="case"):
        teaches = f"  \nWhat it teaches: {plain(record.note, 600)}" if record.note else ""
        st.markdown(case_facts(record) + teaches)


def _scores(prediction: Prediction, spec: ModelSpec) -> str:
    parts = [
        f"{name} logit {logit:+.3f}, probability {p:.3f}"
        for name, logit, p in zip(
            spec.class_names, prediction.logits, prediction.probabilities, strict=True
        )
    ]
    return f"{' · '.join(parts)} · decided by {spec.decision_note()}"


def case_facts(record: CaseRecord) -> str:
    """The metadata of a case in one line of Markdown."""
    kind = "Phantom" if record.is_phantom else "Case"
    parts = [f"{kind} **{plain(record.id)}**", view_words(record)]
    if record.density:
        parts.append(f"density {record.density} (ACR)")
    if record.birads is not None:
        parts.append(f"BI-RADS {record.birads}")
    parts += [
        plain(finding) + (f" ({count})" if count > 1 else "")
        for finding, count in list(Counter(record.findings).items())[:3]
    ]
    if not record.findings:
        parts += [f"{plain(k)}: {plain(v)}" for k, v in list(record.descriptors.items())[:4]]
    return " · ".join(fact for fact in parts if fact)
