from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from xai_core.explain.request import ExplainRequest
from xai_core.model.spec import read_spec
from xai_core.study.pointing import (
    HEAD,
    POINTERS,
    About,
    Chance,
    PeakResult,
    PointingRow,
    lines,
    markdown,
    notes,
)

HIT = PeakResult("ok", (1, 1), 0.0, True)
MISS = PeakResult("ok", (1, 1), 20.0, False)
NOTHING = PeakResult("constant")


def row(number: int, *results: PeakResult, called: bool = True) -> PointingRow:
    return PointingRow(
        f"c{number}", f"P{number // 2}", 0.7, called, dict(zip(POINTERS, results, strict=True)),
        Chance(0.2, 0.05 * (number + 1)),
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
        ("Grad-CAM, Stage 3 Block 6, for malignant", "1 / 2", "50.0 % (9.5 to 90.5)", "0"),
        ("the same of an untrained network", "0 / 2", "0.0 % (0.0 to 65.8)", "1"),
        ("brightest spot", "2 / 2", "100.0 % (34.2 to 100.0)", "0"),
        ("centre of the breast", "1 / 2", "50.0 % (9.5 to 90.5)", "0"),
        ("chance, within 15 px", "0.4 expected / 2", "20.0 %", "-"),
        ("chance, inside the marks", "0.2 expected / 2", "7.5 %", "-"),
    ]


def test_notes_give_the_numbers_of_cases(about: About) -> None:
    texts = notes(ROWS, about)
    assert "(0.5): 1 / 2 of these images, 50.0 %" in texts[0]
    assert texts[1].startswith("2 images of 1 patients")
    assert "of 5: 2 with nothing marked" in texts[1]
    assert "1 that cannot be read" in texts[1]
    phantoms = notes(ROWS, dataclasses.replace(about, is_phantom=True))
    assert phantoms[1].startswith("2 synthetic phantoms")


def test_document_has_title_table_and_notes(about: About) -> None:
    text = markdown(ROWS, about)
    assert text.startswith("# Pointing game on my \\| cases\n")
    table = [line for line in text.splitlines() if line.startswith("| ")]
    assert len(table) == 7
    assert {line.count("|") for line in table} == {len(HEAD) + 1}
    marked_up = markdown(ROWS, dataclasses.replace(about, title="A<b>-CAM, Stage 3 Block 6"))
    assert "| A\\<b\\>-CAM, Stage 3 Block 6, for malignant |" in marked_up
