from __future__ import annotations

from collections.abc import Sequence

from tests.study.performance.judged import judged
from xai_core.study.performance.groups import NOT_GIVEN, UNMARKED, split
from xai_core.study.performance.judge import Judged


def counts(cases: Sequence[Judged], kind: str) -> dict[str, tuple[str, str]]:
    return {
        g.value: (g.sensitivity.count, g.specificity.count) for g in split(cases) if g.kind == kind
    }


def test_by_pathology_density_and_view() -> None:
    cases = [
        judged(0, density="B", view="CC"),
        judged(1, p=0.2, density="B", view="MLO"),
        judged(2, "benign", density="A", view="CC"),
        judged(3, "normal", p=0.1),
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
        *(judged(i, p=0.9 if i else 0.1, descriptors=spiculated) for i in range(3)),
        *(judged(i, descriptors=oval) for i in range(2)),
        judged(7, "benign", p=0.3, descriptors=spiculated),
        judged(8),
    ]
    assert counts(cases, "mass margin") == {"spiculated": ("2 / 3", "1 / 1")}


def test_sizes_are_tertiles_of_the_malignant_cases() -> None:
    cases = [
        *(judged(i, p=0.1 * i, diameter=10.0 * (i + 1)) for i in range(9)),  # 10 to 90
        judged(20, "benign", p=0.1, diameter=12.0),
        judged(21, "benign", p=0.9, diameter=300.0),
        judged(22, "normal", p=0.1),
    ]
    assert counts(cases, "lesion diameter, px at 384") == {
        "up to 37": ("0 / 3", "1 / 1"),
        "37 to 63": ("1 / 3", "0 / 0"),
        "above 63": ("3 / 3", "0 / 1"),
        UNMARKED: ("0 / 0", "1 / 1"),
    }
    assert counts(cases[7:], "lesion diameter, px at 384") == {}
