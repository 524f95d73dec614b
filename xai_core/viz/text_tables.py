"""Tables as text: Markdown for documents and pages, LaTeX for papers; escaping for both."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Sequence


def markdown_table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a Markdown table; the cells must be escaped already."""
    return [
        f"| {' | '.join(head)} |",
        f"|{'|'.join('---' for _ in head)}|",
        *(f"| {' | '.join(line)} |" for line in lines),
    ]


def p_text(p: float) -> str:
    """A p-value: ``0.012``, ``< 0.001``; "-" for NaN."""
    if math.isnan(p):
        return "-"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


_MARKUP = re.compile(r"([|`*<>\[\]\\~$]|&(?=#?\w+;)|(?<![^\W_])_|_(?![^\W_])|(?<!\S)#)")
_ADDRESS = re.compile(r"(?<=www)(?=\.)|(?<=:)(?=//)|(?<=[\w.+\-])(?=@\w)", re.IGNORECASE)
_NOTHING = "<!-- -->"  # an HTML comment: renderers look for addresses on either side of it


def markdown_escaped(text: str) -> str:
    """``text`` escaped so that it neither breaks a Markdown table nor starts markup, a formula or
    a link.

    Escapes as little as possible, because documents are also read as plain text.  Text shown by
    Streamlit needs more, see :func:`xai_core.ui.wording.plain`.
    """
    return _NOTHING.join(_MARKUP.sub(r"\\\1", part) for part in _ADDRESS.split(text))


def latex_table(
    caption: str, label: str, columns: str, head: Sequence[str], lines: Sequence[Sequence[str]],
    under: Sequence[str] = (),
) -> list[str]:  # fmt: skip
    """The lines of a LaTeX ``table`` environment, which needs no package.

    ``columns``: the alignment of each column, such as "llr".  ``under``: paragraphs below the
    table.  ``caption``, the cells and ``under`` are escaped here.
    """
    return [
        r"\begin{table}",
        rf"\caption{{{latex_escaped(caption)}}}\label{{{label}}}",
        r"\footnotesize\setlength{\tabcolsep}{3pt}",
        rf"\begin{{tabular}}{{{columns}}}",
        r"\hline",
        " & ".join(_latex_head(text) for text in head) + r" \\",
        r"\hline",
        *(" & ".join(latex_escaped(text) for text in line) + r" \\" for line in lines),
        r"\hline",
        r"\end{tabular}",
        *(rf"\par\noindent {latex_escaped(text)}" for text in under),
        r"\end{table}",
    ]


_HEAD_WIDTH = 15  # characters of a line in the head: columns of numbers are narrower than titles


def _latex_head(text: str) -> str:
    """A title of a column, in several lines where it is long."""
    lines = [latex_escaped(line) for line in textwrap.wrap(text, _HEAD_WIDTH)]
    stacked = r" \\ ".join(lines)
    return rf"\shortstack{{{stacked}}}" if len(lines) > 1 else stacked


_LATEX = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "\N{DAGGER}": r"\dag{}", "\N{DOUBLE DAGGER}": r"\ddag{}",
    **{c: f"\\{c}" for c in "&%$#_{}"},
}  # fmt: skip


def latex_escaped(text: str) -> str:
    """``text`` escaped so that LaTeX reads no command in it."""
    return "".join(_LATEX.get(c, c) for c in text)
