"""The last value of something slow to make, kept in the browser's session by what it was made of.

Streamlit's own cache hashes arrays by a sample of them and could serve the wrong picture; here the
parts are compared by identity (arrays, frozen results) or by value (numbers, text).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import streamlit as st

Made = TypeVar("Made")
_VALUES = (str, int, float, bool, tuple, type(None))


def remembered(name: str, parts: tuple[Any, ...], make: Callable[[], Made]) -> Made:
    """``make()``, or what it gave last time if every one of ``parts`` is still the same."""
    key = f"remembered {name}"
    kept = st.session_state.get(key)
    if kept is None or not _same(kept[0], parts):
        kept = (parts, make())
        st.session_state[key] = kept
    made: Made = kept[1]
    return made


def _same(before: tuple[Any, ...], now: tuple[Any, ...]) -> bool:
    return len(before) == len(now) and all(
        a is b or (isinstance(a, _VALUES) and isinstance(b, _VALUES) and a == b)
        for a, b in zip(before, now, strict=True)
    )
