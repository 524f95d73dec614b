from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from tests.conftest import BUILT_IN_LAYERS
from tests.study.evaluation_rows import row
from xai_core.cam import PAPER_METHODS
from xai_core.statistics.multiple_tests import holm
from xai_core.statistics.paired import paired_difference
from xai_core.study.comparison import Comparison, Ranking, Verdict, comparisons, ranking
from xai_core.study.paper import AREAS, OUTCOMES
from xai_core.study.rows import Row
from xai_core.study.summary import Over
from xai_core.types import Outcome

LAYER = BUILT_IN_LAYERS[0]


def cohort(gain: float = 0.02, images: int = 40, **more: float) -> list[Row]:
    """Grad-CAM's and Hybrid-CAM's rows of the same images, which differ much more than the two
    methods; ``gain``: of Hybrid-CAM's insertion."""
    rng = np.random.default_rng(0)
    out = []
    for i in range(images):
        area, noise = rng.uniform(0.2, 0.9), rng.normal(scale=0.005)
        out.append(row(i, insertion=area, **more))
        out.append(row(i, insertion=area + gain + noise, method="hybrid-cam", **more))
    return out


def one(found: tuple[Comparison, ...], outcome: Outcome, metric: str) -> Comparison:
    (only,) = [c for c in found if c.outcome is outcome and c.metric == metric]
    return only


def test_differences_are_paired_on_common_images() -> None:
    rows = [*cohort(), row(90, insertion=0.0), row(92, insertion=1.0, method="hybrid-cam")]
    found = one(comparisons(rows, LAYER, Over.ALL), Outcome.TP, "insertion_auc")
    assert (found.first, found.second) == ("hybrid-cam", "grad-cam")
    assert (found.found.images, found.found.patients) == (40, 20)
    a = [r.metrics["insertion_auc"] for r in rows[1:80:2]]
    b = [r.metrics["insertion_auc"] for r in rows[:80:2]]
    assert found.found == paired_difference(a, b, [f"P{i // 2}" for i in range(40)], seed=0)
    assert found.found.low > 0.015
    assert found.paper == 0.005


def test_the_p_values_of_a_table_are_adjusted_together() -> None:
    rows = [*cohort(0.002), *cohort(0.004, layer=BUILT_IN_LAYERS[1])]
    found = comparisons(rows, LAYER, Over.ALL)
    assert [c.p_holm for c in found] == pytest.approx(holm([c.found.p for c in found]), nan_ok=True)
    tested = [c for c in found if not math.isnan(c.p_holm)]
    assert len(tested) == 2  # insertion and deletion of the true positives of this layer
    assert min(c.p_holm for c in tested) == pytest.approx(2 * min(c.found.p for c in tested))


def test_a_difference_below_the_curves_own_error_is_not_shown() -> None:
    """Twelve true positives, Hybrid-CAM minus Grad-CAM +0.0001, errors of 0.007 to 0.010."""
    exact = one(comparisons(cohort(), LAYER, Over.ALL), Outcome.TP, "insertion_auc")
    assert (exact.error, exact.below_error, exact.shown) == (pytest.approx(0.00141, abs=1e-5), 0, 1)
    coarse = cohort(insertion_error=0.02)
    found = one(comparisons(coarse, LAYER, Over.ALL), Outcome.TP, "insertion_auc")
    assert found.error == pytest.approx(math.hypot(0.02, 0.02))
    assert found.found.low > 0
    assert found.below_error
    assert found.shown == 0
    full = cohort(0.0, insertion_error=0.0)
    assert not one(comparisons(full, LAYER, Over.ALL), Outcome.TP, "insertion_auc").below_error


def test_images_that_are_not_interpretable_are_counted_and_left_out() -> None:
    rows = [
        dataclasses.replace(r, metrics={**r.metrics, "interpretable": i >= 8})
        for i, r in enumerate(cohort())
    ]
    every, able = (
        one(comparisons(rows, LAYER, over), Outcome.TP, "insertion_auc") for over in Over
    )
    assert (every.found.images, every.not_interpretable) == (40, 4)
    assert (able.found.images, able.not_interpretable) == (36, 0)


