"""The answer to a change: the model's logits and probability before and after, beside the truth.

No Streamlit here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from xai_core.features.lesion import Truth
from xai_core.model.spec import ModelSpec
from xai_core.types import Prediction
from xai_core.ui.wording import plain
from xai_core.viz.text_tables import markdown_table

SAME = 0.25
"""A smaller change of the logit difference counts as about the same."""
_NONE = "-"
_FAR = 20.0  # log-odds in the place of infinity: no lesion at all


def logit_difference(prediction: Prediction, spec: ModelSpec) -> float:
    """The logit of the positive class minus the largest of the others."""
    others = [v for i, v in enumerate(prediction.logits) if i != spec.positive]
    return float(prediction.logits[spec.positive] - max(others))


def direction(before: float, after: float) -> str:
    """``up``, ``same`` or ``down``: where the logit difference went, see :data:`SAME`."""
    change = after - before
    return "same" if abs(change) < SAME else "up" if change > 0 else "down"


def log_odds(probability: float) -> float:
    """ln(p / (1 - p)); minus infinity for 0."""
    if probability <= 0:
        return -math.inf
    return math.log(probability / (1 - probability)) if probability < 1 else math.inf


@dataclass(frozen=True)
class Answer:
    """What the model and the generator say of a phantom."""

    prediction: Prediction
    truth: Truth


def answer_table(before: Answer, after: Answer, spec: ModelSpec) -> str:
    """The model's and the generator's answers, as a Markdown table."""
    name = spec.class_names[spec.positive]
    both = before, after
    z = [logit_difference(a.prediction, spec) for a in both]
    p = [float(a.prediction.probabilities[spec.positive]) for a in both]
    t = [a.truth.probability for a in both]
    odds = [log_odds(x) for x in t]
    rows = [
        (f"**model:** P({plain(name)})", *_values(p, "{:.2f}")),
        ("its logit difference", *_values(z, "{:+.2f}")),
        (f"**truth (generator):** P({plain(name)})", *_values(t, "{:.2f}")),
        ("its log-odds", *_values(odds, "{:+.2f}")),
        ("category (BI-RADS)", str(before.truth.birads), str(after.truth.birads), ""),
    ]
    return "\n".join(markdown_table(("", "before", "after", "change"), rows))


def _values(values: Sequence[float], form: str) -> tuple[str, str, str]:
    before, after = values
    sign = form.replace(":.", ":+.")
    known = math.isfinite(before) and math.isfinite(after)
    shown = [form.format(v) if math.isfinite(v) else _NONE for v in values]
    return shown[0], shown[1], sign.format(after - before) if known else _NONE


def answer_sentence(before: Answer, after: Answer, spec: ModelSpec, guess: str | None) -> str:
    """What the model did, what is true, and whether the reader's guess was right.

    ``guess``: ``up``, ``same`` or ``down``; None without one.
    """
    went = direction(*(logit_difference(a.prediction, spec) for a in (before, after)))
    true = direction(*(max(log_odds(a.truth.probability), -_FAR) for a in (before, after)))
    words = {"up": "went up", "down": "went down", "same": "stayed about the same"}
    said = f"The model's suspicion {words[went]}; the truth {words[true]}."
    if went == true:
        said += " The model follows the truth here."
    elif "same" not in (went, true):
        said += " The model goes the wrong way."
    elif went == "same":
        said += " The model does not see this cue here."
    else:
        said += " The model reacts to what means nothing."
    if guess in words:
        said += " You guessed right." if guess == went else f" You guessed: {_GUESSED[guess]}."
    return said


_GUESSED = {"up": "up", "down": "down", "same": "about the same"}
