"""The figures that came with the weights, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def metric_rows(metrics: Mapping[str, Any]) -> dict[str, str]:
    """What ``train`` wrote into the specification, name by name; what it does not know as it is."""
    rows: dict[str, str] = {}
    for name, value in metrics.items():
        if name == "validation" and _is_validation(value):
            rows["AUC on validation phantoms"] = (
                f"{value['auc']:.3f} (95 % interval {value['low']:.3f} to {value['high']:.3f}; "
                f"{value['images']} phantoms whose tissue no training image shares)"
            )
            rows["At the threshold, on the same"] = (
                f"sensitivity {100 * value['sensitivity']:.1f} %, "
                f"specificity {100 * value['specificity']:.1f} %"
            )
        else:
            rows[_WORDS.get(name, name.replace("_", " ").capitalize())] = _text(value)
    return rows


_WORDS = {
    "steps": "Training steps, by phase",
    "float16_logits_differ_by": "Rounding to float16 changes logits by at most",
}
_VALIDATION = {"images", "auc", "low", "high", "sensitivity", "specificity"}


def _is_validation(value: object) -> bool:
    return isinstance(value, dict) and value.keys() >= _VALIDATION


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_text(v)}" for name, v in value.items())
    if isinstance(value, list | tuple):
        return " to ".join(_text(v) for v in value)
    return str(value)
