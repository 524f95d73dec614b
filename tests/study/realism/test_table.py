from __future__ import annotations

from tests.study.realism.pictures import measurement
from tests.study.realism.test_separability import ONE, cohort
from xai_core.study.realism.compare import HEAD, cells, compare, compare_kind, markdown, sentences
from xai_core.study.realism.measure import QUANTITIES


def test_cells_show_median_spread_and_distance() -> None:
    real = [measurement(i, exponent=2 + i / 100, area=float("nan")) for i in range(101)]
    lines = {line.quantity.key: line for line in compare(real, real[:1])}
    assert cells(lines["exponent"]) == (
        "power spectrum exponent", "2.50 [2.10 to 2.90]", "2.00 [2.00 to 2.00]", "0.00", "0.99",
        "101, 1", "0.039",
    )  # fmt: skip
    assert cells(lines["area"])[1:] == ("-",) * 6
    far = [measurement(i, exponent=9.0) for i in range(50)]
    assert cells(compare(real, far)[0])[-1] == "<0.001"


def test_document_has_every_quantity_the_separability_and_notes() -> None:
    found = compare_kind(cohort(0), cohort(1, shift=30), "low-energy", ONE)
    text = markdown("Phantoms beside CDD-CESM", [found])
    table = [line for line in text.splitlines() if line.startswith("| ")]
    assert len(table) == 1 + len(QUANTITIES)
    assert {line.count("|") for line in table} == {len(HEAD) + 1}
    assert "## Low-energy images: 150 phantoms, 150 real" in text
    assert (
        "(150 phantoms, 150 real): AUC of the strongest of 1 classifiers, logistic regression 0.9"
    ) in text
    assert "; best in the inner folds 0.9" in text
    assert "Kolmogorov-Smirnov: 1 of 39 quantities differ (p < 0.05; by chance 2.0 of" in text
    assert "inside" not in text.lower().replace("inside the", "")
    assert "grey, mean +" in text
    assert "nested by patient: 5 outer folds" in text


def test_text_without_phantoms_of_a_kind() -> None:
    found = compare_kind(cohort(0), [], "recombined")
    assert found.title == "Recombined images: 0 phantoms, 0 real"
    texts = sentences(compare_kind(cohort(0), [], "low-energy"))
    assert texts[0].startswith("Kolmogorov-Smirnov: 0 of 0 quantities differ (p < 0.05")
    assert all("too few patients" in text for text in texts[1:])


def test_separability_by_all_quantities_uses_marked_images_only() -> None:
    nan = dict.fromkeys(("area", "regions", "diameter"), float("nan"))
    ours = [*cohort(1, 40), *(measurement(i, f"N{i}", **nan) for i in range(20))]
    found = compare_kind(cohort(0, 40), ours, "low-energy", ONE)
    assert found.every is not None
    assert found.marked is not None
    assert (found.every.phantoms, found.marked.phantoms, found.marked.left_out) == (60, 40, 0)
