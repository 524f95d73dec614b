"""What the page says of a map: sentences of the measures, in the registry's order."""

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
    asked = CaseRequest(CASE.id).change(method=method, channels=channels)
    return replace(explained(CASE, asked), metrics={**MEASURED, **measured})


def test_ties_and_the_marked_finding() -> None:
    assert lines(answer()) == [
        TIES,
        "Overlap with what the source marked: the map's peak is a hit (within 15 px of a marked "
        "finding); of the hottest tenth 25% is marked, of the picture 3.1%.",
    ]
    assert "the map's peak misses every marked one;" in lines(answer(hit=Measurement(False)))[1]


def test_nothing_marked_and_nothing_measured() -> None:
    none = Measurement(None, state="nothing is marked")
    assert lines(answer(hit=none, top_share=none, mask_area=none)) == [TIES]
    assert lines(replace(answer(), metrics={})) == []


def test_facts_of_the_method_come_first() -> None:
    said = lines(answer("hybrid-cam"))
    assert said[0].startswith("Hybrid-CAM keeps Grad-CAM's order of pixels")
    assert said[1] == TIES


def test_a_fast_map_is_compared_with_the_exact_one() -> None:
    alike = {"spearman": Measurement(0.912), "top_overlap": Measurement(0.5)}
    said = lines(answer("score-cam", 16, **alike))
    assert said[0] == "Fast Score-CAM: the first 16 channels alone."
    assert said[-1] == (
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
