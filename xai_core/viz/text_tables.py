"""Tables as text: Markdown for documents and pages, LaTeX for papers, and names that stay names."""

from __future__ import annotations

from collections.abc import Sequence


def markdown_table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> list[str]:
    """A table, line by line; the cells are escaped already."""
    return [
        f"| {' | '.join(head)} |",
        f"|{'|'.join('---' for _ in head)}|",
        *(f"| {' | '.join(line)} |" for line in lines),
    ]


def markdown_escaped(text: str) -> str:
    """A name that cannot break a table of a document or start markup.

    For files that are read as text too: it escapes no more than it must.  What Streamlit shows
    needs more, see :func:`xai_core.ui.wording.plain`.
    """
    return "".join(f"\\{c}" if c in "|`*<>[]\\" else c for c in text)


def latex_table(
    caption: str, label: str, columns: str, head: Sequence[str], lines: Sequence[Sequence[str]]
) -> list[str]:
    """A ``table`` environment, line by line; needs no package.

    ``columns``: alignment of each, such as "llr".  ``caption`` and cells are escaped here.
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
    """Text in which LaTeX sees no command."""
    return "".join(_LATEX.get(c, c) for c in text)
