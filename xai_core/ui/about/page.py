"""The About page: model, cases, methods, limits, conventions, model card and data card."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import streamlit as st

from xai_core.cam import METHODS
from xai_core.explain.service import PageService
from xai_core.faithfulness.curves import conventions as curve_conventions
from xai_core.list_text import counted
from xai_core.model.spec import ModelSpec
from xai_core.settings import ROOT
from xai_core.ui.service_access import layers
from xai_core.ui.wording import NOTICE, facts_table, layer_words, plain

# --- metrics of the weights ---


def metric_rows(metrics: Mapping[str, Any]) -> dict[str, str]:
    """Titles and values of the metrics that ``train`` wrote into the model's specification.

    Unknown metrics are shown under their own names.
    """
    rows: dict[str, str] = {}
    for name, value in metrics.items():
        if name == "validation" and _is_validation(value):
            rows["AUC on validation phantoms"] = (
                f"{value['auc']:.3f} (95 % interval {value['low']:.3f} to {value['high']:.3f}; "
                f"{value['images']} phantoms whose tissue no training image shares)"
            )
            rows["At the operating point, on the same"] = (
                f"sensitivity {100 * value['sensitivity']:.1f} %, "
                f"specificity {100 * value['specificity']:.1f} %"
                + (f", at P = {value['threshold']:g}" if value.get("threshold", 0.5) != 0.5 else "")
            )
            if "calibration_error" in value:
                rows["Calibration error, on the same"] = f"{value['calibration_error']:.3f}"
        else:
            rows[_TITLES.get(name, name.replace("_", " ").capitalize())] = _text(value)
    return rows


def calibration_rows(calibration: Mapping[str, Any]) -> dict[str, str]:
    """What ``train`` or ``calibrate`` fitted and folded into the weights; empty where nothing."""
    if not _are_numbers(calibration, ("temperature", "bias")):
        return {}
    rows = {
        "Calibration": (
            f"temperature {calibration['temperature']:.3f} and bias {calibration['bias']:+.3f}, "
            "fitted on the validation phantoms and folded into the head"
        )
    }
    command = calibration.get("command")
    return rows | ({"Calibration command": str(command)} if command else {})


_TITLES = {
    "steps": "Training steps, by phase",
    "float16_logits_differ_by": "Rounding to float16 changes logits by at most",
}
_VALIDATION = {"images", "auc", "low", "high", "sensitivity", "specificity"}


def _is_validation(value: object) -> bool:
    """Whether ``train`` can have written it, so that all its figures are numbers."""
    return isinstance(value, dict) and value.keys() >= _VALIDATION and _are_numbers(value, value)


def _are_numbers(values: Mapping[str, Any], names: Iterable[str]) -> bool:
    figures = [values.get(name) for name in names]
    return all(isinstance(v, int | float) and not isinstance(v, bool) for v in figures)


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_text(v)}" for name, v in value.items())
    if isinstance(value, list | tuple):
        return " to ".join(_text(v) for v in value)
    return str(value)


# --- the page ---

_CARDS = {
    "Model card": ROOT / "docs" / "model_card.md",
    "Data card: the built-in phantoms": ROOT / "docs" / "data_card.md",
}

_LIMITS = """
- A heatmap shows what moved **this model's** score. It does not show disease, and a wrong model has
  heatmaps as convincing as a right one.
- Hybrid-CAM's ranking of pixels equals Grad-CAM's: it is Grad-CAM with a contrast curve made for
  the image. Pixels where Grad-CAM is 0, often most of the picture, stay 0 without an order, and so
  do those outside every area that raises the score.
- Insertion and deletion show the model images that no examination gives; their areas compare maps
  on one image and one model, not models or patients.{curves_note}
- Where the blurred image scores no less than the image itself, the curves measure nothing, and the
  page says "not interpretable".
- The quick curves' error is an estimate: a curve can hide a spike between two measured points.
"""


def show(service: PageService) -> None:
    """Draw the page."""
    spec = service.classifier.spec
    st.markdown("## About this dashboard")
    st.markdown(NOTICE)
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("### The model")
        scored_by = service.classifier.engine.status.sentence
        st.markdown(facts_table(_model_facts(spec) | {"Scored by": scored_by}, 400))
        st.markdown("### The cases")
        _show_cases(service)
    with right:
        st.markdown("### The methods")
        for method in METHODS.values():
            paper = plain(method.reference, 200)
            st.markdown(f"**{method.title}** ({paper})  \n{method.description}")
        st.markdown(
            "**Layers**  \n"
            + "  \n".join(
                f"{layer.title} (`{layer.name}`): {layer_words(layer)} fields"
                for layer in layers(service)
            )
        )
        st.markdown("### Limits")
        note = spec.curves_note()
        st.markdown(_LIMITS.format(curves_note=f" **{note}**" if note else ""))
    with st.expander("Conventions: every choice the papers leave open, as pinned here"):
        for method in METHODS.values():
            st.markdown(f"**{method.title}** (`{method.name}`)")
            st.markdown(facts_table(method.conventions(method.options()), 400))
        st.markdown("**Insertion and deletion**")
        st.markdown(facts_table(curve_conventions("adaptive", spec.input_size), 400))
    for title, card in _CARDS.items():
        if card.is_file():
            with st.expander(title):
                st.markdown(card.read_text(encoding="utf-8"))


def _model_facts(spec: ModelSpec) -> dict[str, str]:
    facts = {
        "Network": f"{spec.timm_name}, input {spec.input_size} x {spec.input_size}",
        "Classes": ", ".join(f"{i} {name}" for i, name in enumerate(spec.class_names)),
        "Predicted class": f"decided by {spec.decision_note()}",
        "Training data": spec.training_data,
        "Training command": spec.training_command,
        "Licence": spec.licence,
        "Weights (SHA-256)": spec.sha256,
    }
    return facts | calibration_rows(spec.calibration) | metric_rows(spec.metrics)


def _show_cases(service: PageService) -> None:
    source, records = service.source, service.records.values()
    truth = Counter(str(r.pathology or "not given") for r in records)
    patients = counted(len({r.patient_id for r in records}), "patient", "patients")
    facts = {
        "Source": source.name,
        "Kind": "phantoms: synthetic images, not patients" if source.is_phantom else "images",
        "Cases": f"{len(service.records)} of {patients}",
        "Truth": ", ".join(f"{n} {name}" for name, n in sorted(truth.items())),
    }
    st.markdown(facts_table(facts, 400))
    for warning in (*source.warnings, *service.notices()):
        st.caption(plain(warning, 600))
