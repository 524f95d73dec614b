"""Blind reading on the Explore page: look, mark, answer; then the truth; then the model.

The reader's answer: where, what, how sure.  Committed once.

The image of a blind reading: nothing of the truth or the model is in what is sent.

After the answer: the truth beside it, how the marks met it, and how it has gone so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from xai_core.errors import XaiError
from xai_core.explain.service import ExplainService
from xai_core.faithfulness.metrics.localisation import TOLERANCE_PX
from xai_core.preprocessing.letterbox import fit
from xai_core.types import BENIGN, CLASS_NAMES, MALIGNANT, Case, CaseRecord
from xai_core.ui import case_grid, case_list, curves, session, verdict, viewer
from xai_core.ui.blind import blind_session
from xai_core.ui.blind.reading import (
    CONFIDENCES,
    LOW,
    RECOMBINED,
    Answer,
    Found,
    alias,
    in_blind_order,
    match_marks,
    read_marks,
)
from xai_core.ui.case_grid import Tile
from xai_core.ui.memo import memoised
from xai_core.ui.wording import plain, truth_words, view_words
from xai_core.viz.viewer_data import case_data

_CALLS = {name.capitalize(): index for index, name in enumerate(CLASS_NAMES)}


def ask_reading(key: str) -> None:
    """Draw the questions about the case whose alias is ``key``."""
    so_far = blind_session.progress()
    st.markdown("#### Your reading")
    st.caption("Nothing of the truth or the model is on this page, in its address or in its data.")
    count = len(so_far.marks)
    said = "no mark yet" if not count else f"{count} mark{'s' if count > 1 else ''}"
    st.markdown(f"**1. Where?** Mark what you suspect in the image: {said}.")
    # Marking takes the tick away; a widget keeps the value it had, so it becomes another one.
    tick = f"nothing {key} {bool(count)}"
    st.checkbox(
        "There is nothing to mark",
        value=so_far.nothing,
        disabled=bool(count),
        key=tick,
        on_change=lambda: blind_session.update(nothing=bool(st.session_state[tick])),
    )
    called = st.segmented_control("**2. Benign or malignant?**", list(_CALLS), key=f"call {key}")
    sure = st.segmented_control(
        "**3. How sure are you?**", CONFIDENCES, format_func=_sure, key=f"sure {key}",
        help="The chance that your answer is right: 50 % is a guess.",
    )  # fmt: skip
    missing = [
        words
        for words, there in (
            ("a mark, or that there is nothing to mark", so_far.marks or so_far.nothing),
            ("benign or malignant", called is not None),
            ("how sure you are", sure is not None),
        )
        if not there
    ]
    st.button(
        "Commit, then see the truth",
        type="primary",
        disabled=bool(missing),
        key=f"commit {key}",
        on_click=_commit,
        args=(called, sure),
    )
    st.caption(f"Still missing: {'; '.join(missing)}." if missing else "It cannot be changed then.")


def _sure(percent: int) -> str:
    return f"{percent} %"


def _commit(called: str | None, sure: int | None) -> None:
    so_far = blind_session.progress()
    if called is None or sure is None or not (so_far.marks or so_far.nothing) or so_far.answer:
        return
    blind_session.update(answer=Answer(_CALLS[called], sure, so_far.marks))


def show_picture(case: Case, input_size: int, name: str, *, truth: bool) -> None:
    """Draw the case under ``name``; ``truth``: with what the source marked on it."""
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
        "marks": blind_session.marks_on_show(case.id),
        "viewport": session.viewport(),
        "words": {"heat": f"{name}, low-energy", "recombined": f"{name}, recombined", "score": ""},
    }
    viewer.mount(data, "viewer", marks=lambda given: _marked(case, given))


def _marked(case: Case, given: Any) -> None:
    if blind_session.now().case_id != case.id or blind_session.progress().answer is not None:
        return  # a message of a case left meanwhile, or after the answer
    shapes = {LOW: (case.image.shape[0], case.image.shape[1])}
    if case.recombined is not None:
        shapes[RECOMBINED] = (case.recombined.shape[0], case.recombined.shape[1])
    marks = read_marks(given, shapes)
    blind_session.update(marks=marks, nothing=blind_session.progress().nothing and not marks)


def reader_line(record: CaseRecord, answer: Answer) -> str:
    """The answer and whether it is right, in one line."""
    said = f"You said **{CLASS_NAMES[answer.called]}**, {answer.confidence} % sure"
    if record.class_index is None:
        return f"{said}; the truth of this case is not given."
    scored = "right" if answer.called == record.class_index else "wrong"
    return f"{said}: **{scored}**."


def show_truth(case: Case, answer: Answer, input_size: int) -> None:
    """Draw the truth of ``case``."""
    st.markdown("#### The truth" + (" (phantom)" if case.is_phantom else ""))
    st.markdown(f"**{truth_words(case).capitalize()}**. {reader_line(case, answer)}")
    for words in _marks(case, answer, input_size):
        st.markdown(words)
    st.caption(verdict.facts(case))
    if case.note:
        st.caption(f"What it teaches: {plain(case.note, 600)}")


def _marks(case: Case, answer: Answer, input_size: int) -> list[str]:
    geometry = fit(case.image, input_size)
    reach = TOLERANCE_PX / geometry.scale
    said = []
    grids = [(LOW, "low-energy image", case.lesion_mask, reach)]
    if case.recombined is not None:
        ratio = case.recombined.shape[0] / case.image.shape[0]
        grids.append((RECOMBINED, "recombined image", case.recombined_mask, reach * ratio))
    for picture, name, mask, near in grids:
        marks = tuple(mark for mark in answer.marks if mark.picture == picture)
        found = match_marks(marks, mask, near)
        if marks or (picture == LOW and found.of):
            said.append(_words(name, len(marks), found))
    if not any(mask is not None and mask.any() for _, _, mask, _ in grids):
        said.append("Nothing is marked on this case by its source.")
    return said


def _words(name: str, marks: int, found: Found) -> str:
    if not found.of:
        return f"On the {name} nothing is marked by the source; you made {marks}."
    if not marks:
        return f"On the {name} {found.of} marked, none by you."
    return (
        f"On the {name} {found.hits} of your {marks} within reach of a marked finding; "
        f"{found.lesions} of {found.of} marked findings found."
    )


def tally(records: Mapping[str, CaseRecord]) -> str:
    """How the reader has done in this session; empty before the first answer."""
    right = {BENIGN: [0, 0], MALIGNANT: [0, 0]}
    for case_id, progress in blind_session.now().cases.items():
        truth = records[case_id].class_index if case_id in records else None
        if progress.answer is not None and truth is not None:
            right[truth][0] += progress.answer.called == truth
            right[truth][1] += 1
    parts = [
        f"{n} of {of} {name} right"
        for (n, of), name in ((right[MALIGNANT], "malignant"), (right[BENIGN], "not malignant"))
        if of
    ]
    return f"So far: {', '.join(parts)}." if parts else ""


_POLL_PICTURES = 0.7  # seconds between looks at the small pictures while they are made
_HELP = (
    "Read as a reader does: the truth, the model and all that gives them away are hidden until you "
    "have marked a spot, or nothing, and answered. Then the truth is shown, and then the model."
)


def restore(service: ExplainService) -> None:
    """Take over the address, a blind one or not, and write it anew."""
    ids = tuple(service.records)
    session.restore(
        ids,
        service.explainer.classifier,
        lambda given: _take(given, ids),
        blind_session.for_request,
    )
    if not blind_session.now().on:
        blind_session.now().seen.add(session.current().case_id)
    beside_it = {} if reading() else curves.second_address(session.current())
    session.mirror(blind_session.address() | beside_it)


def _take(given: Mapping[str, str], ids: tuple[str, ...]) -> list[str]:
    return blind_session.take(given, ids) + curves.read_second(given)


def switch(service: ExplainService) -> None:
    """Draw the switch."""
    on = blind_session.now().on
    st.toggle(
        "Blind reading",
        value=on,
        key=session.key_showing("blind", on),
        on_change=session.when_changed(
            "blind", lambda on: blind_session.switch(on, service.records)
        ),
        help=_HELP,
    )


def on() -> bool:
    """Whether cases are read blind."""
    return blind_session.now().on


def reading() -> bool:
    """Whether a case is on show of which the model must not speak yet."""
    return blind_session.now().on and not blind_session.progress().model


def cases(service: ExplainService) -> None:
    """Draw the list of cases, without anything known of them."""
    # At first as if the pictures were there, see case_list.
    every = _POLL_PICTURES if blind_session.now().awaited else None
    st.fragment(_cases, run_every=every)(service, every)


def _cases(service: ExplainService, every: float | None) -> None:
    order = in_blind_order(service.records)
    keys, current = tuple(order), alias(blind_session.now().case_id or "")
    here = keys.index(current) if current in keys else 0

    def go(key: str | None) -> None:
        if key is not None:
            blind_session.go(order[key])
            blind_session.now().changed = True

    def there(by: int) -> str | None:
        now = keys.index(alias(blind_session.now().case_id or keys[0]))
        return keys[now + by] if 0 <= now + by < len(keys) else None

    case_list.previous_and_next(there, go)
    if blind_session.now().changed:
        blind_session.now().changed = False
        st.rerun()
    read = sum(progress.answer is not None for progress in blind_session.now().cases.values())
    blind_session.now().awaited = case_grid.show(
        service,
        keys,
        current,
        lambda key: _tile(order[key], key, keys.index(key) + 1),
        said=f"Case {here + 1} of {len(keys)}; {read} read",
        pick=go,
        above="20rem",
        name="blind cases",
    )
    if (_POLL_PICTURES if blind_session.now().awaited else None) != every:
        st.rerun()


def _tile(case_id: str, key: str, number: int) -> Tile:
    done = blind_session.now().cases.get(case_id)
    read = ("read",) if done is not None and done.answer is not None else ()
    words = ", ".join((f"Case {number}", *read))
    return Tile(case_id, key, f"Case {number}", read, words=words)


def show(service: ExplainService) -> None:
    """Draw the case being read, as far as the reader is with it."""
    case_id = blind_session.now().case_id or next(iter(service.records))
    key = alias(case_id)
    number = list(in_blind_order(service.records)).index(key) + 1
    name = f"Case {number}"
    try:
        case = service.load(case_id)
    except XaiError:
        st.error(f"{name} cannot be read from its files. Go on with the next one.")
        return
    given = blind_session.progress().answer
    size = service.explainer.classifier.spec.input_size
    left, right = st.columns([1.7, 1], gap="large")
    with left:
        st.caption(f"Blind reading · **{name}** of {len(service.records)} · {view_words(case)}")
        show_picture(case, size, name, truth=given is not None)
    with right:
        if given is None:
            ask_reading(key)
        else:
            _after(service, case, size)


def _after(service: ExplainService, case: Case, size: int) -> None:
    given = blind_session.progress().answer
    if given is None:
        return
    show_truth(case, given, size)
    st.caption(tally(service.records))
    st.button(
        "Now the model", type="primary", key="show the model", on_click=blind_session.show_model,
        help="What the model said of this case, and its maps.",
    )  # fmt: skip


def reader_summary(service: ExplainService) -> None:
    """Above the model's answer: what the reader said."""
    case_id, given = blind_session.now().case_id, blind_session.progress().answer
    if blind_session.now().on and case_id is not None and given is not None:
        st.markdown(reader_line(service.records[case_id], given))
