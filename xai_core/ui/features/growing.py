"""What the tabs of the Features page share: work that grows, its progress, a way to stop it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from typing import Any, TypeVar

import streamlit as st

from xai_core.explain.streamed import Growth, Streamed
from xai_core.ui.wording import plain

Item = TypeVar("Item")
_POLL = 0.7  # seconds


@st.cache_resource(show_spinner=False)  # type: ignore[untyped-decorator]
def _streamed() -> Streamed[Any]:
    return Streamed()


def show(
    key: Hashable,
    begin: Callable[[], Iterator[Item]],
    progress: Callable[[Item | None], tuple[float, str]],
    draw: Callable[[Item], None],
) -> None:
    """Draw work as it grows, in a fragment that polls while more may come.

    Args:
        key: of the work; equal keys share it.
        begin: makes the iterator, see :meth:`Streamed.ask`.
        progress: of the last item, None before the first: the share done in [0, 1], and words.
        draw: draws the last item.
    """
    running = _ask(key, begin).running

    def body() -> None:
        growth = _ask(key, begin)
        if growth.running is not running:
            st.rerun()
        _show_progress(key, growth, progress)
        if growth.latest is not None:
            draw(growth.latest)

    st.fragment(body, run_every=_POLL if running else None)()


def _ask(key: Hashable, begin: Callable[[], Iterator[Item]]) -> Growth[Item]:
    streamed: Streamed[Item] = _streamed()
    return streamed.ask(key, begin)


def _show_progress(
    key: Hashable, growth: Growth[Item], progress: Callable[[Item | None], tuple[float, str]]
) -> None:
    """The progress line with its button; its height is constant, so nothing below it moves."""
    share, words = progress(growth.latest)
    with st.container(horizontal=True, key="progress", vertical_alignment="center"):
        if growth.running:
            st.progress(share, text=words)
            st.button("Stop", key="stop", on_click=_streamed().stop, args=(key,))
        elif growth.error:
            st.error(plain(growth.error, 600))
        elif growth.stopped:
            st.caption(f"Stopped. {words}; what was computed is shown.")
            st.button("Start again", key="continue", on_click=_streamed().retry, args=(key,))
        else:
            st.caption(f"Done: {words}.")
