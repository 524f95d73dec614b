"""Which cases the tour is told with: by rule from what the model says of them.  No Streamlit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xai_core.study.showcase import firsts, settled
from xai_core.types import Outcome, Prediction

_FEW = 3  # of the first true positives the surest is taken: as many come with ready results


@dataclass(frozen=True)
class Cast:
    """``hit``: a malignant case called malignant, the surest of the first few.  ``clear``: one
    without cancer called benign.  ``wrong``: a wrong decision, a miss before a false alarm.  Where
    the model gave no such case: the first one; None while that is not known.

    ``outcomes``: what each of the three really is, where its truth is given.
    """

    hit: str | None = None
    clear: str | None = None
    wrong: str | None = None
    outcomes: Mapping[str, Outcome] | None = None

    def outcome(self, case_id: str) -> Outcome | None:
        """What a case of the cast is."""
        return (self.outcomes or {}).get(case_id)


def choose(
    case_ids: Sequence[str],
    outcomes: Mapping[str, Outcome],
    predictions: Mapping[str, Prediction],
    everything: bool,
    threshold: float,
    positive: int = 1,
) -> Cast:
    """The cast as far as it is settled.

    Args:
        case_ids: in the source's order.
        outcomes, predictions: of the cases predicted so far.
        everything: whether no more will be predicted.
        threshold: of the classifier; the narrowest decision stands in where none is wrong.
        positive: the index of the class that ``threshold`` is of.
    """
    sure = tuple(case_ids) if everything else settled(case_ids, set(predictions))
    few = firsts(sure, outcomes, _FEW)
    first = {o: (found or (None,))[0] for o, found in few.items()}
    # A miss is the better story, so a false alarm waits until it is known that there is none.
    wrong = first[Outcome.FN] or (first[Outcome.FP] if everything else None)
    hit, clear = None, first[Outcome.TN]
    if everything or len(few[Outcome.TP]) == _FEW:
        hit = max(
            few[Outcome.TP],
            key=lambda key: predictions[key].probabilities[positive],
            default=None,
        )
    if everything:
        hit, clear = hit or case_ids[0], clear or case_ids[0]
        wrong = wrong or _narrowest(predictions, threshold, positive) or case_ids[0]
    return Cast(hit, clear, wrong, dict(outcomes))


def _narrowest(
    predictions: Mapping[str, Prediction], threshold: float, positive: int
) -> str | None:
    return min(
        predictions,
        key=lambda key: abs(predictions[key].probabilities[positive] - threshold),
        default=None,
    )
