"""The stops of the tour and the cases it is told with.  No Streamlit.

Which cases the tour is told with: by rule from what the model says of them.  No Streamlit.

The stops of the tour: what is shown, and what the presenter says.  No Streamlit.

No stop claims what a case's numbers do not bear out: where the words depend on the model's answer
they are made from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from xai_core.model.spec import ModelSpec
from xai_core.study.selection import first_of_each_outcome, settled_cases
from xai_core.types import CaseRecord, Outcome, Prediction
from xai_core.ui.wording import truth_words

_FEW = 3  # of the first true positives the surest is taken: as many come with precomputed results


@dataclass(frozen=True)
class TourCases:
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


def choose_tour_cases(
    case_ids: Sequence[str],
    outcomes: Mapping[str, Outcome],
    predictions: Mapping[str, Prediction],
    everything: bool,
    threshold: float,
    positive: int = 1,
) -> TourCases:
    """The cast as far as it is settled.

    Args:
        case_ids: in the source's order.
        outcomes, predictions: of the cases predicted so far.
        everything: whether no more will be predicted.
        threshold: of the classifier; the narrowest decision stands in where none is wrong.
        positive: the index of the class that ``threshold`` is of.
    """
    sure = tuple(case_ids) if everything else settled_cases(case_ids, set(predictions))
    few = first_of_each_outcome(sure, outcomes, _FEW)
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
    return TourCases(hit, clear, wrong, dict(outcomes))


def _narrowest(
    predictions: Mapping[str, Prediction], threshold: float, positive: int
) -> str | None:
    return min(
        predictions,
        key=lambda key: abs(predictions[key].probabilities[positive] - threshold),
        default=None,
    )


EXPLORE, COMPARE_METHODS, COMPARE_PAIR = "explore", "methods", "pair"
Pick = Callable[[TourCases], str | None]


@dataclass(frozen=True)
class Stop:
    """``title``: a few words.  ``say``: the presenter's sentences, with ``{...}`` for what
    :func:`filled` knows.  ``do``: what to show by hand meanwhile.  ``scene``: where.  ``pick``: of
    whom.  ``ask``: fields of the request that are not as usual.  ``look``: of the viewer, as an
    address has it.  ``short``: the title in a list, where the real one depends on the case."""

    title: str
    say: str
    do: str
    pick: Pick
    scene: str = EXPLORE
    ask: dict[str, Any] = field(default_factory=dict)
    viewport: dict[str, str] = field(default_factory=dict)
    short: str = ""


STOPS = (
    Stop(
        "Two images of one breast",
        "Contrast mammography takes two images. The low-energy image shows tissue, as every "
        "mammogram does; the recombined image shows where contrast medium gathers. This model sees "
        "the low-energy image alone.",
        "Blink between them: focus the image and hold B. Outline the marked finding: O.",
        lambda cast: cast.hit,
        ask={"method": "grad-cam", "curves": "none"},
        viewport={"show": "alone,recombined", "heat": "off"},
    ),
    Stop(
        "What the model said",
        "The model says {says}, with a probability of {p}. The truth is {truth}: {outcome}. The "
        "colours show what raised that score. They do not show disease.",
        "Move the pointer over the hottest place: grey, heat and score are read out below.",
        lambda cast: cast.hit,
        ask={"method": "grad-cam", "curves": "none"},
    ),
    Stop(
        "Three methods, two layers",
        "One image, one decision, six explanations. Do they point at the same place? Where they "
        "differ, they cannot all show what the model used.",
        "Read a row: same layer, three methods. Read a column: same method, finer and coarser.",
        lambda cast: cast.hit,
        scene=COMPARE_METHODS,
    ),
    Stop(
        "Area levels, live",
        "Hybrid-CAM keeps the strongest 1, 2, 3 up to 90 per cent of Grad-CAM's map sharp and asks "
        "the model each time. Its order of pixels is still Grad-CAM's: only the contrast changes.",
        "Slide the range of levels: the map follows the hand. Each bar is what one level gained.",
        lambda cast: cast.hit,
        ask={"method": "hybrid-cam", "curves": "none"},
    ),
    Stop(
        "Is the map right? Remove what it marks",
        "Blur the hottest patches first. If the map is faithful the probability falls at once; if "
        "it falls late, the model looked elsewhere.",
        "Choose the deletion curve under the image and step along it: that very image was scored.",
        lambda cast: cast.hit,
        ask={"method": "grad-cam", "curves": "adaptive"},
        viewport={"step": "deletion:0"},
    ),
    Stop(
        "{wrong_title}",
        "The model says {says}, with a probability of {p}. The truth is {truth}: {outcome}. Would "
        "this map have told you so?",
        "Outline the marked finding with O, if there is one. Switch the class that is explained.",
        lambda cast: cast.wrong,
        ask={"method": "grad-cam", "curves": "none"},
        viewport={"show": "outline"},
        short="A wrong decision",
    ),
    Stop(
        "What to trust",
        "Trust a map no further than its curves: high insertion, low deletion, and better than a "
        "random order. They compare maps of one image, never patients. And a wrong model has maps "
        "as convincing as a right one's.",
        "Compare the areas under the curves, panel by panel, for both cases.",
        lambda cast: cast.hit if cast.clear else None,
        scene=COMPARE_PAIR,
    ),
)  # fmt: skip

_OUTCOME_PHRASES = {
    Outcome.TP: "a true positive",
    Outcome.TN: "a true negative",
    Outcome.FP: "a false positive",
    Outcome.FN: "a false negative, a miss",
}


def filled(
    text: str, record: CaseRecord, prediction: Prediction | None, spec: ModelSpec,
    outcome: Outcome | None,
) -> str:  # fmt: skip
    """``text`` with what the model says of the case and what is true of it."""
    says, p = "nothing yet", "not known yet"
    if prediction is not None:
        predicted = prediction.predicted(spec.threshold, spec.positive)
        says, p = spec.class_names[predicted], f"{prediction.probabilities[predicted]:.2f}"
    wrong = outcome in (Outcome.FP, Outcome.FN)
    known = {
        "says": says,
        "p": p,
        "truth": truth_words(record),
        "outcome": _OUTCOME_PHRASES[outcome] if outcome else "there is nothing to check it against",
        "wrong_title": "A wrong decision" if wrong else "The narrowest decision",
    }
    return text.format(**known)
