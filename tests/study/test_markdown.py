from __future__ import annotations

from xai_core.study.markdown import grid, plain


def test_a_table() -> None:
    assert grid(("a", "b"), [("1", "2")]) == ["| a | b |", "|---|---|", "| 1 | 2 |"]


def test_names_stay_names() -> None:
    assert plain("a|b <i> *c* [d]") == r"a\|b \<i\> \*c\* \[d\]"
    assert plain("PH-0001") == "PH-0001"
