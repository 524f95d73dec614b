"""Writing and reading the address of a case request, and unusable parameters."""

from __future__ import annotations

import pytest

from tests.ui.stand_in_service import CLASSIFIER
from xai_core.explain.request import CaseRequest
from xai_core.ui.address import read_address, write_address

LAYER = CLASSIFIER.layers[0].name
START = CaseRequest("A").change(layer=LAYER)


@pytest.mark.parametrize(
    "shown",
    [
        CaseRequest("B").change(layer=LAYER, method="score-cam", channels=48),
        CaseRequest("B").change(
            method="hybrid-cam", layer=LAYER, levels=(1, 2.5), target="benign", curves="full"
        ),
        CaseRequest("B").change(layer=LAYER, curves="fine", ties="by-index"),
        START,
    ],
)
def test_a_written_address_reads_back_to_the_same_request(shown: CaseRequest) -> None:
    assert read_address(write_address(shown), ["A", "B"], START, CLASSIFIER) == (shown, [])


def test_only_score_cam_writes_its_channels() -> None:
    assert "channels" not in write_address(CaseRequest("A").change(channels=48))


@pytest.mark.parametrize("text", ["0", "4097", "-1", "many", "9" * 40])
def test_invalid_channels_are_left_out_with_a_sentence(text: str) -> None:
    shown, problems = read_address({"case": "A", "channels": text}, ["A"], START, CLASSIFIER)
    assert shown.request.option("channels") is None
    assert len(problems) == 1
    assert "4096" in problems[0]
