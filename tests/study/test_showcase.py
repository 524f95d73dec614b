from __future__ import annotations

from xai_core.study.showcase import firsts, settled
from xai_core.types import Outcome

IDS = ("a", "b", "c", "d", "e")


def test_the_first_of_every_outcome_in_the_source_s_order() -> None:
    outcomes = {"e": Outcome.TP, "b": Outcome.TP, "c": Outcome.FN}
    assert firsts(IDS, outcomes) == {
        Outcome.TP: ("b",), Outcome.TN: (), Outcome.FP: (), Outcome.FN: ("c",),
    }  # fmt: skip
    assert firsts(IDS, outcomes, each=5)[Outcome.TP] == ("b", "e")


def test_what_comes_after_a_gap_is_not_settled() -> None:
    assert settled(IDS, {"a", "b", "d"}) == ("a", "b")
    assert settled(IDS, set()) == ()
    assert settled(IDS, set(IDS)) == IDS
