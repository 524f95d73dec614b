"""The metrics of the weights on the About page: titles for known ones, others under their names."""

from __future__ import annotations

from xai_core.ui.about.page import calibration_rows, metric_rows


def test_known_metrics_have_titles_and_unknown_ones_keep_their_names() -> None:
    rows = metric_rows(
        {
            "validation": {
                "images": 400, "auc": 0.93171, "low": 0.9057, "high": 0.9562, "threshold": 0.286,
                "sensitivity": 0.90286, "specificity": 0.79556,
            },
            "steps": {"lesions": 1722, "images": 992},
            "float16_logits_differ_by": 0.00072872,
            "brier_score": 0.12345,
            "interval": [0.1, 0.25],
        }
    )  # fmt: skip
    assert rows["AUC on validation phantoms"].startswith("0.932 (95 % interval 0.906 to 0.956; 400")
    assert rows["At the operating point, on the same"] == (
        "sensitivity 90.3 %, specificity 79.6 %, at P = 0.286"
    )
    assert rows["Training steps, by phase"] == "lesions 1722, images 992"
    assert rows["Rounding to float16 changes logits by at most"] == "0.0007287"
    assert rows["Brier score"] == "0.1235"
    assert rows["Interval"] == "0.1 to 0.25"


def test_a_validation_with_other_fields_is_shown_under_its_own_names() -> None:
    assert metric_rows({"validation": {"auc": 0.5}}) == {"Validation": "auc 0.5"}


def test_what_calibrate_fitted_is_shown_with_its_command() -> None:
    fitted = {"temperature": 0.9712, "bias": 0.1449}
    words = (
        "temperature 0.971 and bias +0.145, fitted on the validation phantoms and folded into the "
        "head"
    )
    assert calibration_rows(fitted) == {"Calibration": words}
    rows = calibration_rows({**fitted, "command": "python -m xai_core calibrate"})
    assert rows["Calibration command"] == "python -m xai_core calibrate"
    assert calibration_rows({}) == {}
    after = {
        "images": 400, "auc": 0.9, "low": 0.8, "high": 0.95, "threshold": 0.5,
        "sensitivity": 0.8, "specificity": 0.9, "calibration_error": 0.0412,
    }  # fmt: skip
    rows = metric_rows({"validation": after})
    assert rows["At the operating point, on the same"] == "sensitivity 80.0 %, specificity 90.0 %"
    assert rows["Calibration error, on the same"] == "0.041"


def test_figures_that_are_no_numbers_are_shown_as_they_are() -> None:
    assert calibration_rows({"temperature": "x", "bias": [1]}) == {}
    assert calibration_rows({"temperature": 1.0, "bias": None}) == {}
    names = ("images", "auc", "low", "high", "sensitivity", "specificity")
    rows = metric_rows({"validation": dict.fromkeys(names, "x")})
    assert rows == {"Validation": ", ".join(f"{name} x" for name in names)}
