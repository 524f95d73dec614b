"""Tables as text: Markdown for documents and pages, LaTeX for papers; escaping for both."""

from __future__ import annotations

from collections.abc import Sequence


def markdown_table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a Markdown table; the cells must be escaped already."""
    return [
        f"| {' | '.join(head)} |",
        f"|{'|'.join('---' for _ in head)}|",
        *(f"| {' | '.join(line)} |" for line in lines),
    ]


def markdown_escaped(text: str) -> str:
    """``text`` escaped so that it neither breaks a Markdown table nor starts markup.

    Escapes as little as possible, because documents are also read as plain text.  Text shown by
    Streamlit needs more, see :func:`xai_core.ui.wording.plain`.
    """
    return "".join(f"\\{c}" if c in "|`*<>[]\\" else c for c in text)


def latex_table(
    caption: str, label: str, columns: str, head: Sequence[str], lines: Sequence[Sequence[str]]
) -> list[str]:
    """The lines of a LaTeX ``table`` environment, which needs no package.

    ``columns``: the alignment of each column, such as "llr".  ``caption`` and the cells are escaped
    here.
    """
    return [
        r"\begin{table}",
        rf"\caption{{{latex_escaped(caption)}}}\label{{{label}}}",
        rf"\begin{{tabular}}{{{columns}}}",
        r"\hline",
        " & ".join(latex_escaped(text) for text in head) + r" \\",
        r"\hline",
        *(" & ".join(latex_escaped(text) for text in line) + r" \\" for line in lines),
        r"\hline",
        r"\end{tabular}",
        r"\end{table}",
    ]


_LATEX = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    **{c: f"\\{c}" for c in "&%$#_{}"},
}  # fmt: skip


def latex_escaped(text: str) -> str:
    """``text`` escaped so that LaTeX reads no command in it."""
    return "".join(_LATEX.get(c, c) for c in text)
