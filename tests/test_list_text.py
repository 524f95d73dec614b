"""What a person types as a list."""

from __future__ import annotations

import pytest

from xai_core.errors import BadRequest
from xai_core.list_text import names, percentages


def test_names_come_once_in_order() -> None:
    assert names("b, a,,b ,c") == ("b", "a", "c")
    assert names(" , ") == ()


@pytest.mark.parametrize("text", ["1, 2.5; 90 %", "1,2.5,90", "1 2.5 90", " 1%,2.5%,90%,"])
def test_percentages_in_any_common_spelling(text: str) -> None:
    assert percentages(text) == (1, 2.5, 90)


def test_no_percentages_are_none() -> None:
    assert percentages("") == ()


def test_what_is_no_number_is_a_sentence() -> None:
    said = "is not a list of numbers; give percentages such as 1, 2.5, 90."
    with pytest.raises(BadRequest) as plain:
        percentages("1,two")
    assert str(plain.value) == f"“1,two” {said}"
    with pytest.raises(BadRequest) as option:
        percentages("x" * 99, "--levels")
    assert str(option.value) == f"--levels “{'x' * 40}” {said}"
