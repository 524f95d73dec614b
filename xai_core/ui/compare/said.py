"""What is written beside a panel, on the page and on paper alike: plain text.  No Streamlit."""

from __future__ import annotations

from xai_core.cam import METHODS
from xai_core.explanation import Explanation
from xai_core.model.layers import Layer
from xai_core.model.spec import ModelSpec
from xai_core.types import CaseRecord, Outcome, Prediction
from xai_core.ui.compare.jobs import Answer
from xai_core.ui.progress import pending
from xai_core.ui.words import OUTCOME_WORDS, layer_words, state_words, truth_words
from xai_core.viz.curve_figure import auc_text
from xai_core.viz.plate import Bar


def kind_of(record: CaseRecord) -> str:
    """ "Phantom" or "Case", for the beginning of a line."""
    return "Phantom" if record.is_phantom else "Case"


def case_line(record: CaseRecord, prediction: Prediction | None, spec: ModelSpec) -> str:
    """A case, its outcome, what the model says of it and what is true."""
    name = f"{kind_of(record)} {record.id}"
    if prediction is None:
        return f"{name}: not predicted yet; the truth: {truth_words(record)}"
    predicted = prediction.predicted(spec.threshold, spec.positive)
    truth = record.class_index
    decided = predicted == spec.positive
    outcome = "" if truth is None else _outcome(Outcome.of(truth, decided))
    name_said, p = spec.class_names[predicted], prediction.probabilities[predicted]
    says = f"the model says {name_said} {p:.2f}"
    return f"{name}: {outcome}{says}; the truth: {truth_words(record)}"


def _outcome(outcome: Outcome) -> str:
    return f"{OUTCOME_WORDS[outcome].partition(': ')[0]} ({outcome}); "


def layer_line(layer: Layer) -> str:
    """A layer with its plain words, as the head of a row."""
    return f"{layer.title} ({layer_words(layer)} fields)"


def bar(answer: Answer) -> Bar | None:
    """The colour bar of a map, in the score of its class; None where there is no map to draw."""
    explanation, heatmap = answer.explanation, answer.heatmap
    if explanation is None or heatmap is None:
        return None
    return Bar(heatmap.scale, f"{class_score(explanation)}; {METHODS[answer.request.method].unit}")


def class_score(explanation: Explanation) -> str:
    """The score a map is about: "malignant class score (class 1)"."""
    return f"{explanation.target_name} class score (class {explanation.target})"


def why_empty(answer: Answer) -> str | None:
    """Why a finished map shows nothing; None where it shows something, or is not there yet."""
    explanation = answer.explanation
    if explanation is None or explanation.heatmap is None:
        return None
    return state_words(explanation.heatmap.state, explanation.target_name)


def areas(answer: Answer) -> tuple[str, ...]:
    """The areas under the curves where they are known, a line each, and whether they mean
    anything."""
    found = answer.curves.explanation if answer.curves else None
    pair = found.curves if found else None
    if answer.curves is None or pair is None:
        return ()
    so_far = " so far" if pending(answer.curves) else ""
    lines = [
        f"Insertion AUC {auc_text(pair.insertion)}{so_far}",
        f"Deletion AUC {auc_text(pair.deletion)}{so_far}",
    ]
    if not pair.interpretable:
        lines.append("Not interpretable: the blurred image scores no less than the image.")
    return tuple(lines)
