from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xai_core.cases.annotations.cdd_cesm import calcifications, split_findings, term, tidy


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  High  density mass ", "High density mass"),
        ("Speculated marginand mircocalcifications", "Spiculated margin and microcalcifications"),
        ("Heterogenous enhacement", "Heterogeneous enhancement"),
        ("Pop corn macrocalcification", "Popcorn macrocalcification"),
        ("mass", "mass"),
        (None, ""),
        (5, "5"),
    ],
)
def test_tidy_corrects_blanks_and_misspellings(text: object, expected: str) -> None:
    assert tidy(text) == expected


def test_findings_are_separated_by_dollars() -> None:
    assert split_findings("Postoperative scar$ cluster of microcalcifications$") == (
        "Postoperative scar",
        "cluster of microcalcifications",
    )
    assert split_findings("_") == split_findings(None) == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Irregular - Round", "irregular, round"),
        ("Speculated-Circumscribed", "spiculated, circumscribed"),
        ("High ", "high"),
        ("_", ""),
        (None, ""),
        ("Round - Round", "round"),
    ],
)
def test_term_normalises_a_descriptor_value(text: object, expected: str) -> None:
    assert term(text) == expected


@pytest.mark.parametrize(
    ("finding", "expected"),
    [
        (
            "Diffuse edematous changes with clusters of pleomorphic microcalcifications",
            ("microcalcifications", "fine pleomorphic", "grouped"),
        ),
        (
            "Mass with indistinct margin and overlying segmental microcalcification",
            ("microcalcifications", None, "segmental"),
        ),
        ("Popcorn macrocalcification", ("macrocalcifications", "coarse (popcorn)", None)),
        ("Vascular calcifications", (None, "vascular", None)),
        ("Linear non mass enhancement", (None, None, None)),
    ],
)
def test_calcification_descriptors_are_found_in_findings(
    finding: str, expected: tuple[str | None, ...]
) -> None:
    found = calcifications((finding,))
    keys = ("calcifications", "calcification morphology", "calcification distribution")
    assert tuple(found.get(key) for key in keys) == expected


@given(st.text(max_size=200))
def test_tidy_is_idempotent_and_accepts_any_text(text: str) -> None:
    assert tidy(tidy(text)) == tidy(text)
    split_findings(text)
    term(text)
