from __future__ import annotations

import math

import numpy as np
import pytest

from tests.conftest import BUILT_IN_LAYERS
from tests.study.evaluation_rows import row
from xai_core.cam import PAPER_METHODS
from xai_core.faithfulness.metrics import METRICS
from xai_core.statistics.bootstrap import mean_interval
from xai_core.statistics.proportion import Proportion
from xai_core.study.paper import AREAS, IMAGES_STATED, IMPLIED, Areas
from xai_core.study.rows import Row
from xai_core.study.summary import (
    Mark,
    Over,
    decisions,
    depends_on_curves,
    layers_of,
    methods_of,
    table,
)
from xai_core.types import Outcome


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
    means = tp.means[Over.ALL]
    assert (tp.outcome, tp.method) == (Outcome.TP, "grad-cam")
    assert (means.insertion.images, means.insertion.patients) == (3, 2)
    assert means.insertion.value == pytest.approx(0.7)
    assert means.deletion.value == pytest.approx(0.3)
    assert tp.error == pytest.approx(0.002)
    assert tn.means[Over.ALL].insertion.value == 0.9
    assert layers_of(rows) == (BUILT_IN_LAYERS[0],)
    assert methods_of([*rows, row(0, method="their-cam")], BUILT_IN_LAYERS[0])[1] == "their-cam"


def test_means_over_interpretable_images_stand_beside_those_over_all() -> None:
    rows = [row(i, insertion=0.8) for i in range(6)]
    rows += [row(i, insertion=0.2, interpretable=False) for i in range(6, 9)]
    rows += [row(i, "TN", interpretable=False) for i in range(10, 14)]
    tp, tn = table(rows, BUILT_IN_LAYERS[0])
    every, able = tp.means[Over.ALL].insertion, tp.means[Over.INTERPRETABLE].insertion
    assert (every.value, every.images, every.patients) == (pytest.approx(0.6), 9, 5)
    assert (able.value, able.images, able.patients) == (pytest.approx(0.8), 6, 3)
    assert (every.not_interpretable, every.mark) == (3, Mark.SOME)
    assert (able.not_interpretable, able.mark) == (0, Mark.NONE)
    every, able = tn.means[Over.ALL].deletion, tn.means[Over.INTERPRETABLE].deletion
    assert (every.images, every.mark) == (4, Mark.ALL)
    assert (able.images, able.mark) == (0, Mark.NONE)
    assert math.isnan(able.value)


def test_intervals_are_by_patient_and_need_ten() -> None:
    values = np.linspace(0.5, 0.9, 24)
    rows = [row(i, insertion=float(value)) for i, value in enumerate(values)]
    found = table(rows, BUILT_IN_LAYERS[0])[0].means[Over.ALL].insertion
    patients = [f"P{i // 2}" for i in range(24)]
    assert (found.low, found.high) == mean_interval(values, patients, seed=0)
    few = table(rows[:18], BUILT_IN_LAYERS[0])[0].means[Over.ALL].insertion
    assert (few.patients, math.isnan(few.low), math.isnan(few.value)) == (9, True, False)


def test_maps_that_cannot_be_ranked_are_counted_separately() -> None:
    none = {"insertion": None, "deletion_auc": None, "interpretable": None}
    rows = [row(0), row(2, map_state="no positive evidence", **none), row(4, interpretable=False)]
    tp, tn = table(rows, BUILT_IN_LAYERS[0])
    means = tp.means[Over.ALL]
    assert (means.insertion.images, tp.unranked, means.insertion.not_interpretable) == (2, 1, 1)
    assert tn.means[Over.ALL].insertion.images == 0
    assert math.isnan(tn.means[Over.ALL].insertion.value)


def test_only_metrics_of_curves_depend_on_interpretable_images() -> None:
    rows = [
        row(0, hit=True, random_insertion_auc=0.4),
        row(2, hit=False, random_insertion_auc=0.8, interpretable=False),
    ]
    means = table(rows, BUILT_IN_LAYERS[0])[0].means
    hit, random = (means[Over.ALL].others[name] for name in ("hit", "random_insertion_auc"))
    assert (hit.value, hit.images, hit.mark) == (0.5, 2, Mark.NONE)
    assert (random.value, random.images, random.mark) == (pytest.approx(0.6), 2, Mark.SOME)
    able = means[Over.INTERPRETABLE].others
    assert "hit" not in able
    assert (able["random_insertion_auc"].value, able["random_insertion_auc"].images) == (0.4, 1)
    assert depends_on_curves(METRICS["insertion_auc"])
    assert not depends_on_curves(METRICS["tie_fraction"])


def test_a_share_of_hits_has_the_interval_of_a_proportion() -> None:
    rows = [row(i, hit=True) for i in range(24)]
    found = table(rows, BUILT_IN_LAYERS[0])[0].means[Over.ALL].others["hit"]
    expected = Proportion.of([True] * 24, [f"P{i // 2}" for i in range(24)]).interval
    assert (found.low, found.high) == expected
    assert found.low < 0.8  # a bootstrap of 24 hits would give 1 to 1


def test_decisions_count_each_case_once() -> None:
    rows = [
        *(row(i, o, method=m) for m in PAPER_METHODS for i, o in enumerate(("TP", "TN", "FN"))),
        row(7, None),
        Row(case_id="bad", patient_id="x", problem="It cannot be read."),
    ]  # fmt: skip
    found = decisions(rows)
    assert (found.confusion.tp, found.confusion.tn, found.confusion.fn) == (1, 1, 1)
    assert (found.unreadable, found.unlabelled, found.auc.patients) == (1, 1, 2)
    assert found.auc.value == 0.75
    shares = (found.sensitivity, found.specificity, found.precision)
    assert [share.count for share in shares] == ["1 / 2", "1 / 1", "1 / 1"]


def test_ratios_of_decisions_have_intervals_by_patient() -> None:
    rows = [row(i, "TP" if i % 8 < 6 else "FN") for i in range(48)]
    found = decisions(rows).sensitivity
    outcomes, patients = [i % 8 < 6 for i in range(48)], [f"P{i // 2}" for i in range(48)]
    assert found == Proportion.of(outcomes, patients)
    assert found.patients == 24
