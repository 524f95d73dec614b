"""Blind reading on the Explore page.

The reader marks suspicious spots, decides benign or malignant, gives a confidence and commits the
answer once.  Then the truth is shown with the answer, and after that the model's decision.  Before
the answer nothing that is sent to the browser holds the truth or the model's decision.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from xai_core.errors import XaiError
from xai_core.explain.service import PageService
from xai_core.preprocessing.letterbox import fit
from xai_core.types import CLASS_NAMES, Case, CaseRecord
from xai_core.ui import case_grid, case_steps, chosen_filter, curves, session, verdict, viewer
from xai_core.ui.blind import blind_session, tab_store
from xai_core.ui.blind.grading import Grade, compare_marks, feedback, grade_of, score_line
from xai_core.ui.blind.reading import (
    CONFIDENCES,
    LOW,
    RECOMBINED,
    Answer,
    alias,
    cases_by_alias,
    read_marks,
)
from xai_core.ui.case_grid import Tile
from xai_core.ui.memo import memoised
from xai_core.ui.wording import plain, truth_words, view_words
from xai_core.viz.viewer_data import case_data

_CLASSES = {name.capitalize(): index for index, name in enumerate(CLASS_NAMES)}
_POLL_THUMBNAILS = 0.7  # seconds
_HELP = (
    "Read as a reader does: the truth, the model and all that gives them away are hidden until you "
    "have marked a spot, or nothing, and answered. Then the truth is shown, and then the model. "
    "Your answers are kept in this tab of your browser until you close it."
)
_LINE_LIMIT = 1000  # characters


# --- entry points of the Explore page ---


def restore(service: PageService) -> None:
    """Read the page's address, blind reading's part included, and write it again."""
    ids = tuple(service.records)
    session.restore(
        ids,
        service.classifier,
        lambda parameters: _read_page_part(parameters, service),
        blind_session.request_part,
    )
    if not blind_session.state().on:
        blind_session.state().seen.add(session.current().case_id)
    second = {} if is_reading() else curves.second_address(session.current())
    filters = {} if is_on() else chosen_filter.address()
    session.update_address(blind_session.blind_address() | second | filters)


def _read_page_part(parameters: Mapping[str, str], service: PageService) -> list[str]:
    problems = blind_session.read_blind_part(parameters, tuple(service.records))
    problems += curves.read_second(parameters)
    if is_on():
        return problems + chosen_filter.refuse_parameters(parameters)
    return problems + chosen_filter.read_parameters(parameters, service.records)


def is_on() -> bool:
    """Whether blind reading is switched on."""
    return blind_session.state().on


def is_reading() -> bool:
    """Whether the current case is read blind and the model's decision was not shown yet."""
    return blind_session.state().on and not blind_session.progress().model_shown


def show_switch(service: PageService) -> None:
    """Draw the switch of blind reading."""
    on = blind_session.state().on
    st.toggle(
        "Blind reading",
        value=on,
        key=session.widget_key("blind", on),
        on_change=session.on_user_change(
            "blind", lambda on: blind_session.switch(on, service.records)
        ),
        help=_HELP,
    )


def show(service: PageService) -> None:
    """Draw the case being read, and the questions or, after the answer, the truth."""
    case_id = blind_session.state().case_id or next(iter(service.records))
    key = alias(case_id)
    number = list(cases_by_alias(service.records)).index(key) + 1
    name = f"Case {number}"
    try:
        case = service.load(case_id)
    except XaiError:
        st.error(f"{name} cannot be read from its files. Go on with the next one.")
        return
    answer = blind_session.progress().answer
    size = service.classifier.spec.input_size
    left, right = st.columns([1.7, 1], gap="large")
    with left:
        st.caption(f"Blind reading · **{name}** of {len(service.records)} · {view_words(case)}")
        show_picture(case, size, name, truth=answer is not None)
    with right:
        if answer is None:
            show_questions(key)
        else:
            _show_after_answer(service, case, answer, size)


def show_answer(service: PageService) -> None:
    """Draw the reader's answer above the model's decision, if the case was read blind."""
    case_id, answer = blind_session.state().case_id, blind_session.progress().answer
    if blind_session.state().on and case_id is not None and answer is not None:
        st.markdown(answer_line(service.records[case_id], answer, _grade(service, case_id, answer)))


