"""Markdown and LaTeX tables, and escaping for both."""

from __future__ import annotations

import html
import re

import pytest
from markdown_it import MarkdownIt

from tests.support.hostile import LIVE_TEXTS
from xai_core.viz.text_tables import (
    latex_escaped,
    latex_table,
    markdown_escaped,
    markdown_table,
    p_text,
)


def test_a_markdown_table() -> None:
    assert markdown_table(("a", "b"), [("1", "2")]) == ["| a | b |", "|---|---|", "| 1 | 2 |"]


def test_markdown_is_escaped() -> None:
    assert markdown_escaped("a|b <i> *c* [d]") == r"a\|b \<i\> \*c\* \[d\]"
    assert markdown_escaped("PH-0001") == "PH-0001"


@pytest.mark.parametrize("text", [t for t in LIVE_TEXTS if not t.startswith(tuple("#-+>1:"))])
def test_a_cell_of_a_document_is_text(text: str) -> None:
    table = "\n".join(markdown_table(("a",), [(markdown_escaped(text),)]))
    rendered = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(table)
    cell = rendered.partition("<td>")[2].partition("</td>")[0]
    parts = [html.unescape(part) for part in cell.split("<!-- -->")]
    assert "".join(parts) == text
    for part in parts:  # what GitHub's Markdown makes links of (GFM, section 6.9)
        assert not re.search(r"www\.|https?://|[\w.+-]@\w", part, re.IGNORECASE)


def test_a_latex_table() -> None:
    lines = latex_table("50 %", "tab:a", "lr", ("a_b", "c"), [("1", "2 & 3")])
    assert lines[1:6] == [
        r"\caption{50 \%}\label{tab:a}", r"\footnotesize\setlength{\tabcolsep}{3pt}",
        r"\begin{tabular}{lr}", r"\hline", r"a\_b & c \\",
    ]  # fmt: skip
    assert r"1 & 2 \& 3 \\" in lines


def test_long_titles_of_columns_are_stacked() -> None:
    head = ("insertion AUC (95 % interval)", "", "paper")
    line = r"\shortstack{insertion AUC \\ (95 \% interval)} &  & paper \\"
    assert line in latex_table("", "", "lll", head, [])


def test_sentences_stand_under_a_table() -> None:
    lines = latex_table("", "", "l", ("a",), [], ("5 % of it.",))
    assert lines[-3:] == [r"\end{tabular}", r"\par\noindent 5 \% of it.", r"\end{table}"]


def test_a_p_value() -> None:
    found = [p_text(p) for p in (0.0004, 0.0123, 1.0, float("nan"))]
    assert found == ["< 0.001", "0.012", "1.000", "-"]


def test_latex_is_escaped() -> None:
    assert latex_escaped("\N{DAGGER}\N{DOUBLE DAGGER}") == r"\dag{}\ddag{}"
    assert latex_escaped(r"\a~^{}") == r"\textbackslash{}a\textasciitilde{}\textasciicircum{}\{\}"
