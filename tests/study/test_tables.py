from __future__ import annotations

import math

import pytest

from tests.conftest import BUILT_IN_LAYERS
from xai_core.cam import PAPER_METHODS
from xai_core.study.paper import AREAS, IMAGES_STATED, IMPLIED, Areas
from xai_core.study.rows import MEASURES, Row
from xai_core.study.summary import decisions, layers_of, table
from xai_core.study.tables import About, latex, markdown
from xai_core.types import Outcome

ABOUT = About("A_B & C | D", is_phantom=False, curves="adaptive", weights="ab" * 32)


def row(case: int, outcome: str | None = "TP", insertion: float | None = 0.9, **more) -> Row:
    """A row; ``more``: fields of it, or columns of measures."""
    truth = {"TP": "malignant", "FN": "malignant", "TN": "benign", "FP": "benign"}
    known = {
        "patient_id": f"P{case // 2}", "pathology": truth.get(outcome or ""),
        "probability_malignant": 0.8 if outcome in ("TP", "FP") else 0.2, "outcome": outcome,
        "method": "grad-cam", "layer": BUILT_IN_LAYERS[0], "map_state": "ok",
    }  # fmt: skip
    measures = {
        "insertion_auc": insertion, "insertion_error": 0.001, "deletion_auc": 0.3,
        "deletion_error": 0.002, "interpretable": True,
    }  # fmt: skip
    measures |= {name: more.pop(name) for name in list(more) if name in MEASURES}
    return Row(case_id=f"c{case}", measures=measures, **{**known, **more})


def test_the_papers_figures_are_those_of_its_tables() -> None:
    assert len(AREAS) == 12
    assert AREAS[3, Outcome.TP, "hybrid-cam"] == Areas(0.963, 0.350)
    assert AREAS[4, Outcome.TN, "hybrid-cam"] == Areas(0.827, 0.928)
    assert AREAS[4, Outcome.TP, "score-cam"] == Areas(0.911, 0.254)
    assert (IMAGES_STATED, IMPLIED.images) == (141, 147)
    ratios = (IMPLIED.sensitivity, IMPLIED.specificity, IMPLIED.precision)
    assert [round(100 * ratio, 1) for ratio in ratios] == [56.1, 92.2, 82.1]


def test_means_by_outcome_and_method() -> None:
    rows = [row(0, insertion=0.8), row(1, insertion=0.6), row(4, insertion=0.7), row(5, "TN")]
    tp, tn = table(rows, BUILT_IN_LAYERS[0])
    assert (tp.outcome, tp.method, tp.images, tp.patients) == (Outcome.TP, "grad-cam", 3, 2)
    assert tp.insertion.value == pytest.approx(0.7)
    assert tp.insertion.low <= 0.7 <= tp.insertion.high
    assert tp.deletion.value == pytest.approx(0.3)
    assert tp.error == pytest.approx(0.002)
    assert (tn.images, tn.insertion.value) == (1, 0.9)
    assert layers_of(rows) == (BUILT_IN_LAYERS[0],)


def test_maps_that_cannot_be_ranked_are_counted_separately() -> None:
    none = {"insertion": None, "deletion_auc": None, "interpretable": None}
    rows = [row(0), row(2, map_state="no positive evidence", **none), row(4, interpretable=False)]
    tp, tn = table(rows, BUILT_IN_LAYERS[0])
    assert (tp.images, tp.unranked, tp.not_interpretable) == (2, 1, 1)
    assert tn.images == 0
    assert math.isnan(tn.insertion.value)


def test_decisions_count_each_case_once() -> None:
    rows = [
        *(row(i, o, method=m) for m in PAPER_METHODS for i, o in enumerate(("TP", "TN", "FN"))),
        row(7, None),
        Row(case_id="bad", patient_id="x", problem="It cannot be read."),
    ]  # fmt: skip
    found = decisions(rows)
    assert (found.confusion.tp, found.confusion.tn, found.confusion.fn) == (1, 1, 1)
    assert (found.unreadable, found.unlabelled, found.patients) == (1, 1, 2)
    assert found.auc.value == 0.75


