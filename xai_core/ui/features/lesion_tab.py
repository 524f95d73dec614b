"""The lesion's cues: controls in the lexicon's words, the phantom beside its changed copy, and the
model's answer beside the truth, after the reader's guess."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from xai_core.errors import CaseError
from xai_core.explain.explanation import Explanation, JobSnapshot
from xai_core.explain.request import PREDICTED, CaseRequest
from xai_core.explain.service import ExplainService
from xai_core.features.lesion import (
    CONTRASTS,
    DIAMETERS,
    MOST_LESIONS,
    Cue,
    LesionCases,
    changed_id,
)
from xai_core.types import Case
from xai_core.ui import job_progress, session, viewer
from xai_core.ui.features import cue_words, lesion_change, sweep_strip
from xai_core.ui.features.answer import Answer, answer_sentence, answer_table
from xai_core.ui.memo import memoised
from xai_core.ui.service_access import session_id
from xai_core.ui.wording import plain
from xai_core.viz.curve_figure import Pair, auc_text, curve_figure

_Drawn = tuple[Case, Explanation]
_Pair = tuple[CaseRequest, CaseRequest]
_Draw = Callable[[ExplainService, LesionCases, _Pair, list[JobSnapshot]], None]

_POLL = 0.5  # seconds
_INITIAL_WAIT = 0.25  # seconds: see ui/live.py
_HEIGHT = 270  # px, of the curves
_NOT = (
    "What this does not show: why the model gives its answer. It shows how this answer changes "
    "where one cue is drawn in another way, on this phantom, by this model."
)


def show(service: ExplainService, cases: LesionCases, case_id: str) -> None:
    """Draw the controls, the pair of phantoms and the answer.

    Args:
        service: explains ``cases``.
        cases: the changed cases.
        case_id: of a library case with a lesion.
    """
    left, right = st.columns([1.7, 1], gap="large")
    with right:
        _show_cues(cases, case_id)
    pair = requests(service, case_id)
    snapshots = service.ask_all(pair, session_id(), _INITIAL_WAIT)
    waiting = any(map(job_progress.pending, snapshots))
    fragment = st.fragment(_body, run_every=_POLL if waiting else None)
    for place, draw in ((left, _draw_pictures), (right, _draw_answer)):
        with place:
            fragment(draw, service, cases, pair, waiting)
    sweep_strip.show(service, cases, pair[0])


def requests(service: ExplainService, case_id: str) -> _Pair:
    """The requests for the phantom as it is and for the changed one.

    Both explain the same class, or their maps could not be compared: the positive one where the
    predicted class is asked for.
    """
    shown = session.current()
    spec = service.classifier.spec
    target = shown.request.target
    if target == PREDICTED:
        shown = shown.change(target=spec.class_names[spec.positive])
    curves = "adaptive" if lesion_change.state().curves else "none"
    shown = shown.change(curves=curves, reliability=False, case_id=case_id)
    return shown, shown.change(case_id=changed_id(case_id, lesion_change.state().change))


def _body(
    draw: _Draw, service: ExplainService, cases: LesionCases, pair: _Pair, waiting: bool
) -> None:
    snapshots = service.ask_all(pair, session_id())
    if any(map(job_progress.pending, snapshots)) is not waiting:
        st.rerun()
    draw(service, cases, pair, snapshots)


# --- the controls ---


def _show_cues(cases: LesionCases, case_id: str) -> None:
    change = lesion_change.state().change
    st.markdown("**The lesion's cues**")
    with st.container(key="cues"):
        cues = [cue for cue in cases.cues(case_id) if len(cue.values) > 1]
        for left, right in zip(cues[::2], [*cues[1::2], None], strict=False):
            columns = st.columns(2)
            for column, cue in zip(columns, (left, right), strict=True):
                if cue is not None:
                    with column:
                        _show_cue(cue, change.descriptors.get(cue.term))
        _show_numbers(cases, case_id)
    st.button(
        "Back to the phantom as it is", on_click=lesion_change.back,
        disabled=not lesion_change.is_changed(), width="stretch",
    )  # fmt: skip


def _show_cue(cue: Cue, changed: str | None) -> None:
    chosen = changed or cue.value
    widget = f"cue {cue.term}"
    st.selectbox(
        cue.term.capitalize(),
        cue.values,
        index=None if chosen is None else cue.values.index(chosen),
        format_func=lambda value: f"{value} (as it is)" if value == cue.value else value,
        placeholder="does not apply",
        key=session.widget_key(widget, chosen),
        help=cue_words.TERM_WORDS.get(cue.term),
        on_change=session.on_user_change(
            widget, lambda value: lesion_change.set_cue(cue.term, value, cue.value)
        ),
    )


def _show_numbers(cases: LesionCases, case_id: str) -> None:
    change, plans = lesion_change.state().change, cases.plans(case_id)
    own = round(plans[0].diameter, 1)
    diameter = own if change.diameter is None else change.diameter
    low, high = DIAMETERS
    first, second, third = st.columns([1, 1, 1.3])
    with first:
        st.slider(
            "Diameter, mm", low, high, float(diameter), 0.5, help=cue_words.DIAMETER,
            key=session.widget_key("cue diameter", float(diameter)),
            on_change=session.on_user_change(
                "cue diameter", lambda v: lesion_change.set_number(diameter=float(v))
            ),
        )  # fmt: skip
    with second:
        st.slider(
            "Contrast", *CONTRASTS, float(change.contrast), 0.1, help=cue_words.CONTRAST,
            key=session.widget_key("cue contrast", float(change.contrast)),
            on_change=session.on_user_change(
                "cue contrast", lambda v: lesion_change.set_number(contrast=float(v))
            ),
        )  # fmt: skip
    with third:
        number = len(plans) if change.number is None else change.number
        st.segmented_control(
            "Lesions", range(MOST_LESIONS + 1), default=number, required=True,
            help=cue_words.NUMBER, key=session.widget_key("cue number", number),
            on_change=session.on_user_change(
                "cue number",
                lambda n: lesion_change.set_number(number=None if n == len(plans) else n),
            ),
        )  # fmt: skip


# --- the pictures ---


def _draw_pictures(
    service: ExplainService,
    cases: LesionCases,  # noqa: ARG001 - as _draw_answer
    pair: _Pair,
    snapshots: list[JobSnapshot],
) -> None:
    drawn = _drawn(service, pair, snapshots)
    if drawn is None:
        problem = next((s.error for s in snapshots if s.error), "")
        if problem:
            st.error(plain(problem, 600))
        else:
            st.progress(0.0, text="Drawing the breast of this phantom from its seed")
        return
    (before, _), (after, changed) = drawn
    viewer.show(
        after,
        changed if lesion_change.answer_is_shown() else None,
        service.classifier.spec.input_size,
        before=drawn[0],
        waiting_words="" if lesion_change.answer_is_shown() else "Guess first; the map follows.",
    )
    st.caption(
        f"Phantom **{plain(before.id)}**: the same breast, exposure and noise; only pixels within "
        "the lesion's reach can differ. Hold B to see it as it was."
    )
    st.caption(_NOT)


def _drawn(
    service: ExplainService, pair: _Pair, snapshots: list[JobSnapshot]
) -> tuple[_Drawn, _Drawn] | None:
    """Both cases with their results so far; None until both are drawn, which the worker does."""
    out = []
    for request, snapshot in zip(pair, snapshots, strict=True):
        if snapshot.explanation is None:
            return None
        try:
            out.append((service.load(request.case_id), snapshot.explanation))
        except CaseError:
            return None
    return out[0], out[1]


# --- the answer ---


def _draw_answer(
    service: ExplainService, cases: LesionCases, pair: _Pair, snapshots: list[JobSnapshot]
) -> None:
    state = lesion_change.state()
    drawn = _drawn(service, pair, snapshots)
    with st.container(key="answer"):
        if not lesion_change.is_changed():
            st.caption("Change a cue above: what will the model's suspicion do?")
        elif not lesion_change.answer_is_shown():
            _ask_for_guess()
            return
        if drawn is None:
            st.caption("The model is being asked.")
            return
        explained = [explanation for _, explanation in drawn]
        spec = service.classifier.spec
        before, after = (
            Answer(explanation.prediction, cases.truth(request.case_id))
            for explanation, request in zip(explained, pair, strict=True)
        )
        if lesion_change.is_changed():
            guess = state.guess if state.guess in lesion_change.GUESSES else None
            st.markdown(plain(answer_sentence(before, after, spec, guess), 600))
        st.markdown(answer_table(before, after, spec))
        st.toggle(
            "Curves of both", value=state.curves,
            key=session.widget_key("lesion curves", state.curves),
            on_change=session.on_user_change("lesion curves", lesion_change.set_curves),
            help="Insertion and deletion curves of both maps, for the same class.",
        )  # fmt: skip
        if state.curves:
            _draw_curves(*explained)


def _ask_for_guess() -> None:
    st.markdown("**Before you see it:** the model's suspicion of malignancy goes …")
    with st.container(horizontal=True, key="guess"):
        for name, words in lesion_change.GUESSES.items():
            st.button(
                words, key=f"guess {name}", on_click=lesion_change.guess, args=(name,),
                width="stretch",
            )  # fmt: skip
    st.button("Show it without a guess", on_click=lesion_change.guess, args=(lesion_change.SHOWN,))
    st.caption("“About the same” is a change of the logit difference below 0.25.")


def _draw_curves(before: Explanation, after: Explanation) -> None:
    if before.curves is None or after.curves is None:
        st.caption("The curves are being measured.")
        return
    first = Pair(before.curves.insertion, before.curves.deletion)
    second = Pair(after.curves.insertion, after.curves.deletion)
    figure = memoised(
        "lesion curves", (before.curves, after.curves, before.target_name),
        lambda: curve_figure(
            second, after.target_name, title="changed", second_curve=("as it is", first),
            height=_HEIGHT,
        ),
    )  # fmt: skip
    areas = "; ".join(
        f"{name}: insertion {auc_text(pair.insertion)}, deletion {auc_text(pair.deletion)}"
        for name, pair in (("as it is", first), ("changed", second))
    )
    st.plotly_chart(
        figure, key="lesion curve figure", theme=None, config={"displayModeBar": False},
        alt=f"Insertion and deletion curves. {areas}",
    )  # fmt: skip
    st.caption(f"Area under the curve (AUC). {areas}")
