"""Public reader studies beside the checkout; tests of them skip, and say why, where it has none.

Van Dyke: 2 tests, 5 readers, 114 cases with one rating each.  FED: 5 tests, 4 readers, 200
mammograms with marks.  aSAH: 113 patients with two markers.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from xai_core.learning.statistics.froc import CaseMarks
from xai_core.settings import ROOT

STUDIES = ROOT.parent / "shared" / "data" / "reader_studies"
Rows = Callable[[str], list[dict[str, str]]]
Rated = tuple[np.ndarray, np.ndarray]
Marked = list[list[list[CaseMarks]]]


@pytest.fixture(scope="session")
def rows() -> Rows:
    """Reads one file of the folder."""
    if not STUDIES.is_dir():
        pytest.skip("the public reader studies (../shared/data/reader_studies) are not here")

    def read(name: str) -> list[dict[str, str]]:
        with (Path(STUDIES) / name).open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))

    return read


@pytest.fixture(scope="session")
def van_dyke(rows: Rows) -> Rated:
    """The truth (114,) and the ratings (2, 5, 114)."""
    diseased, rating = np.zeros(114, dtype=bool), np.full((2, 5, 114), np.nan)
    for row in rows("van_dyke.csv"):
        case = int(row["case"]) - 1
        rating[int(row["test"]) - 1, int(row["reader"]), case] = float(row["rating"])
        diseased[case] = row["diseased"] == "1"
    return diseased, rating


@pytest.fixture(scope="session")
def asah(rows: Rows) -> dict[str, np.ndarray]:
    """The columns of the file, each (113,)."""
    table = rows("asah.csv")
    return {name: np.array([float(row[name]) for row in table]) for name in table[0]}


@pytest.fixture(scope="session")
def fed(rows: Rows) -> Marked:
    """The marks by test, reader and case."""
    cases = rows("fed_cases.csv")
    number = {row["case"]: index for index, row in enumerate(cases)}
    marks: list[list[list[list[tuple[int | None, float]]]]] = [
        [[[] for _ in cases] for _ in range(4)] for _ in range(5)
    ]
    for row in rows("fed_froc.csv"):
        own = marks[int(row["treatment"]) - 1][int(row["reader"]) - 1][number[row["case"]]]
        # Which lesion a mark is on is not told; lesions weigh the same, so any order serves.
        on = sum(lesion is not None for lesion, _ in own) if row["kind"] == "lesion" else None
        own.append((on, float(row["rating"])))
    return [
        [
            [CaseMarks.of(int(case["lesions"]), m) for case, m in zip(cases, reader, strict=True)]
            for reader in test
        ]
        for test in marks
    ]
