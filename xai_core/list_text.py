"""Lists that a person types, as values: names, and percentages."""

from __future__ import annotations

from xai_core.errors import BadRequest

_MOST = 200  # numbers that are looked at


def names(text: str) -> tuple[str, ...]:
    """``a, b`` as ("a", "b"): each once, in order."""
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def percentages(text: str, what: str = "") -> tuple[float, ...]:
    """``1, 2.5; 90 %`` as (1.0, 2.5, 90.0); their range is the caller's to check.

    Args:
        text: numbers with commas, semicolons or spaces between.
        what: the option that was given, for the message; "" where it is plain.

    Raises:
        BadRequest: something that is not a number.
    """
    words = text.replace("%", " ").replace(",", " ").replace(";", " ").split()
    try:
        return tuple(float(word) for word in words[:_MOST])
    except ValueError:
        given = f"{what} “{text:.40}”".strip()
        raise BadRequest(
            f"{given} is not a list of numbers; give percentages such as 1, 2.5, 90."
        ) from None
