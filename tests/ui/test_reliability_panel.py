"""The lines of the reliability panel: notes on the method, then metrics in registry order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.ui.stand_in_service import curve, explained, four_cases
from xai_core.explain.explanation import Explanation
from xai_core.explain.request import CaseRequest
from xai_core.faithfulness.metric import Measurement
from xai_core.faithfulness.perturbation import CurvePair
from xai_core.faithfulness.reliability import Reliability
from xai_core.faithfulness.road import Road
from xai_core.ui.reliability_panel import baseline_rows, lines, road_line

CASE = four_cases()["TP-1"]
NO_EXACT = Measurement(None, state="the exact map is not known yet")
MEASURED = {
    "spearman": Measurement(None, state="the map is the exact one"),
    "top_overlap": Measurement(None, state="the map is the exact one"),
    "hit": Measurement(True),
    "peak_finding": Measurement("on finding 2 of 3 (calcifications); misses the mass"),
    "top_share": Measurement(0.25),
    "mask_area": Measurement(0.0314),
    "tie_fraction": Measurement(0.4514),
    "insertion_auc": Measurement(0.9, 0.01),
}
TIES = "Tie fraction 45%: patches whose order the map does not decide."


def answer(
    method: str = "grad-cam", channels: int | None = None, **measured: object
) -> Explanation:
    case_request = CaseRequest(CASE.id).change(method=method, channels=channels)
    return replace(explained(CASE, case_request), metrics={**MEASURED, **measured})


def test_ties_and_overlap_with_the_marked_finding() -> None:
    assert lines(answer()) == [
        TIES,
        "Overlap with what the source marked: peak on finding 2 of 3 (calcifications); misses the "
        "mass (pointing game, tolerance 15 px: hit); of the hottest tenth 25% is marked, of the "
        "picture 3.1%.",
    ]
    missed = {
        "hit": Measurement(False),
        "peak_finding": Measurement("on no finding: 42 px from the nearest, finding 1 of 1 (mass)"),
    }
    assert lines(answer(**missed))[1].startswith(
        "Overlap with what the source marked: peak on no finding: 42 px from the nearest, finding "
        "1 of 1 (mass) (pointing game, tolerance 15 px: miss); of the hottest tenth"
    )


def test_unmeasured_metrics_have_no_line() -> None:
    unmarked = Measurement(None, state="nothing is marked")
    names = ("hit", "peak_finding", "top_share", "mask_area")
    assert lines(answer(**dict.fromkeys(names, unmarked))) == [TIES]
    assert lines(replace(answer(), metrics={})) == []


def test_the_note_on_the_method_comes_first() -> None:
    panel_lines = lines(answer("hybrid-cam"))
    assert panel_lines[0].startswith("Hybrid-CAM keeps Grad-CAM's order of pixels")
    assert panel_lines[1] == TIES


def test_a_fast_map_is_compared_with_the_exact_one() -> None:
    agreement = {"spearman": Measurement(0.912), "top_overlap": Measurement(0.5)}
    panel_lines = lines(answer("score-cam", 16, **agreement))
    assert panel_lines[0] == "Fast Score-CAM: the first 16 channels alone."
    assert panel_lines[-1] == (
        "Against the exact map: rank correlation (Spearman) 0.91, of the hottest tenth of the "
        "patches 50% in common."
    )
    unknown = {"spearman": NO_EXACT, "top_overlap": NO_EXACT}
    assert lines(answer("score-cam", 16, **unknown))[-1] == (
        "The exact map is not known yet, so its agreement is not either."
    )
    constant = Measurement(None, state="one of the two maps is constant")
    assert lines(answer("score-cam", 16, spearman=constant, top_overlap=constant))[-1] == (
        "One of the two maps is constant: nothing to compare."
    )


def test_normalised_areas_and_heat_outside_have_lines() -> None:
    shown = lines(
        answer(
            heat_outside_breast=Measurement(0.183),
            normalised_insertion_auc=Measurement(0.912, 0.01),
            normalised_deletion_auc=Measurement(0.048, 0.01),
        )
    )
    assert "Heat outside the breast: 18% of the map's sum." in shown
    assert (
        "Normalised areas: insertion 0.912, deletion 0.048 (0 is the blurred image's probability, "
        "1 the image's)." in shown
    )
    without = Measurement(None, state="blurring the whole image does not lower the probability")
    shown = lines(answer(normalised_insertion_auc=without, normalised_deletion_auc=without))
    assert not any("Normalised" in line for line in shown)


def pair(insertion: float, deletion: float) -> CurvePair:
    return CurvePair(curve("insertion", insertion), curve("deletion", deletion), 2)


def test_the_table_has_the_map_ties_baselines_and_random_orders() -> None:
    found = Reliability(
        tie_fraction=0.4,
        forward=pair(0.8, 0.3),
        reverse=pair(0.6, 0.5),
        random=(pair(0.5, 0.4), pair(0.6, 0.45), pair(0.4, 0.5)),
        centre_first=pair(0.7, 0.35),
        mean_grey=pair(0.75, 0.25),
        road=Road(np.array([0.2, 0.1, 0.1, 0.0]), np.array([0.9, 0.8, 0.7, 0.6])),
    )
    assert baseline_rows(answer()) == []
    assert baseline_rows(replace(answer(), reliability=found)) == [
        ("The map", "0.900", "0.200"),
        ("Ties by lower index", "0.800", "0.300"),
        ("Ties by higher index", "0.600", "0.500"),
        ("Mean grey instead of blur", "0.750", "0.250"),
        ("Centre first (dash-dot)", "0.700", "0.350"),
        ("Random, mean of 3 (dots)", "0.500 (0.400 to 0.600)", "0.450 (0.400 to 0.500)"),
    ]
    assert road_line(found.road).startswith(
        "ROAD 0.325: half of what the probability is higher after the removal of the least "
        "relevant patches (0.750) than of the most relevant (0.100)"
    )