def test_markdown_shows_measured_figures_and_the_papers() -> None:
    text = markdown([row(0), row(2, "TN")], ABOUT)
    line = next(line for line in text.splitlines() if line.startswith("| TP | Grad-CAM"))
    assert line == (
        "| TP | Grad-CAM | 1 (1) | 0.900 (0.900 to 0.900) | 0.958 | 0.300 (0.300 to 0.300) | 0.361 "
        "| 0 | 0 |"
    )
    assert r"A_B & C \| D" in text
    assert "| images | 2 | 141 said, 147 implied |" in text
    assert "| sensitivity | 100.0 % | 56.1 % |" in text
    tables = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.count("|") - line.count(r"\|") for line in tables} == {4, 10}


def test_a_method_that_the_paper_does_not_have_is_shown_without_its_figures() -> None:
    rows = [row(0, method="their-cam"), row(0, method="score-cam"), row(0), row(2, "TN")]
    assert [cell.method for cell in table(rows, BUILT_IN_LAYERS[0])][:3] == [
        "score-cam", "grad-cam", "their-cam",
    ]  # fmt: skip
    text = markdown(rows, ABOUT)
    line = next(line for line in text.splitlines() if line.startswith("| TP | their-cam"))
    ours = "0.900 (0.900 to 0.900) | - | 0.300 (0.300 to 0.300) | -"
    assert line == f"| TP | their-cam | 1 (1) | {ours} | 0 | 0 |"
    assert "their-cam & 1 (1) & 0.900 (0.900 to 0.900) & - &" in latex(rows, ABOUT)


def test_other_measures_have_a_table_of_means_with_their_numbers() -> None:
    rows = [
        row(0, hit=True, tie_fraction=0.25, distance=0.0, peak_row=7),
        row(2, hit=False, tie_fraction=0.5, distance=20.0, peak_row=9),
        row(4, tie_fraction=0.75),
        row(6, "TN", tie_fraction=0.5),
    ]
    text = markdown(rows, ABOUT)
    lines = text.splitlines()
    at = lines.index("### Other measures: Stage 3 Block 9")
    assert lines[at + 2 : at + 6] == [
        "| outcome | method | Tie fraction | Pointing game | Distance of the peak |",
        "|---|---|---|---|---|",
        "| TP | Grad-CAM | 0.500 (3) | 0.500 (2) | 10.000 (2) |",
        "| TN | Grad-CAM | 0.500 (1) | - | - |",
    ]
    notes = [line for line in lines if line.startswith("- Pointing game (hit, hit or miss)")]
    assert len(notes) == 1
    assert "Higher is better. Reference: Zhang" in notes[0]
    written = latex(rows, ABOUT)
    assert r"TP & Grad-CAM & 0.500 (3) & 0.500 (2) & 10.000 (2) \\" in written
    assert r"\label{tab:other-1}" in written
    assert "% Pointing game (hit, hit or miss)" in written


def test_latex_is_balanced_and_escaped() -> None:
    text = latex([row(0), row(2, "TN", layer=BUILT_IN_LAYERS[1])], ABOUT)
    body = [line for line in text.splitlines() if not line.startswith("%")]
    assert text.count(r"\begin{table}") == text.count(r"\end{table}") == 3
    assert r"A\_B \& C | D" in text
    assert all(line.endswith(r"\\") for line in body if " & " in line and "caption" not in line)
    assert "".join(body).count("{") - "".join(body).count(r"\{") == (
        "".join(body).count("}") - "".join(body).count(r"\}")
    )
    assert "nan" not in text


def test_documents_without_rows() -> None:
    assert "Table 1" not in markdown([], ABOUT)
    assert "nan" not in markdown([], ABOUT) + latex([], ABOUT)
