"""The small print of a plate: every convention its panels rest on.  No Streamlit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from xai_core.cam import METHODS
from xai_core.explanation import Explanation
from xai_core.faithfulness.curves import conventions as curve_conventions
from xai_core.model.spec import ModelSpec
from xai_core.types import CaseRecord
from xai_core.ui.compare import said
from xai_core.ui.compare.jobs import Answer
from xai_core.viz.panel import OPACITY

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
    records: Mapping[str, CaseRecord], answers: Sequence[Answer], spec: ModelSpec
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
            f"{said.kind_of(record)} {record.id}{synthetic}, source {record.source}. "
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


def _curves(answers: Sequence[Answer], size: int) -> Iterator[str]:
    baseline = curve_conventions("adaptive", size)["curve baseline"]
    yield f"Baseline, what a removed pixel becomes in Hybrid-CAM and the curves: {baseline}."
    for mode in sorted(
        {a.curves.explanation.request.curves for a in answers if a.curves and a.curves.explanation}
    ):
        choices = {k: v for k, v in curve_conventions(mode, size).items() if k != "curve baseline"}
        yield f"Insertion and deletion: {_listed(choices)}."


def _listed(choices: Mapping[str, str]) -> str:
    return "; ".join(f"{name}: {value}" for name, value in choices.items())
