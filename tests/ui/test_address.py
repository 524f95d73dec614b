"""The address of a request: there and back, and what of it cannot be used."""

from __future__ import annotations

import pytest

from tests.ui.desk import CLASSIFIER
from xai_core.request import ExplainRequest
from xai_core.ui.address import read_address, write_address

LAYER = CLASSIFIER.layers[0].name
START = ExplainRequest("A", layer=LAYER)


@pytest.mark.parametrize(
    "request_",
    [
        ExplainRequest("B", "score-cam", LAYER, channels=48),
        ExplainRequest("B", "hybrid-cam", LAYER, levels=(1, 2.5), target="benign", curves="full"),
        START,
    ],
)
def test_there_and_back(request_: ExplainRequest) -> None:
    assert read_address(write_address(request_), ["A", "B"], START, CLASSIFIER) == (request_, [])


def test_channels_belong_to_score_cam_alone() -> None:
    assert "channels" not in write_address(ExplainRequest("A", "grad-cam", channels=48))


@pytest.mark.parametrize("text", ["0", "769", "-1", "many", "9" * 40])
def test_channels_that_cannot_be_are_left_out_and_said(text: str) -> None:
    request, problems = read_address({"case": "A", "channels": text}, ["A"], START, CLASSIFIER)
    assert request.channels is None
    assert len(problems) == 1
    assert "768" in problems[0]
