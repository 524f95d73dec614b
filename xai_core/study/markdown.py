"""The two things every Markdown document of a study needs: a table, and names that stay names."""

from __future__ import annotations

from collections.abc import Sequence


def grid(head: Sequence[str], lines: Sequence[Sequence[str]]) -> list[str]:
    """A table, line by line."""
    return [
        f"| {' | '.join(head)} |",
        f"|{'|'.join('---' for _ in head)}|",
        *(f"| {' | '.join(line)} |" for line in lines),
    ]


def plain(text: str) -> str:
    """A name that cannot break a Markdown table or start markup."""
    return "".join(f"\\{c}" if c in "|`*<>[]\\" else c for c in text)
