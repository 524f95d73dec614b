"""Small pictures made in the background."""

from __future__ import annotations

import io
import threading
import time

import numpy as np
import pytest
from PIL import Image

from tests.conftest import make_case
from xai_core.errors import UnreadableImage
from xai_core.types import Case
from xai_core.ui.case_grid import Thumbnails
from xai_core.viz.pictures import thumbnail


def made(thumbs: Thumbnails, ids: list[str]) -> dict[str, bytes]:
    """Look until all are there."""
    for _ in range(2000):
        found = thumbs.get(ids)
        if len(found) == len(ids):
            return found
        time.sleep(0.01)
    pytest.fail(f"only {sorted(found)} were made")


def test_a_thumbnail_is_the_breast_alone_and_says_nothing_of_marks() -> None:
    case = make_case()
    with Image.open(io.BytesIO(thumbnail(case, (60, 60)))) as picture:
        assert picture.format == "JPEG"
        assert picture.mode == "L"
        assert max(picture.size) == 60
        assert np.asarray(picture).mean() > 40  # the air around is cut away
    assert thumbnail(make_case(lesion_mask=None)) == thumbnail(case)


def test_each_is_made_once_and_a_page_does_not_wait() -> None:
    gate, loaded = threading.Event(), []

    def load(case_id: str) -> Case:
        gate.wait(30)
        loaded.append(case_id)
        return make_case(case_id)

    thumbs = Thumbnails(load)
    assert thumbs.get(["A", "B"]) == {}  # at once
    gate.set()
    first = made(thumbs, ["A", "B"])
    assert made(thumbs, ["B", "A"]) == first
    assert sorted(loaded) == ["A", "B"]


def test_what_cannot_be_read_is_empty_and_the_others_are_made() -> None:
    def load(case_id: str) -> Case:
        if case_id == "bad":
            raise UnreadableImage("bad.png is damaged.")
        if case_id == "worse":
            raise MemoryError
        return make_case(case_id)

    found = made(Thumbnails(load), ["bad", "worse", "A"])
    assert found["bad"] == found["worse"] == b""
    assert found["A"]


def test_no_more_are_kept_than_allowed() -> None:
    loaded: list[str] = []

    def load(case_id: str) -> Case:
        loaded.append(case_id)
        return make_case(case_id)

    thumbs = Thumbnails(load, kept=2)
    made(thumbs, ["A"])
    made(thumbs, ["B"])
    made(thumbs, ["A", "C"])  # B was used longest ago
    made(thumbs, ["A"])
    assert loaded == ["A", "B", "C"]
    made(thumbs, ["B"])
    assert loaded == ["A", "B", "C", "B"]