def keep_readings(service: PageService) -> None:
    """Have the browser's tab keep the committed readings; the page calls it last."""
    if blind_session.state().on:
        tab_store.keep(service)


# --- the list of cases ---


def show_case_list(service: PageService) -> None:
    """Draw the list of cases without any of their metadata."""
    # A new session starts with no thumbnails pending, see case_list.
    poll_interval = _list_poll_interval()
    st.fragment(_draw_case_list, run_every=poll_interval)(service, poll_interval)


def _list_poll_interval() -> float | None:
    return _POLL_THUMBNAILS if blind_session.state().thumbnails_pending else None


def _draw_case_list(service: PageService, poll_interval: float | None) -> None:
    order = cases_by_alias(service.records)
    keys, current = tuple(order), alias(blind_session.state().case_id or "")
    position = keys.index(current) if current in keys else 0

    def go_to(key: str | None) -> None:
        if key is not None:
            blind_session.go_to(order[key])
            blind_session.state().case_changed = True

    def case_at(step: int) -> str | None:
        here = keys.index(alias(blind_session.state().case_id or keys[0]))
        return keys[here + step] if 0 <= here + step < len(keys) else None

    case_steps.show(case_at, go_to)
    if blind_session.state().case_changed:
        blind_session.state().case_changed = False
        st.rerun()
    read = sum(progress.answer is not None for progress in blind_session.state().cases.values())
    blind_session.state().thumbnails_pending = case_grid.show(
        service,
        keys,
        current,
        lambda key: _tile(order[key], key, keys.index(key) + 1),
        status=f"Case {position + 1} of {len(keys)}; {read} read",
        on_pick=go_to,
        reserved_height="20rem",
        name="blind cases",
    )
    if _list_poll_interval() != poll_interval:
        st.rerun()


def _tile(case_id: str, key: str, number: int) -> Tile:
    progress = blind_session.state().cases.get(case_id)
    read = ("read",) if progress is not None and progress.answer is not None else ()
    words = ", ".join((f"Case {number}", *read))
    return Tile(case_id, key, f"Case {number}", read, words=words)


# --- the picture ---


def show_picture(case: Case, input_size: int, name: str, *, truth: bool) -> None:
    """Draw the images of a case under a neutral name.

    Args:
        case: its images are drawn.
        input_size: side of the network's input, px.
        name: shown instead of the case's id, which may hold its truth.
        truth: whether the findings that the source marked are sent too.
    """
    geometry = memoised("geometry", (case, input_size), lambda: fit(case.image, input_size))
    pictures = memoised(
        "blind case", (case, input_size, truth), lambda: case_data(case, geometry, truth=truth)
    )
    data: dict[str, Any] = {
        "case": pictures,
        "heat": None,
        "offered": [],
        "scrub": None,
        "blind": True,
        "truth": truth,
        "marks": blind_session.viewer_marks(case.id),
        "viewport": session.viewport(),
        "words": {"heat": f"{name}, low-energy", "recombined": f"{name}, recombined", "score": ""},
    }
    viewer.mount(data, "viewer", marks=lambda marks: _handle_marks(case, marks))


def _handle_marks(case: Case, from_browser: Any) -> None:
    if blind_session.state().case_id != case.id or blind_session.progress().answer is not None:
        return  # a late message: about a case that was left, or sent before the answer
    shapes = {LOW: (case.image.shape[0], case.image.shape[1])}
    if case.recombined is not None:
        shapes[RECOMBINED] = (case.recombined.shape[0], case.recombined.shape[1])
    marks = read_marks(from_browser, shapes)
    nothing = blind_session.progress().nothing_to_mark and not marks
    blind_session.update_progress(marks=marks, nothing_to_mark=nothing)


# --- the questions ---


