from __future__ import annotations

from collections.abc import Sequence

from tests.study.performance.scored_cases import scored
from xai_core.study.performance import NOT_GIVEN, UNMARKED, ScoredCase, split


def counts(cases: Sequence[ScoredCase], kind: str) -> dict[str, tuple[str, str]]:
    return {
        g.value: (g.sensitivity.count, g.specificity.count) for g in split(cases) if g.kind == kind
    }


def test_groups_by_pathology_density_and_view() -> None:
    cases = [
        scored(0, density="B", view="CC"),
        scored(1, p=0.2, density="B", view="MLO"),
        scored(2, "benign", density="A", view="CC"),
        scored(3, "normal", p=0.1),
    ]
    assert counts(cases, "pathology") == {
        "malignant": ("1 / 2", "0 / 0"), "benign": ("0 / 0", "0 / 1"), "normal": ("0 / 0", "1 / 1"),
    }  # fmt: skip
    density = counts(cases, "density")
    assert density == {
        "A": ("0 / 0", "0 / 1"), "B": ("1 / 2", "0 / 0"), NOT_GIVEN: ("0 / 0", "1 / 1"),
    }  # fmt: skip
    assert list(density)[-1] == NOT_GIVEN
    assert counts(cases, "view")["CC"] == ("1 / 1", "0 / 1")


def test_a_descriptors_value_needs_three_malignant_cases() -> None:
    spiculated, oval = {"mass margin": "spiculated"}, {"mass margin": "circumscribed"}
    cases = [
        *(scored(i, p=0.9 if i else 0.1, descriptors=spiculated) for i in range(3)),
        *(scored(i, descriptors=oval) for i in range(2)),
        scored(7, "benign", p=0.3, descriptors=spiculated),
        scored(8),
    ]
    assert counts(cases, "mass margin") == {"spiculated": ("2 / 3", "1 / 1")}


def test_sizes_are_tertiles_of_the_malignant_cases() -> None:
    cases = [
        *(scored(i, p=0.1 * i, diameter=10.0 * (i + 1)) for i in range(9)),  # 10 to 90
        scored(20, "benign", p=0.1, diameter=12.0),
        scored(21, "benign", p=0.9, diameter=300.0),
        scored(22, "normal", p=0.1),
    ]
    assert counts(cases, "lesion diameter, px at 384") == {
        "up to 37": ("0 / 3", "1 / 1"),
        "37 to 63": ("1 / 3", "0 / 0"),
        "above 63": ("3 / 3", "0 / 1"),
        UNMARKED: ("0 / 0", "1 / 1"),
    }
    assert counts(cases[7:], "lesion diameter, px at 384") == {}
