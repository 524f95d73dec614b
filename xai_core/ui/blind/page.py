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
from xai_core.faithfulness.metrics.localisation import TOLERANCE_PX
from xai_core.preprocessing.letterbox import fit
from xai_core.types import BENIGN, CLASS_NAMES, MALIGNANT, Case, CaseRecord
from xai_core.ui import case_grid, case_steps, chosen_filter, curves, session, verdict, viewer
from xai_core.ui.blind import blind_session
from xai_core.ui.blind.reading import (
    CONFIDENCES,
    LOW,
    RECOMBINED,
    Answer,
    MarkMatches,
    alias,
    cases_by_alias,
    match_marks,
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
    "have marked a spot, or nothing, and answered. Then the truth is shown, and then the model."
)


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
        st.markdown(answer_line(service.records[case_id], answer))


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
    show_truth(case, answer, size)
    st.caption(score_line(service.records))
    st.button(
        "Now the model", type="primary", key="show the model", on_click=blind_session.show_model,
        help="What the model said of this case, and its maps.",
    )  # fmt: skip


def show_truth(case: Case, answer: Answer, input_size: int) -> None:
    """Draw the truth of ``case``, and how the reader's class and marks compare with it."""
    st.markdown("#### The truth" + (" (phantom)" if case.is_phantom else ""))
    st.markdown(f"**{truth_words(case).capitalize()}**. {answer_line(case, answer)}")
    for line in _mark_lines(case, answer, input_size):
        st.markdown(line)
    st.caption(verdict.case_facts(case))
    if case.note:
        st.caption(f"What it teaches: {plain(case.note, 600)}")


def answer_line(record: CaseRecord, answer: Answer) -> str:
    """The reader's class and confidence and whether the class is right, in one line."""
    line = f"You said **{CLASS_NAMES[answer.class_index]}**, {answer.confidence} % sure"
    if record.class_index is None:
        return f"{line}; the truth of this case is not given."
    result = "right" if answer.class_index == record.class_index else "wrong"
    return f"{line}: **{result}**."


def score_line(records: Mapping[str, CaseRecord]) -> str:
    """How many of the reader's answers in this session were right; empty before the first."""
    right, total = {BENIGN: 0, MALIGNANT: 0}, {BENIGN: 0, MALIGNANT: 0}
    for case_id, progress in blind_session.state().cases.items():
        truth = records[case_id].class_index if case_id in records else None
        if progress.answer is not None and truth is not None:
            right[truth] += progress.answer.class_index == truth
            total[truth] += 1
    parts = [
        f"{right[truth]} of {total[truth]} {name} right"
        for truth, name in ((MALIGNANT, "malignant"), (BENIGN, "not malignant"))
        if total[truth]
    ]
    return f"So far: {', '.join(parts)}." if parts else ""


def _mark_lines(case: Case, answer: Answer, input_size: int) -> list[str]:
    """How the reader's marks compare with the findings that the source marked, by picture."""
    geometry = fit(case.image, input_size)
    reach = TOLERANCE_PX / geometry.scale
    lines = []
    grids = [(LOW, "low-energy image", case.lesion_mask, reach)]
    if case.recombined is not None:
        ratio = case.recombined.shape[0] / case.image.shape[0]
        grids.append((RECOMBINED, "recombined image", case.recombined_mask, reach * ratio))
    for picture, name, mask, picture_reach in grids:
        marks = tuple(mark for mark in answer.marks if mark.picture == picture)
        matches = match_marks(marks, mask, picture_reach)
        if marks or (picture == LOW and matches.findings):
            lines.append(_mark_line(name, len(marks), matches))
    if not any(mask is not None and mask.any() for _, _, mask, _ in grids):
        lines.append("Nothing is marked on this case by its source.")
    return lines


def _mark_line(name: str, marks: int, matches: MarkMatches) -> str:
    if not matches.findings:
        return f"On the {name} nothing is marked by the source; you made {marks}."
    if not marks:
        return f"On the {name} {matches.findings} marked, none by you."
    return (
        f"On the {name} {matches.hits} of your {marks} within reach of a marked finding; "
        f"{matches.findings_hit} of {matches.findings} marked findings found."
    )
