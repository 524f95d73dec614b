"""What is written beside a panel and under a sheet: plain text.  No Streamlit.

What is written beside a panel, on the page and on paper alike: plain text.  No Streamlit.

The small print of a plate: every convention its panels rest on.  No Streamlit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from xai_core.cam import METHODS
from xai_core.explain.explanation import Explanation
from xai_core.faithfulness.curves import conventions as curve_conventions
from xai_core.model.layers import Layer
from xai_core.model.spec import ModelSpec
from xai_core.types import CaseRecord, Outcome, Prediction
from xai_core.ui.compare.panels import PanelAnswer
from xai_core.ui.job_progress import pending
from xai_core.ui.wording import OUTCOME_WORDS, layer_words, state_words, truth_words
from xai_core.viz.curve_figure import auc_text
from xai_core.viz.figure_sheet import Bar
from xai_core.viz.panel import OPACITY


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


def bar(answer: PanelAnswer) -> Bar | None:
    """The colour bar of a map, in the score of its class; None where there is no map to draw."""
    explanation, heatmap = answer.explanation, answer.heatmap
    if explanation is None or heatmap is None:
        return None
    return Bar(heatmap.scale, f"{class_score(explanation)}; {METHODS[answer.request.method].unit}")


def class_score(explanation: Explanation) -> str:
    """The score a map is about: "malignant class score (class 1)"."""
    return f"{explanation.target_name} class score (class {explanation.target})"


def why_empty(answer: PanelAnswer) -> str | None:
    """Why a finished map shows nothing; None where it shows something, or is not there yet."""
    explanation = answer.explanation
    if explanation is None or explanation.heatmap is None:
        return None
    return state_words(explanation.heatmap.state, explanation.target_name)


def areas(answer: PanelAnswer) -> tuple[str, ...]:
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
    """The paragraphs, :data:`SENTENCE` last.

    Args:
        records: the cases by id.
        answers: of every panel, all of them done.
    """
    found = [answer.explanation for answer in answers if answer.explanation is not None]
    return (
        *_cases(records, found),
        _model(spec),
        _layers(found),
        *_methods(found),
        *_curves(answers, spec.input_size),
        _COLOURS,
        SENTENCE,
    )


def _cases(records: Mapping[str, CaseRecord], found: Sequence[Explanation]) -> Iterator[str]:
    for one in {x.case_id: x for x in found}.values():
        record = records[one.case_id]
        synthetic = " (a synthetic image, not a patient)" if record.is_phantom else ""
        chosen = "as predicted" if one.target == one.predicted else "not the predicted one"
        yield (
            f"{kind_of(record)} {record.id}{synthetic}, source {record.source}. "
            f"Explained class: {one.target_name} (class {one.target}), {chosen}; "
            f"{one.class_names[one.positive]} probability "
            f"{one.prediction.probabilities[one.positive]:.3f}, "
            f"threshold {one.threshold:.3f}. Pixels' SHA-256 {one.image_digest}."
        )


def _model(spec: ModelSpec) -> str:
    phantoms = ", trained on phantoms" if spec.trained_on_phantoms else ""
    return (
        f"Model: {spec.timm_name}{phantoms}, input {spec.input_size} x {spec.input_size}. "
        f"Weights SHA-256 {spec.sha256}."
    )


def _layers(found: Sequence[Explanation]) -> str:
    shown = sorted({one.layer for one in found}, key=lambda layer: layer.stage)
    return "Layers: " + "; ".join(f"{layer.title} is {layer.name}" for layer in shown) + "."


def _methods(found: Sequence[Explanation]) -> Iterator[str]:
    shown = {one.request.method: one for one in found}
    for method, one in shown.items():
        choices = {k: v for k, v in one.conventions.items() if not k.startswith("curve")}
        yield f"{METHODS[method].title}: {_listed(choices)}."
        if METHODS[method].uses_levels:
            levels = ", ".join(f"{level:g}" for level in one.request.option("levels"))
            title = METHODS[method].title
            yield f"Area levels of {title}: {levels} % of the network's pixels kept sharp."


def _curves(answers: Sequence[PanelAnswer], size: int) -> Iterator[str]:
    baseline = curve_conventions("adaptive", size)["curve baseline"]
    yield f"Baseline, what a removed pixel becomes in Hybrid-CAM and the curves: {baseline}."
    for mode in sorted(
        {a.curves.explanation.request.curves for a in answers if a.curves and a.curves.explanation}
    ):
        choices = {k: v for k, v in curve_conventions(mode, size).items() if k != "curve baseline"}
        yield f"Insertion and deletion: {_listed(choices)}."


def _listed(choices: Mapping[str, str]) -> str:
    return "; ".join(f"{name}: {value}" for name, value in choices.items())
