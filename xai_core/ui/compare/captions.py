"""Texts of the panels, the same on the page and on the figure sheet.  Plain text, no Streamlit.

Captions of rows and panels, and the notes of the figure sheet: every convention that its panels
depend on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from xai_core.cam import METHODS
from xai_core.explain.explanation import Explanation
from xai_core.faithfulness.curves import conventions as curve_conventions
from xai_core.model.layers import Layer
from xai_core.model.spec import ModelSpec
from xai_core.types import CaseRecord, Outcome, Prediction
from xai_core.ui.compare import areas
from xai_core.ui.compare.panels import PanelAnswer
from xai_core.ui.wording import OUTCOME_WORDS, layer_words, score_words, state_words, truth_words
from xai_core.viz.figure_sheet import Bar
from xai_core.viz.panel import OPACITY

# --- captions ---


def kind_of(record: CaseRecord) -> str:
    """ "Phantom" or "Case", for the beginning of a line."""
    return "Phantom" if record.is_phantom else "Case"


def case_line(record: CaseRecord, prediction: Prediction | None, spec: ModelSpec) -> str:
    """A case, its outcome, the model's decision and the truth in one line."""
    name = f"{kind_of(record)} {record.id}"
    if prediction is None:
        return f"{name}: not predicted yet; the truth: {truth_words(record)}"
    predicted = prediction.predicted(spec.threshold, spec.positive)
    truth = record.class_index
    decided = predicted == spec.positive
    outcome = "" if truth is None else _outcome_prefix(Outcome.of(truth, decided))
    class_name, p = spec.class_names[predicted], prediction.probabilities[predicted]
    decision = f"the model says {class_name} {p:.2f}"
    return f"{name}: {outcome}{decision}; the truth: {truth_words(record)}"


def _outcome_prefix(outcome: Outcome) -> str:
    return f"{OUTCOME_WORDS[outcome].partition(': ')[0]} ({outcome}); "


def layer_line(layer: Layer) -> str:
    """A layer and the resolution of its maps, as the title of a row."""
    return f"{layer.title} ({layer_words(layer)} fields)"


def colour_bar(answer: PanelAnswer) -> Bar | None:
    """The colour bar of a map, in units of the class score; None if there is no map to draw."""
    explanation, heatmap = answer.explanation, answer.heatmap
    if explanation is None or heatmap is None:
        return None
    return Bar(heatmap.scale, f"{class_score(explanation)}; {METHODS[answer.request.method].unit}")


def class_score(explanation: Explanation) -> str:
    """The score that a map explains, such as "malignant class score (class 1)"."""
    if not METHODS[explanation.request.method].class_specific:
        return score_words(explanation)
    return f"{score_words(explanation)} (class {explanation.target})"


def empty_map_reason(answer: PanelAnswer) -> str | None:
    """Why a map shows nothing, or little; None if it has more, or there is none yet."""
    explanation = answer.explanation
    if explanation is None or explanation.heatmap is None:
        return None
    return state_words(explanation.heatmap.state, explanation.target_name)


def outside_line(answer: PanelAnswer) -> str | None:
    """The share of the map's heat outside the breast; None while it is not known."""
    explanation = answer.explanation
    found = explanation.metrics.get("heat_outside_breast") if explanation else None
    if answer.heatmap is None or found is None or found.value is None:
        return None
    return f"Outside the breast: {found.value:.0%} of the heat"


# --- notes of the figure sheet ---

SENTENCE = (
    "For education only, not a medical device; a heatmap shows what moved this model, not where "
    "disease is."
)
_COLOURS = (
    "Colours: Inferno over the low-energy image, nothing where the map is 0, at most "
    f"{OPACITY:.0%} opaque where it is highest. Each bar ends at its own map's maximum before "
    "min-max: colours of different panels do not compare."
)


def notes(
    records: Mapping[str, CaseRecord], answers: Sequence[PanelAnswer], spec: ModelSpec
) -> tuple[str, ...]:
    """The paragraphs of small print, :data:`SENTENCE` last.

    Args:
        records: the cases by id.
        answers: of every panel, all of them done.
        spec: of the model.
    """
    explanations = [answer.explanation for answer in answers if answer.explanation is not None]
    return (
        *_case_notes(records, explanations),
        _model_note(spec),
        _layer_note(explanations),
        *_method_notes(explanations),
        *_curve_notes(answers, spec),
        _COLOURS,
        SENTENCE,
    )


def _case_notes(
    records: Mapping[str, CaseRecord], explanations: Sequence[Explanation]
) -> Iterator[str]:
    for explanation in {e.case_id: e for e in explanations}.values():
        record = records[explanation.case_id]
        synthetic = " (a synthetic image, not a patient)" if record.is_phantom else ""
        as_predicted = explanation.target == explanation.predicted
        chosen = "as predicted" if as_predicted else "not the predicted one"
        positive = explanation.positive
        yield (
            f"{kind_of(record)} {record.id}{synthetic}, source {record.source}. "
            f"Explained class: {explanation.target_name} (class {explanation.target}), {chosen}; "
            f"{explanation.class_names[positive]} probability "
            f"{explanation.prediction.probabilities[positive]:.3f}. "
            f"Pixels' SHA-256 {explanation.image_digest}."
        )


def _model_note(spec: ModelSpec) -> str:
    trained = f", trained on {spec.trained_on()}" if spec.trained_on() else ""
    return (
        f"Model: {spec.timm_name}{trained}, input {spec.input_size} x {spec.input_size}. "
        f"The predicted class is decided by {spec.decision_note()}. Weights SHA-256 {spec.sha256}."
    )


def _layer_note(explanations: Sequence[Explanation]) -> str:
    shown = sorted({e.layer for e in explanations}, key=lambda layer: layer.stage)
    return "Layers: " + "; ".join(f"{layer.title} is {layer.name}" for layer in shown) + "."


def _method_notes(explanations: Sequence[Explanation]) -> Iterator[str]:
    by_method = {e.request.method: e for e in explanations}
    for method, explanation in by_method.items():
        conventions = {
            k: v for k, v in explanation.conventions.items() if not k.startswith("curve")
        }
        yield f"{METHODS[method].title}: {_listed(conventions)}."
        if METHODS[method].uses_levels:
            levels = ", ".join(f"{level:g}" for level in explanation.request.option("levels"))
            title = METHODS[method].title
            yield f"Area levels of {title}: {levels} % of the network's pixels kept sharp."


def _curve_notes(answers: Sequence[PanelAnswer], spec: ModelSpec) -> Iterator[str]:
    """The baseline, and where areas are shown how their curves were measured."""
    size = spec.input_size
    baseline = curve_conventions("adaptive", size)["curve baseline"]
    yield f"Baseline, what a removed pixel becomes in Hybrid-CAM and the curves: {baseline}."
    if not areas.all_known(answers):
        return
    snapshots = [a.curves_snapshot for a in answers if a.curves_snapshot]
    asked = {s.explanation.request for s in snapshots if s.explanation}
    for mode, ties in sorted({(request.curves, request.ties) for request in asked}):
        conventions = {
            k: v
            for k, v in curve_conventions(mode, size, ties=ties).items()
            if k != "curve baseline"
        }
        yield f"Insertion and deletion: {_listed(conventions)}."
    if spec.curves_note():
        yield spec.curves_note()


def _listed(conventions: Mapping[str, str]) -> str:
    return "; ".join(f"{name}: {value}" for name, value in conventions.items())
