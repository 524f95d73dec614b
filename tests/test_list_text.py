"""Parsing of lists that a person types, and counts in sentences."""

from __future__ import annotations

import pytest

from xai_core.errors import BadRequest
from xai_core.list_text import counted, listed, names, percentages


def test_the_words_of_a_count_agree_with_it() -> None:
    told = [counted(number, "row has", "rows have") for number in (0, 1, 2)]
    assert told == ["0 rows have", "1 row has", "2 rows have"]


def test_words_are_listed_as_in_a_sentence() -> None:
    assert [listed(words) for words in ("a", "ab", "abc")] == ["a", "a and b", "a, b and c"]


def test_names_are_unique_and_in_order() -> None:
    assert names("b, a,,b ,c") == ("b", "a", "c")
    assert names(" , ") == ()


@pytest.mark.parametrize("text", ["1, 2.5; 90 %", "1,2.5,90", "1 2.5 90", " 1%,2.5%,90%,"])
def test_percentages_in_any_common_spelling(text: str) -> None:
    assert percentages(text) == (1, 2.5, 90)


def test_empty_text_has_no_percentages() -> None:
    assert percentages("") == ()


def test_text_that_is_not_a_number_raises_bad_request() -> None:
    message = "is not a list of numbers; give percentages such as 1, 2.5, 90."
    with pytest.raises(BadRequest) as plain:
        percentages("1,two")
    assert str(plain.value) == f"“1,two” {message}"
    with pytest.raises(BadRequest) as option:
        percentages("x" * 99, "--levels")
    assert str(option.value) == f"--levels “{'x' * 40}” {message}"
