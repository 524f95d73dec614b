"""Conventions: the choices, the cases, the resumed run, the pattern and the table."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import BUILT_IN_LAYERS, TINY_LAYERS, make_case
from tests.study.test_tables import row
from tests.support.sources import MemorySource
from xai_core.cam.class_score import ClassScore
from xai_core.cam.masked_pixel import MaskedPixel
from xai_core.cam.score_cam import Activations
from xai_core.errors import BadRequest, CaseError, OutputExists
from xai_core.explain.explainer import Explainer
from xai_core.model.classifier import Classifier
from xai_core.study.conventions import (
    Choice,
    Comparison,
    ConventionPlan,
    cells_of,
    choices,
    compare,
    markdown,
    pattern,
)
from xai_core.types import Outcome, Pathology

GRAD, SCORE = Choice("grad-cam"), Choice("score-cam")


def silent(done: int, total: int, what: str) -> None:
    pass


@pytest.fixture(scope="module")
def explainer(tiny_weights: Path) -> Explainer:
    return Explainer(Classifier.open(tiny_weights, "cpu"))


@pytest.fixture(scope="module")
def source(explainer: Explainer) -> MemorySource:
    """Six cases and one that cannot be read; the truth alternates between right and wrong."""
    cases = []
    for seed in range(6):
        case = make_case(f"c{seed}", seed)
        decided = explainer.predict(case).predicted(explainer.classifier.spec.threshold, 1)
        right = seed % 3 != 2
        truth = Pathology.MALIGNANT if (decided == 1) == right else Pathology.BENIGN
        cases.append(make_case(f"c{seed}", seed, pathology=truth))
    broken = make_case("broken", 9, pathology=cases[0].pathology)
    return MemorySource([broken, *cases], unreadable={"broken"})


def test_score_cams_choices_are_each_option_alone_and_activations_by_softmax() -> None:
    found = choices("score-cam")
    assert found[:2] == (GRAD, SCORE)
    alone = [choice.options[0] for choice in found if len(choice.options) == 1]
    assert {name for name, _ in alone} == {
        "activations", "mask_order", "masked_pixel", "softmax", "mask_align_corners", "score",
    }  # fmt: skip
    assert ("masked_pixel", MaskedPixel.BLACK) in alone
    together = [choice.options for choice in found if len(choice.options) == 2]
    assert together == [
        (("activations", Activations.SIGNED), ("softmax", False)),
        (("activations", Activations.MIN_MAX), ("softmax", False)),
    ]
    assert len(set(found)) == len(found) == 2 + len(alone) + len(together)
    assert len({choice.folder for choice in found}) == len(found)
    assert found[-1].words == "Score-CAM, activations=min-max, softmax=off"


def test_only_some_options_are_changed_where_asked() -> None:
    found = choices("score-cam", ("softmax", "score"))
    assert [choice.folder for choice in found[2:]] == [
        "score-cam_score=logit-difference", "score-cam_softmax=off",
    ]  # fmt: skip
    assert choices("grad-cam")[0] == GRAD
    assert len(choices("grad-cam")) == 2


def test_what_cannot_be_varied_is_refused_in_a_sentence() -> None:
    with pytest.raises(BadRequest, match=r"Eigen-CAM has no conventions"):
        choices("eigen-cam")
    with pytest.raises(BadRequest, match=r"--options names 'channels'; the conventions of Score"):
        choices("score-cam", ("channels",))
    with pytest.raises(BadRequest, match="lime"):
        choices("lime")
    with pytest.raises(BadRequest, match="--each is 0"):
        ConventionPlan("score-cam", each=0)


def test_the_first_right_cases_are_measured_under_every_choice(
    explainer: Explainer, source: MemorySource, tmp_path: Path
) -> None:
    plan = ConventionPlan("grad-cam", ("score",), (TINY_LAYERS[1],), each=2)
    found = compare(explainer, source, plan, tmp_path / "run", silent)
    assert found.left_out == ("broken.png is damaged.",)
    difference = Choice("grad-cam", (("score", ClassScore.DIFFERENCE),))
    assert list(found.rows) == [GRAD, difference]
    cases = [[row.case_id for row in rows] for rows in found.rows.values()]
    assert cases[0] == cases[1]
    assert len(cases[0]) >= 2
    assert {row.outcome for row in found.rows[GRAD]} <= {"TP", "TN"}
    assert not {"c2", "c5", "broken"} & set(cases[0])
    scales = [rows[0].map_scale for rows in found.rows.values()]
    assert scales[0] != scales[1]

    stamp = {p: p.stat().st_mtime_ns for p in (tmp_path / "run").rglob("*.parquet")}
    assert len(stamp) == 2 * len(cases[0])
    again = compare(explainer, source, plan, tmp_path / "run", silent)
    assert again.rows == found.rows
    assert {p: p.stat().st_mtime_ns for p in stamp} == stamp
    fewer = ConventionPlan("grad-cam", ("score",), (TINY_LAYERS[1],), each=1)
    some = compare(explainer, source, fewer, tmp_path / "run", silent)
    ids = [row.case_id for row in some.rows[GRAD]]
    assert set(ids) < set(cases[0])


def test_another_choice_of_options_needs_another_folder(
    explainer: Explainer, source: MemorySource, tmp_path: Path
) -> None:
    one, other = (ConventionPlan("grad-cam", layers=(layer,), each=1) for layer in TINY_LAYERS)
    compare(explainer, source, one, tmp_path / "run", silent)
    with pytest.raises(OutputExists, match="another value of layers"):
        compare(explainer, source, other, tmp_path / "run", silent)
    wider = ConventionPlan("layer-cam", layers=one.layers, each=1)
    with pytest.raises(OutputExists, match="another value of method, conventions"):
        compare(explainer, source, wider, tmp_path / "run", silent)


def test_a_model_that_is_never_right_is_named(explainer: Explainer, tmp_path: Path) -> None:
    case = make_case("c0")
    wrong = explainer.predict(case).predicted(0.5, 1)
    truth = Pathology.BENIGN if wrong == 1 else Pathology.MALIGNANT
    source = MemorySource([make_case("c0", pathology=truth)])
    with pytest.raises(CaseError, match="no case of memory"):
        compare(explainer, source, ConventionPlan("grad-cam"), tmp_path / "run", silent)


def rows_of(method: str, **areas: tuple[float, float]) -> list:
    """One row per layer and outcome; ``areas``: insertion and deletion of s3_TP, s4_TN, ..."""
    return [
        row(
            i, outcome, insertion, deletion_auc=deletion, method=method,
            layer=BUILT_IN_LAYERS[stage == "s4"],
        )
        for i, (name, (insertion, deletion)) in enumerate(areas.items())
        for stage, outcome in [name.split("_")]
    ]  # fmt: skip


BASE = rows_of("grad-cam", s3_TP=(0.8, 0.1), s4_TP=(0.7, 0.1), s3_TN=(0.9, 0.8), s4_TN=(0.9, 0.8))
# As the paper's Score-CAM beside Grad-CAM: worse at Stage 3 and better at Stage 4; of the true
# negatives more insertion at both, more deletion at Stage 3 and less at Stage 4.
LIKE = rows_of("score-cam", s3_TP=(0.1, 0.8), s4_TP=(0.8, 0.05), s3_TN=(0.95, 0.9), s4_TN=(1, 0.9))
UNLIKE = rows_of("score-cam", s3_TP=(0.1, 0.8), s4_TP=(0.3, 0.05))


def test_the_pattern_counts_the_sides_of_grad_cam_by_hand() -> None:
    found = pattern(cells_of(LIKE), cells_of(BASE))
    assert (found.agree, found.compared, found.agree_all, found.compared_all) == (4, 4, 7, 8)
    assert found.is_near
    here = (0.1, 0.8, 0.8, 0.05, 0.95, 0.9, 1, 0.9)
    theirs = (0.407, 0.955, 0.911, 0.254, 0.941, 0.830, 0.957, 0.879)
    apart = [abs(a - b) for a, b in zip(here, theirs, strict=True)]
    assert found.distance == pytest.approx(sum(apart) / 8)
    found = pattern(cells_of(UNLIKE), cells_of(BASE))
    assert (found.agree, found.compared, found.compared_all) == (3, 4, 4)
    assert not found.is_near


def test_the_table_names_the_papers_figures_and_what_comes_near() -> None:
    signed = Choice("score-cam", (("activations", Activations.SIGNED),))
    text = markdown(
        Comparison({GRAD: BASE, SCORE: LIKE, signed: UNLIKE}, ("x.png is damaged.",)),
        "score-cam",
        "a | b",
    )
    assert "| the paper's Score-CAM | 0.407 / 0.955 | 0.941 / 0.830 | 0.911 / 0.254 |" in text
    assert "| Score-CAM | 0.100 / 0.800 (1) | 0.950 / 0.900 (1) |" in text
    assert "| 4 of 4 | 7 of 8 |" in text
    assert "| Score-CAM, activations=signed | 0.100 / 0.800 (1) | none |" in text
    assert "in all comparisons of the true positives: Score-CAM." in text
    assert "a \\| b" in text
    assert "Left out: x.png is damaged." in text
    none = markdown(Comparison({GRAD: BASE, signed: UNLIKE}, ()), "score-cam", "a")
    assert "None has the paper's pattern" in none
    assert "nearest, with 3: Score-CAM, activations=signed." in none
    rows = rows_of("layer-cam", s3_TP=(0.8, 0.1))
    other = Comparison({GRAD: BASE, Choice("layer-cam"): rows}, ())
    assert "The paper has no figures" in markdown(Comparison({GRAD: BASE}, ()), "grad-cam", "a")
    assert "The paper has no figures of LayerCAM to compare" in markdown(other, "layer-cam", "a")


def test_maps_without_curves_are_counted_in_the_table() -> None:
    none = row(1, "TP", None, deletion_auc=None, method="score-cam", map_state="constant")
    text = markdown(Comparison({GRAD: BASE, SCORE: [*LIKE, none]}, ()), "score-cam", "a")
    assert "0.100 / 0.800 (1, 1 without a map)" in text
    assert pattern(cells_of([none]), cells_of(BASE)).compared == 0
    assert {outcome for _, outcome in cells_of([none])} == {Outcome.TP, Outcome.TN}
