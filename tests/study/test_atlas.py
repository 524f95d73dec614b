"""The atlas's document worked by hand, and its folder."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import make_case
from tests.support.sources import MemorySource
from xai_core.errors import OutputExists
from xai_core.features.atlas import BlockPlaces, Content, PlacedCase, Places, Spots
from xai_core.features.atlas_file import Atlas
from xai_core.features.blocks import Block
from xai_core.features.cue_study import CueEffect, CueStudy
from xai_core.features.cue_tests import Answers
from xai_core.features.cues import CUES
from xai_core.study.atlas import CHANNEL_HEAD, CONTENT_HEAD, AtlasFolder, markdown

BLOCK = Block(2, 8, 2, 6)
SOURCE = MemorySource([make_case("a"), make_case("b", 1)])


@pytest.fixture
def atlas() -> Atlas:
    """Two channels with two places each; the second one answers to the first four cues."""

    def spots(effect: list[list[float]]) -> Spots:
        first = np.array(effect, float)
        exact = first.copy()
        exact[1, 0] = np.nan
        content = np.array([[Content.NONE, Content.LESION], [Content.SPICULES, Content.LESION]])
        return Spots(
            np.zeros((2, 2), np.int32), exact, first, first, content.astype(np.uint8),
            np.zeros((2, 2), np.int8),
        )  # fmt: skip

    order = np.array([[0, 1], [1, 0]], np.int32)
    places = BlockPlaces(
        BLOCK, 40.0, spots([[0.2, -0.5], [-0.1, 0.3]]), order, spots([[1, 2], [3, 4]]), order, 0.75
    )
    cases = tuple(
        PlacedCase(name, name * 64, (0, 0, 96, 96), 1.0, (0.0, 0.0), (96, 96), (("mass", {}),))
        for name in "ab"
    )
    p, shift = np.ones((5, 2, 2)), np.zeros((5, 2, 2))
    p[:4, 0, 1], shift[:4, 0, 1] = 0.01, [1.0, -4.0, 2.0, 3.0]
    answers = Answers(CUES[:5], p, shift, shift, shift, p, 0.05)
    effects = tuple(CueEffect(cue, 12, 1.0, 0.5, 1.5, True) for cue in CUES[:5])
    study = CueStudy((BLOCK,), effects, answers, ((),), ())
    return Atlas(Places(cases, (places,), (16.0,)), study, {})


def test_the_document(atlas: Atlas) -> None:
    text = markdown(atlas, "a *source*", is_phantom=True)
    assert "1 of 2 channels answer to a cue. A cell is 16 px" in text
    assert "its receptive field 40 px." in text
    assert "| of the largest effect | 25.0 % | 50.0 % | 25.0 % | 0.0 % | 0.0 % |" in text
    first, second = CUES[1].id, CUES[3].id
    assert f"| 1 | 0.4000 | 2 a lesion's body | {first} (-4.00), {second} (+3.00), " in text
    assert " and 1 more |" in text
    nothing = "1 nothing of a lesion, 1 spicules or strands"
    assert f"| 0 | 0.1500 | {nothing} | unexplained |" in text
    assert text.index("| 1 | 0.4") < text.index("| 0 | 0.15")
    assert "rank correlation 0.750" in text
    assert "- Over 2 phantoms." in text
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    assert {line.count("|") - 1 for line in lines} == {len(CONTENT_HEAD), len(CHANNEL_HEAD)}


def test_an_agreement_that_is_not_known_is_left_out(atlas: Atlas) -> None:
    (one,) = atlas.places.blocks
    blocks = (BlockPlaces(*[*vars(one).values()][:-1], math.nan),)
    other = Atlas(Places(atlas.places.cases, blocks, (16.0,)), atlas.study, {})
    assert "rank correlation" not in markdown(other, "x", is_phantom=False)
    assert "- Over 2 cases." in markdown(other, "x", is_phantom=False)


def test_the_folder_is_of_one_request(atlas: Atlas, tmp_path: Path) -> None:
    out = tmp_path / "atlas"
    folder = AtlasFolder(out, SOURCE, None, {"weights": "1" * 64}, "--cues x")
    folder.check(force=False)
    folder.write(atlas, "text\n")
    assert sorted(path.name for path in out.iterdir()) == [
        "atlas.md", "manifest.json", "places.safetensors", "study.safetensors",
    ]  # fmt: skip
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["command"] == "features atlas --cues x"
    assert manifest["request"]["source"] == "memory"
    folder.check(force=False)
    other = AtlasFolder(out, SOURCE, 1, {"weights": "1" * 64}, "--cues x")
    assert other.request["cases"] != folder.request["cases"]
    with pytest.raises(OutputExists, match="another request"):
        other.check(force=False)
    other.check(force=True)
    (out / "more").write_text("")
    with pytest.raises(OutputExists, match="did not write"):
        other.check(force=True)
