"""Markdown and LaTeX tables, and escaping for both."""

from __future__ import annotations

from xai_core.viz.text_tables import (
    latex_escaped,
    latex_table,
    markdown_escaped,
    markdown_table,
)


def test_a_markdown_table() -> None:
    assert markdown_table(("a", "b"), [("1", "2")]) == ["| a | b |", "|---|---|", "| 1 | 2 |"]


def test_markdown_is_escaped() -> None:
    assert markdown_escaped("a|b <i> *c* [d]") == r"a\|b \<i\> \*c\* \[d\]"
    assert markdown_escaped("PH-0001") == "PH-0001"


def test_a_latex_table() -> None:
    lines = latex_table("50 %", "tab:a", "lr", ("a_b", "c"), [("1", "2 & 3")])
    assert lines[1:5] == [
        r"\caption{50 \%}\label{tab:a}", r"\begin{tabular}{lr}", r"\hline", r"a\_b & c \\",
    ]  # fmt: skip
    assert r"1 & 2 \& 3 \\" in lines


def test_latex_is_escaped() -> None:
    assert latex_escaped(r"\a~^{}") == r"\textbackslash{}a\textasciitilde{}\textasciicircum{}\{\}"
