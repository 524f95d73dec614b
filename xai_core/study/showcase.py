"""Cases to show for each outcome, by rule: a story told with them outlives new weights and a new
library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xai_core.types import Outcome


def firsts(
    case_ids: Sequence[str], outcomes: Mapping[str, Outcome], each: int = 1
) -> dict[Outcome, tuple[str, ...]]:
    """The first ``each`` cases of every outcome, in the order of ``case_ids``.

    Args:
        outcomes: by case id, of the cases predicted so far; a case without a truth has none.
    """
    return {
        outcome: tuple(key for key in case_ids if outcomes.get(key) is outcome)[:each]
        for outcome in Outcome
    }


def settled(case_ids: Sequence[str], dealt_with: set[str]) -> tuple[str, ...]:
    """The cases up to the first one that is still to be predicted: what is chosen among these stays
    chosen when more become known."""
    for place, key in enumerate(case_ids):
        if key not in dealt_with:
            return tuple(case_ids[:place])
    return tuple(case_ids)
