"""After the answer: the truth beside it, how the marks met it, and how it has gone so far."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from xai_core.faithfulness.metrics.localisation import TOLERANCE_PX
from xai_core.model.geometry import fit
from xai_core.types import BENIGN, CLASS_NAMES, MALIGNANT, Case, CaseRecord
from xai_core.ui import verdict
from xai_core.ui.blind import session
from xai_core.ui.blind.reading import LOW, RECOMBINED, Answer, Found, meet
from xai_core.ui.words import plain, truth_words


def line(record: CaseRecord, answer: Answer) -> str:
    """The answer and whether it is right, in one line."""
    said = f"You said **{CLASS_NAMES[answer.called]}**, {answer.confidence} % sure"
    if record.class_index is None:
        return f"{said}; the truth of this case is not given."
    judged = "right" if answer.called == record.class_index else "wrong"
    return f"{said}: **{judged}**."


def show(case: Case, answer: Answer, input_size: int) -> None:
    """Draw the truth of ``case``."""
    st.markdown("#### The truth" + (" (phantom)" if case.is_phantom else ""))
    st.markdown(f"**{truth_words(case).capitalize()}**. {line(case, answer)}")
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
        found = meet(marks, mask, near)
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
    for case_id, progress in session.now().cases.items():
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
