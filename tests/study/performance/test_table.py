from __future__ import annotations

from pathlib import Path

import pytest

from tests.study.performance.scored_cases import scored
from xai_core.model.spec import read_spec
from xai_core.study.performance import About, calibration_lines, decisions, markdown, summarise

CASES = [
    *(scored(i, p=0.3 + i / 10, descriptors={"mass shape": "a|b"}) for i in range(6)),
    *(scored(i, "benign", p=i / 10) for i in range(7)),
]


@pytest.fixture
def about(tiny_weights: Path) -> About:
    return About("my *cases*", False, read_spec(tiny_weights), 15, 2)


def test_lines_of_the_decisions() -> None:
    found = dict(decisions(summarise(CASES)))
    assert found["images (patients)"] == "13 (7)"
    assert [found[name] for name in ("TP", "TN", "FP", "FN")] == ["4", "5", "2", "2"]
    assert found["sensitivity (95 % interval)"] == "66.7 % (-)"
    error = found["expected calibration error, 10 bins of equal width (95 % interval)"]
    assert error == f"{summarise(CASES).calibration_error:.3f} (-)"
    by_chance = found["the same of a perfectly calibrated model on 13 images"]
    assert by_chance.endswith("or less in 95 of 100")
    one = dict(decisions(summarise(CASES[:6])))
    assert "one class" in one["AUC of malignant against the rest (95 % interval)"]
    assert one["specificity (95 % interval)"] == "-"


def test_empty_bins_have_no_values() -> None:
    lines = calibration_lines(summarise(CASES[:6]))
    assert lines[0] == ("0.0 to 0.1", "0 (0)", "-", "-")
    assert lines[3] == ("0.3 to 0.4", "1 (1)", "0.300", "1.000 (-)")


def test_document_has_title_table_and_notes(about: About) -> None:
    text = markdown(summarise(CASES), about)
    assert text.startswith("# Performance on my \\*cases\\*\n")
    assert "| mass shape | a\\|b | 4 / 6 | 66.7 % (-) | 0 / 0 | - |" in text
    assert "2 of 15 cannot be read" in text
    assert "(images)" in text.split("## Notes")[1].replace("\\", "")
    assert len([line for line in text.splitlines() if line.startswith("| 0.")]) == 10
