"""The reader's answer: where, what, how sure.  Committed once."""

from __future__ import annotations

import streamlit as st

from xai_core.types import CLASS_NAMES
from xai_core.ui.blind import session
from xai_core.ui.blind.reading import CONFIDENCES, Answer

_CALLS = {name.capitalize(): index for index, name in enumerate(CLASS_NAMES)}


def ask(key: str) -> None:
    """Draw the questions about the case whose alias is ``key``."""
    so_far = session.progress()
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
        on_change=lambda: session.update(nothing=bool(st.session_state[tick])),
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
    so_far = session.progress()
    if called is None or sure is None or not (so_far.marks or so_far.nothing) or so_far.answer:
        return
    session.update(answer=Answer(_CALLS[called], sure, so_far.marks))
