"""The stops of the tour, and the rule that chooses its cases.  No Streamlit.

The cases are chosen by the model's predictions.  Where a stop's text depends on the prediction, it
is filled in from the prediction, so that no stop claims what the numbers do not show.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from xai_core.model.spec import ModelSpec
from xai_core.study.selection import first_of_each_outcome, settled_cases
from xai_core.types import CaseRecord, Outcome, Prediction
from xai_core.ui.wording import truth_words

# --- the cases ---

# The true positive is chosen among this many: precomputed results exist for as many.
_CANDIDATES = 3


@dataclass(frozen=True)
class TourCases:
    """The cases of the tour, by id; each is None while it is not decided.

    ``positive``: the true positive with the highest probability among the first three.
    ``negative``: the first true negative.  ``wrong``: a wrong decision, a false negative rather
    than a false positive.  If the model made no such decision, another case stands in, see
    :func:`choose_tour_cases`.

    ``outcomes``: the real outcome of each case whose truth is given.
    """

    positive: str | None = None
    negative: str | None = None
    wrong: str | None = None
    outcomes: Mapping[str, Outcome] | None = None

    def outcome(self, case_id: str) -> Outcome | None:
        """The outcome of a case; None if its truth is not given."""
        return (self.outcomes or {}).get(case_id)


def choose_tour_cases(
    case_ids: Sequence[str],
    outcomes: Mapping[str, Outcome],
    predictions: Mapping[str, Prediction],
    all_predicted: bool,
    threshold: float,
    positive_class: int = 1,
) -> TourCases:
    """The cases of the tour as far as they are decided; a decided case stays the same.

    Args:
        case_ids: in the source's order.
        outcomes, predictions: of the cases predicted so far.
        all_predicted: whether no more will be predicted.  Then the first case stands in for a
            missing true positive or true negative, and the narrowest decision for a wrong one.
        threshold: of the classifier.
        positive_class: the index of the class that ``threshold`` applies to.
    """
    settled = tuple(case_ids) if all_predicted else settled_cases(case_ids, set(predictions))
    by_outcome = first_of_each_outcome(settled, outcomes, _CANDIDATES)
    first = {outcome: (cases or (None,))[0] for outcome, cases in by_outcome.items()}
    # A false negative teaches more, so a false positive is taken only once it is known that there
    # is no false negative.
    wrong = first[Outcome.FN] or (first[Outcome.FP] if all_predicted else None)
    positive, negative = None, first[Outcome.TN]
    if all_predicted or len(by_outcome[Outcome.TP]) == _CANDIDATES:
        positive = max(
            by_outcome[Outcome.TP],
            key=lambda key: predictions[key].probabilities[positive_class],
            default=None,
        )
    if all_predicted:
        positive, negative = positive or case_ids[0], negative or case_ids[0]
        wrong = wrong or _narrowest(predictions, threshold, positive_class) or case_ids[0]
    return TourCases(positive, negative, wrong, dict(outcomes))


def _narrowest(
    predictions: Mapping[str, Prediction], threshold: float, positive_class: int
) -> str | None:
    """The case whose probability is nearest to the threshold."""
    return min(
        predictions,
        key=lambda key: abs(predictions[key].probabilities[positive_class] - threshold),
        default=None,
    )


# --- the stops ---

EXPLORE, COMPARE_METHODS, COMPARE_PAIR = "explore", "methods", "pair"
CasePick = Callable[[TourCases], str | None]


@dataclass(frozen=True)
class Stop:
    """One stop of the tour.

    ``title``: a few words.  ``speech``: the presenter's sentences; ``title`` and ``speech`` may
    hold the ``{...}`` that :func:`fill_in` knows.  ``instruction``: what to demonstrate meanwhile.
    ``pick_case``: chooses the case.  ``scene``: the page that is drawn.  ``request_fields``: fields
    of the request that differ from the default.  ``viewport``: as parameters of an address.
    ``short``: the title in the list of stops, if ``title`` depends on the case.  ``plays``: the
    control of the viewer that plays by itself, "levels" or "curve"; "" for none.
    """

    title: str
    speech: str
    instruction: str
    pick_case: CasePick
    scene: str = EXPLORE
    request_fields: dict[str, Any] = field(default_factory=dict)
    viewport: dict[str, str] = field(default_factory=dict)
    short: str = ""
    plays: str = ""


STOPS = (
    Stop(
        "Two images of one breast",
        "Contrast mammography takes two images. The low-energy image shows tissue, as every "
        "mammogram does; the recombined image shows where contrast medium gathers. This model sees "
        "the low-energy image alone.",
        "Blink between them: focus the image and hold B. Outline the marked finding: O.",
        lambda cases: cases.positive,
        request_fields={"method": "grad-cam", "curves": "none"},
        viewport={"show": "alone,recombined", "heat": "off"},
    ),
    Stop(
        "What the model said",
        "The model says {says}, with a probability of {p}. The truth is {truth}: {outcome}. The "
        "colours show what raised that score. They do not show disease.",
        "Move the pointer over the hottest place: grey, heat and score are read out below.",
        lambda cases: cases.positive,
        request_fields={"method": "grad-cam", "curves": "none"},
    ),
    Stop(
        "Three methods, two layers",
        "One image, one decision, six explanations. Do they point at the same place? Where they "
        "differ, they cannot all show what the model used.",
        "Read a row: same layer, three methods. Read a column: same method, finer and coarser.",
        lambda cases: cases.positive,
        scene=COMPARE_METHODS,
    ),
    Stop(
        "Area levels, live",
        "Hybrid-CAM keeps the strongest 1, 2, 3 up to 90 per cent of Grad-CAM's map sharp and asks "
        "the model each time. Its order of pixels is still Grad-CAM's: only the contrast changes.",
        "Slide the range of levels: the map follows the hand. Each bar is what one level gained.",
        lambda cases: cases.positive,
        request_fields={"method": "hybrid-cam", "curves": "none"},
        plays="levels",
    ),
    Stop(
        "Is the map right? Remove what it marks",
        "Blur the hottest patches first. If the map is faithful the probability falls at once; if "
        "it falls late, the model looked elsewhere.",
        "Choose the deletion curve under the image and step along it: that very image was scored.",
        lambda cases: cases.positive,
        request_fields={"method": "grad-cam", "curves": "adaptive"},
        viewport={"step": "deletion:0"},
        plays="curve",
    ),
    Stop(
        "{wrong_title}",
        "The model says {says}, with a probability of {p}. The truth is {truth}: {outcome}. Would "
        "this map have told you so?",
        "Outline the marked finding with O, if there is one. Switch the class that is explained.",
        lambda cases: cases.wrong,
        request_fields={"method": "grad-cam", "curves": "none"},
        viewport={"show": "outline"},
        short="A wrong decision",
    ),
    Stop(
        "What to trust",
        "Trust a map no further than its curves: high insertion, low deletion, and better than a "
        "random order. They compare maps of one image, never patients. And a wrong model has maps "
        "as convincing as a right one's.",
        "Compare the areas under the curves, panel by panel, for both cases.",
        lambda cases: cases.positive if cases.negative else None,
        scene=COMPARE_PAIR,
    ),
)  # fmt: skip

_OUTCOME_PHRASES = {
    Outcome.TP: "a true positive",
    Outcome.TN: "a true negative",
    Outcome.FP: "a false positive",
    Outcome.FN: "a false negative, a miss",
}


def fill_in(
    text: str, record: CaseRecord, prediction: Prediction | None, spec: ModelSpec,
    outcome: Outcome | None,
) -> str:  # fmt: skip
    """``text`` with its ``{...}`` replaced by the prediction, the truth and the outcome."""
    says, p = "nothing yet", "not known yet"
    if prediction is not None:
        predicted = prediction.predicted(spec.threshold, spec.positive)
        says, p = spec.class_names[predicted], f"{prediction.probabilities[predicted]:.2f}"
    wrong = outcome in (Outcome.FP, Outcome.FN)
    values = {
        "says": says,
        "p": p,
        "truth": truth_words(record),
        "outcome": _OUTCOME_PHRASES[outcome] if outcome else "there is nothing to check it against",
        "wrong_title": "A wrong decision" if wrong else "The narrowest decision",
    }
    return text.format(**values)
