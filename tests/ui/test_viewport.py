"""The viewport in an address."""

from __future__ import annotations

import pytest

from xai_core.cam.options import RESERVED
from xai_core.ui.address import VIEWPORT_NAMES, read_viewport, without_viewport


def test_a_viewport_written_by_the_browser_is_read() -> None:
    parameters = {
        "zoom": "2.5", "at": "0.25,0.5", "window": "160,80", "step": "deletion:120",
        "heat": "contours", "opacity": "0.6", "colours": "Viridis", "show": "alone,outline",
        "contours": "10,90", "case": "PH-0001",
    }  # fmt: skip
    viewport, problems = read_viewport(parameters)
    assert not problems
    assert viewport == {
        "zoom": 2.5, "at": [0.25, 0.5], "window": [160, 80], "step": ["deletion", 120],
        "heat": "contours", "opacity": 0.6, "colours": "Viridis", "show": ["alone", "outline"],
        "contours": [10, 90],
    }  # fmt: skip
    assert set(viewport) == set(VIEWPORT_NAMES)
    assert set(parameters) <= RESERVED, "no option of a method may have such a name"
    assert without_viewport(parameters) == {"case": "PH-0001"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("zoom", "nan"), ("zoom", "1e9"), ("at", "0.5"), ("at", "0.5,2"), ("window", "1,80"),
        ("step", "sideways:3"), ("step", "deletion:-1"), ("heat", "jet"), ("opacity", "inf"),
        ("colours", "jet"), ("show", "outline,truth"), ("show", ""),
        ("contours", "0"), ("contours", ",".join("123456789AB")), ("contours", "1," * 10 + "1"),
    ],
)  # fmt: skip
def test_an_unusable_parameter_is_left_out_with_a_sentence(name: str, text: str) -> None:
    viewport, problems = read_viewport({name: text, "invert": "x"})
    assert viewport == {}
    assert len(problems) == 1
    assert name in problems[0]
    assert f"“{text}”" in problems[0]
