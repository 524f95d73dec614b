"""Parsers of lists that a person types, names and percentages; counts and lists in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from xai_core.errors import BadRequest

_MOST = 200  # numbers parsed at most; the rest is ignored


def counted(number: int, one: str, several: str) -> str:
    """A count with the words that agree with it: "1 row has", "2 rows have"."""
    return f"{number} {one if number == 1 else several}"


def listed(words: Sequence[str]) -> str:
    """Words as a sentence lists them: "a", "a and b", "a, b and c"."""
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last


def names(text: str) -> tuple[str, ...]:
    """``a, b`` as ("a", "b"): each name once, in the order given."""
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def percentages(text: str, what: str = "") -> tuple[float, ...]:
    """``1, 2.5; 90 %`` as (1.0, 2.5, 90.0); the caller checks their range.

    Args:
        text: numbers separated by commas, semicolons or spaces.
        what: the name of the option, for the error message; "" where the context makes it clear.

    Raises:
        BadRequest: a part of ``text`` is not a number.
    """
    words = text.replace("%", " ").replace(",", " ").replace(";", " ").split()
    try:
        return tuple(float(word) for word in words[:_MOST])
    except ValueError:
        given = f"{what} “{text:.40}”".strip()
        raise BadRequest(
            f"{given} is not a list of numbers; give percentages such as 1, 2.5, 90."
        ) from None
