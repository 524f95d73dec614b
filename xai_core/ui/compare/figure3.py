"""The paper's Figure 3: which true positive and which true negative it shows."""

from __future__ import annotations

import streamlit as st

from xai_core.service import ExplainService
from xai_core.types import Outcome
from xai_core.ui import state
from xai_core.ui.compare import session
from xai_core.ui.words import OUTCOME_WORDS

_POLL = 2.5  # seconds between looks at the predictions while a case is missing
_SLOTS = (("positive", Outcome.TP), ("negative", Outcome.TN))


def fill(service: ExplainService) -> None:
    """Where no case was chosen: the first true positive, the first true negative of the list."""
    outcomes = service.outcomes()
    for field, outcome in _SLOTS:
        if getattr(session.show(), field) is None:
            found = _cases(service, outcomes, outcome)
            if found:
                session.fill(**{field: found[0]})


def choose(service: ExplainService) -> None:
    """Draw the two boxes to choose other cases from."""
    outcomes = service.outcomes()
    for place, (field, outcome) in zip(st.columns(2, gap="large"), _SLOTS, strict=True):
        with place:
            _box(service, field, outcome, _cases(service, outcomes, outcome))
    done, total = service.prediction_progress()
    st.caption(
        "Picked first: the first true positive and the first true negative in the list's order, "
        f"of the {done} cases predicted so far ({total} in all)."
    )
    missing = any(getattr(session.show(), field) is None for field, _ in _SLOTS)
    st.fragment(_await, run_every=_POLL if missing and done < total else None)(service)


def _await(service: ExplainService) -> None:
    before = session.show()
    fill(service)
    if session.show() != before:
        st.rerun()


def _box(service: ExplainService, field: str, outcome: Outcome, found: tuple[str, ...]) -> None:
    chosen = getattr(session.show(), field)
    # An address may name any case: it stays on offer, and its row says what it really is.
    options = found if chosen is None or chosen in found else (chosen, *found)
    words, _, detail = OUTCOME_WORDS[outcome].partition(": ")
    label = f"Case for the {words} ({outcome})"
    if not options:
        st.info(f"{label}: none among the cases predicted so far.")
        return
    widget = f"figure 3 {field}"
    st.selectbox(
        label,
        options,
        index=options.index(chosen) if chosen in options else None,
        format_func=lambda key: _named(service, key),
        key=state.key_showing(widget, chosen),
        help=f"{detail}.".capitalize(),
        on_change=state.when_changed(widget, lambda key: _take(field, key)),
    )


def _take(field: str, case_id: str | None) -> None:
    if case_id is not None:
        session.change(**{field: case_id})


def _named(service: ExplainService, case_id: str) -> str:
    prediction = service.predictions().get(case_id)
    if prediction is None:
        return case_id
    spec = service.explainer.classifier.spec
    p = prediction.probabilities[spec.positive]
    return f"{case_id}, {spec.class_names[spec.positive]} {p:.2f}"


def _cases(
    service: ExplainService, outcomes: dict[str, Outcome], outcome: Outcome
) -> tuple[str, ...]:
    return tuple(key for key in service.records if outcomes.get(key) is outcome)