def show_questions(key: str) -> None:
    """Draw the questions about the case whose alias is ``key``."""
    progress = blind_session.progress()
    st.markdown("#### Your reading")
    st.caption("Nothing of the truth or the model is on this page, in its address or in its data.")
    count = len(progress.marks)
    marks_text = "no mark yet" if not count else f"{count} mark{'s' if count > 1 else ''}"
    st.markdown(f"**1. Where?** Mark what you suspect in the image: {marks_text}.")
    # A mark must clear the tick.  A widget keeps its value, so another key makes a new widget.
    nothing_key = f"nothing {key} {bool(count)}"
    st.checkbox(
        "There is nothing to mark",
        value=progress.nothing_to_mark,
        disabled=bool(count),
        key=nothing_key,
        on_change=lambda: blind_session.update_progress(
            nothing_to_mark=bool(st.session_state[nothing_key])
        ),
    )
    chosen_class = st.segmented_control(
        "**2. Benign or malignant?**", list(_CLASSES), key=f"call {key}"
    )
    confidence = st.segmented_control(
        "**3. How sure are you?**", CONFIDENCES, format_func=_percent, key=f"sure {key}",
        help="The chance that your answer is right: 50 % is a guess.",
    )  # fmt: skip
    missing = [
        words
        for words, given in (
            (
                "a mark, or that there is nothing to mark",
                progress.marks or progress.nothing_to_mark,
            ),
            ("benign or malignant", chosen_class is not None),
            ("how sure you are", confidence is not None),
        )
        if not given
    ]
    st.button(
        "Commit, then see the truth",
        type="primary",
        disabled=bool(missing),
        key=f"commit {key}",
        on_click=_commit,
        args=(chosen_class, confidence),
    )
    st.caption(f"Still missing: {'; '.join(missing)}." if missing else "It cannot be changed then.")


def _percent(confidence: int) -> str:
    return f"{confidence} %"


def _commit(chosen_class: str | None, confidence: int | None) -> None:
    progress = blind_session.progress()
    where_given = progress.marks or progress.nothing_to_mark
    if chosen_class is None or confidence is None or not where_given or progress.answer:
        return
    answer = Answer(_CLASSES[chosen_class], confidence, progress.marks)
    blind_session.update_progress(answer=answer)


# --- after the answer ---


def _show_after_answer(service: PageService, case: Case, answer: Answer, size: int) -> None:
    show_truth(case, answer, _grade(service, case.id, answer), size)
    st.caption(_score_line(service))
    st.button(
        "Now the model", type="primary", key="show the model", on_click=blind_session.show_model,
        help="What the model said of this case, and its maps.",
    )  # fmt: skip


def show_truth(case: Case, answer: Answer, grade: Grade | None, input_size: int) -> None:
    """Draw the truth of ``case``, and how the reader's class and marks compare with it."""
    st.markdown("#### The truth" + (" (phantom)" if case.is_phantom else ""))
    st.markdown(f"**{truth_words(case).capitalize()}**. {answer_line(case, answer, grade)}")
    for line in feedback(compare_marks(case, answer.marks, input_size)):
        st.markdown(plain(line, _LINE_LIMIT))
    st.caption(verdict.case_facts(case))
    if case.note:
        st.caption(f"What it teaches: {plain(case.note, 600)}")


def answer_line(record: CaseRecord, answer: Answer, grade: Grade | None) -> str:
    """The reader's class and confidence and their grade, in one line."""
    line = f"You said **{CLASS_NAMES[answer.class_index]}**, {answer.confidence} % sure"
    if record.class_index is None:
        return f"{line}; the truth of this case is not given."
    if grade is None:
        return f"{line}; it is not graded, as the case's findings cannot be read."
    return f"{line}: **{grade.value}**."


def _grade(service: PageService, case_id: str, answer: Answer) -> Grade | None:
    """The grade of an answer, computed once in a session: an answer does not change."""
    grades = blind_session.state().grades
    if case_id not in grades:
        # From the source, as thumbnails: a list of readings would evict the service's own cases.
        load, size = service.source.load, service.classifier.spec.input_size
        grades[case_id] = grade_of(service.records[case_id], answer, load, size)
    return grades[case_id]


def _score_line(service: PageService) -> str:
    graded = []
    for case_id, reading in blind_session.committed().items():
        if case_id in service.records:
            grade = _grade(service, case_id, reading.answer)
            graded += [(service.records[case_id], grade)] if grade is not None else []
    return score_line(graded)