def test_maps_that_cannot_be_ranked_are_in_no_pair() -> None:
    rows = cohort()
    rows[0] = row(0, insertion=None, map_state="constant", deletion_auc=None, interpretable=None)
    found = one(comparisons(rows, LAYER, Over.ALL), Outcome.TP, "insertion_auc")
    assert found.found.images == 39


def ranked(sign: int, *, few: bool = False) -> list[Row]:
    """Rows with the paper's areas (``sign`` 1) or the opposite order (-1), and a little noise."""
    rng = np.random.default_rng(1)
    out = []
    for outcome in OUTCOMES:
        for method in PAPER_METHODS:
            areas = AREAS[3, outcome, method]
            for i in range(10 if few else 60):
                noise = rng.normal(scale=1e-4, size=2)
                out.append(
                    row(
                        i + 100 * (outcome == "TN"), str(outcome), method=method,
                        insertion=0.5 + sign * (areas.insertion - 0.5) + noise[0],
                        deletion_auc=0.5 + sign * (areas.deletion - 0.5) + noise[1],
                        insertion_error=0.0002, deletion_error=0.0002,
                    )
                )  # fmt: skip
    return out


def test_a_ranking_as_the_papers() -> None:
    found = ranking(comparisons(ranked(1), LAYER, Over.ALL))
    assert found == Ranking(orders=12, measured=12, agreeing=12, opposite=0)
    assert found.verdict is Verdict.YES
    assert found.sentence.startswith("The ranking agrees with the paper's: yes.")


def test_a_ranking_against_the_papers() -> None:
    found = ranking(comparisons(ranked(-1), LAYER, Over.ALL))
    assert (found.agreeing, found.opposite, found.verdict) == (0, 12, Verdict.NO)
    assert "agrees with the paper's: no." in found.sentence


@pytest.mark.parametrize("missing", ["method", "patients", "outcome"])
def test_a_ranking_that_cannot_be_told(missing: str) -> None:
    rows = ranked(1, few=missing == "patients")
    if missing == "method":
        rows = [r for r in rows if r.method != "score-cam"]
    elif missing == "outcome":
        rows = [r for r in rows if r.outcome == "TP"]
    found = ranking(comparisons(rows, LAYER, Over.ALL))
    assert found.verdict is Verdict.UNKNOWN
    assert "the paper's: cannot be told." in found.sentence
    measured = {"method": 4, "patients": 12, "outcome": 6}[missing]
    assert f"12 pairwise orders {measured} were measured here" in found.sentence


def test_one_order_the_other_way_needs_an_adjusted_p_value() -> None:
    found = list(comparisons(ranked(1), LAYER, Over.ALL))
    other = dataclasses.replace(found[0].found, value=-0.1, low=-0.2, high=-0.01, p=0.03)
    paper = abs(found[0].paper or 0.0)
    for p, verdict in ((0.2, Verdict.UNKNOWN), (0.04, Verdict.NO)):
        found[0] = dataclasses.replace(found[0], found=other, p_holm=p, paper=paper)
        assert ranking(found).verdict is verdict


def test_a_ranking_on_images_that_measure_nothing_says_so() -> None:
    rows = [
        dataclasses.replace(r, metrics={**r.metrics, "interpretable": r.outcome == "TP"})
        for r in ranked(1)
    ]
    found = ranking(comparisons(rows, LAYER, Over.ALL))
    assert (found.measured, found.agreeing, found.empty) == (12, 6, 6)
    assert found.verdict is Verdict.UNKNOWN
    assert "6 of those measured were so on images none of which is interpretable." in found.sentence
    assert ranking(comparisons(rows, LAYER, Over.INTERPRETABLE)).measured == 6
