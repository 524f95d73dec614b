"""The lines of the reliability panel: notes on the method, then metrics in registry order."""

from __future__ import annotations

from dataclasses import replace

from tests.ui.stand_in_service import explained, four_cases
from xai_core.explain.explanation import Explanation
from xai_core.explain.request import CaseRequest
from xai_core.faithfulness.metric import Measurement
from xai_core.ui.reliability_panel import lines

CASE = four_cases()["TP-1"]
NO_EXACT = Measurement(None, state="the exact map is not known yet")
MEASURED = {
    "spearman": Measurement(None, state="the map is the exact one"),
    "top_overlap": Measurement(None, state="the map is the exact one"),
    "hit": Measurement(True),
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
        "Overlap with what the source marked: the map's peak is a hit (within 15 px of a marked "
        "finding); of the hottest tenth 25% is marked, of the picture 3.1%.",
    ]
    assert "the map's peak misses every marked one;" in lines(answer(hit=Measurement(False)))[1]


def test_unmeasured_metrics_have_no_line() -> None:
    unmarked = Measurement(None, state="nothing is marked")
    assert lines(answer(hit=unmarked, top_share=unmarked, mask_area=unmarked)) == [TIES]
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
