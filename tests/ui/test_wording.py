"""Text from files is shown as it is: nothing in it is read as markup, and all of it is seen."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tests.support.hostile import LIVE_TEXTS, UNSEEN
from xai_core.cases.base import REPLACEMENT, printable
from xai_core.ui.wording import facts_table, plain

# What Streamlit 1.67 looks for in text that is left after escaping, node by node: the expressions
# of its StreamlitMarkdown script and of the extensions it uses (mdast-util-gfm-autolink-literal,
# remark-emoji).
LOOKED_FOR = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(https?:\/\/|www(?=\.))([-.\w]+)([^ \t\r\n]*)",
        r"([-.\w+]+)@([-\w]+(?:\.[-\w]+)+)",
        r":\+1:|:-1:|:[\w-]+:",
        r":material_(\w+):|:streamlit:",
        r"(^|\s)(<->|->|<-|--|>=|<=|~=)(\s|$)",
    )
]


def nodes(escaped: str) -> list[str]:
    """The pieces of text between which Streamlit sees an (empty) element."""
    return escaped.split(":color[]")


def unescaped(part: str) -> str:
    """What CommonMark makes of a piece: a backslash before ASCII punctuation is dropped."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", part)


@pytest.mark.parametrize("text", LIVE_TEXTS)
def test_text_is_shown_as_it_is(text: str) -> None:
    found = nodes(plain(text))
    assert "".join(map(unescaped, found)) == text
    renderer = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    for part in found:
        assert renderer.render(part) == (
            f"<p>{html.escape(unescaped(part), quote=False)}</p>\n" if part else ""
        )
        assert not [one.pattern for one in LOOKED_FOR if one.search(unescaped(part))]


@given(st.text(alphabet="wW.:/@-<>~= ab_1+&#$[]()|\\`*!", max_size=40))
def test_no_text_leaves_anything_to_be_looked_for(text: str) -> None:
    found = nodes(plain(text))
    assert "".join(map(unescaped, found)) == " ".join(text.split())
    for part in map(unescaped, found):
        assert not [one.pattern for one in LOOKED_FOR if one.search(part)]


@pytest.mark.parametrize("character", UNSEEN, ids=ascii)
def test_what_is_not_seen_or_turns_the_text_is_replaced(character: str) -> None:
    assert plain(f"a{character}b") == f"a{REPLACEMENT}b"
    assert printable(f"a{character}b") == f"a{REPLACEMENT}b"


@pytest.mark.parametrize(
    "between", ["\n", "\r\n", "\t", "\x0b", "\u2028", "\u2029", "\u00a0", "\x85"]
)
def test_line_breaks_become_blanks(between: str) -> None:
    assert plain(f" a{between}{between}b\n") == "a b"


@pytest.mark.parametrize("text", ["Müller-Lüdenscheidt", "乳房", "ثدي", "грудь", "µm ± 3 °"])
def test_letters_of_every_script_stay(text: str) -> None:
    assert unescaped(plain(text)) == printable(text) == text


def test_a_long_text_is_cut() -> None:
    assert plain("a" * 200, 10) == "a" * 9 + "…"


def test_a_cell_does_not_end_its_table() -> None:
    table = facts_table({"a|b": "c|d\n| e |"})
    rendered = MarkdownIt("commonmark").enable("table").render(table)
    assert "<td>a|b</td>\n<td>c|d | e |</td>" in rendered
