from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from xai_core.explain.request import ExplainRequest
from xai_core.model.spec import read_spec
from xai_core.statistics.multiple_tests import holm
from xai_core.statistics.paired import paired_difference
from xai_core.statistics.proportion import Proportion
from xai_core.study.pointing import (
    HEAD,
    MAP_HEAD,
    POINTERS,
    About,
    Chance,
    Overlap,
    PeakResult,
    PointingRow,
    lines,
    map_lines,
    markdown,
    notes,
)
from xai_core.viz.text_tables import p_text

HIT = PeakResult("ok", (1, 1), 0.0, True)
MISS = PeakResult("ok", (1, 1), 20.0, False)
NOTHING = PeakResult("constant")


def row(number: int, *results: PeakResult, called: bool = True) -> PointingRow:
    return PointingRow(
        f"c{number}", f"P{number // 2}", 0.7, called, dict(zip(POINTERS, results, strict=True)),
        Chance(0.2, 0.05 * (number + 1)), Overlap(0.5 - 0.2 * number, 0.6), number == 0,
    )  # fmt: skip


ROWS = [row(0, HIT, NOTHING, HIT, MISS), row(1, MISS, MISS, HIT, HIT, called=False)]


@pytest.fixture
def about(tiny_weights: Path) -> About:
    request = ExplainRequest(target="malignant")
    return About(
        "my | cases", False, request, read_spec(tiny_weights), 5, 2, 1, "Grad-CAM, Stage 3 Block 6"
    )


def test_table_has_a_line_for_the_map_and_each_baseline(about: About) -> None:
    assert lines(ROWS, about) == [
        ("Grad-CAM, Stage 3 Block 6, for malignant", "1 / 2", "50.0 % (-)", "-", "-", "0"),
        ("the same of an untrained network", "0 / 2", "0.0 % (-)", "+50.0 (-)", "-", "1"),
        ("brightest spot", "2 / 2", "100.0 % (-)", "-50.0 (-)", "-", "0"),
        ("centre of the breast", "1 / 2", "50.0 % (-)", "+0.0 (-)", "-", "0"),
        ("chance, within 15 px", "0.4 expected / 2", "20.0 %", "+30.0 (-)", "-", "-"),
        ("chance, inside the marks", "0.2 expected / 2", "7.5 %", "-", "-", "-"),
    ]


def test_rates_are_compared_on_the_same_images_by_patient(about: About) -> None:
    results = [(HIT, MISS, HIT, MISS), (HIT, HIT, HIT, MISS), (MISS, MISS, HIT, MISS)]
    rows = [row(i, *results[i // 2 % 3]) for i in range(48)]
    found = lines(rows, about)
    patients = [r.patient_id for r in rows]
    hits = [i // 2 % 3 < 2 for i in range(48)]
    low, high = Proportion.of(hits, patients).interval
    assert found[0][2] == f"66.7 % ({100 * low:.1f} to {100 * high:.1f})"
    others = [[i // 2 % 3 == 1 for i in range(48)], [True] * 48, [False] * 48, [0.2] * 48]
    differences = [paired_difference(hits, other, patients, seed=0) for other in others]
    for line, one, p in zip(found[1:5], differences, holm([d.p for d in differences]), strict=True):
        ends = f"{100 * one.low:+.1f} to {100 * one.high:+.1f}"
        assert line[3:5] == (f"{100 * one.value:+.1f} ({ends})", p_text(p))


def test_second_table_tells_where_the_heat_lies_and_what_is_left_without_the_lesion() -> None:
    assert map_lines(ROWS) == [
        ("heat inside the marks", "0.400 (-)"),
        ("average precision of the heat", "0.600 (-)"),
        ("marked share of the breast", "0.075 (-)"),
        ("called malignant", "1 / 2, 50.0 % (-)"),
        ("called malignant with the findings erased", "1 / 2, 50.0 % (-)"),
    ]


def test_notes_give_the_numbers_of_cases(about: About) -> None:
    texts = notes(ROWS, about)
    assert "decided by the larger logit: 1 / 2 of these images, 50.0 %" in texts[0]
    assert texts[1].startswith("2 images of 1 patient,")
    assert "of 5: 2 with nothing marked" in texts[1]
    assert "1 that cannot be read" in texts[1]
    phantoms = notes(ROWS, dataclasses.replace(about, is_phantom=True))
    assert phantoms[1].startswith("2 synthetic phantoms")


def test_document_has_title_table_and_notes(about: About) -> None:
    text = markdown(ROWS, about)
    assert text.startswith("# Pointing game on my \\| cases\n")
    table = [line for line in text.splitlines() if line.startswith("| ")]
    assert len(table) == 7 + 6
    assert {line.count("|") for line in table} == {len(HEAD) + 1, len(MAP_HEAD) + 1}
    marked_up = markdown(ROWS, dataclasses.replace(about, title="A<b>-CAM, Stage 3 Block 6"))
    assert "| A\\<b\\>-CAM, Stage 3 Block 6, for malignant |" in marked_up
