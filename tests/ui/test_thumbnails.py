"""Thumbnails and the background thread that makes them."""

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
    """Wait until all thumbnails are made."""
    for _ in range(2000):
        finished = thumbs.get(ids)
        if len(finished) == len(ids):
            return finished
        time.sleep(0.01)
    pytest.fail(f"only {sorted(finished)} were made")


def test_a_thumbnail_shows_the_breast_and_does_not_depend_on_the_mask() -> None:
    case = make_case()
    with Image.open(io.BytesIO(thumbnail(case, (60, 60)))) as picture:
        assert picture.format == "JPEG"
        assert picture.mode == "L"
        assert max(picture.size) == 60
        assert np.asarray(picture).mean() > 40  # the air around the breast is cropped
    assert thumbnail(make_case(lesion_mask=None)) == thumbnail(case)


def test_get_returns_at_once_and_each_thumbnail_is_made_once() -> None:
    gate, loaded = threading.Event(), []

    def load(case_id: str) -> Case:
        gate.wait(30)
        loaded.append(case_id)
        return make_case(case_id)

    thumbs = Thumbnails(load)
    assert thumbs.get(["A", "B"]) == {}  # returns although loading is blocked
    gate.set()
    first = made(thumbs, ["A", "B"])
    assert made(thumbs, ["B", "A"]) == first
    assert sorted(loaded) == ["A", "B"]


def test_an_unreadable_case_has_an_empty_thumbnail_and_the_others_are_made() -> None:
    def load(case_id: str) -> Case:
        if case_id == "bad":
            raise UnreadableImage("bad.png is damaged.")
        if case_id == "worse":
            raise MemoryError
        return make_case(case_id)

    thumbnails = made(Thumbnails(load), ["bad", "worse", "A"])
    assert thumbnails["bad"] == thumbnails["worse"] == b""
    assert thumbnails["A"]


def test_the_least_recently_used_thumbnail_is_dropped() -> None:
    loaded: list[str] = []

    def load(case_id: str) -> Case:
        loaded.append(case_id)
        return make_case(case_id)

    thumbs = Thumbnails(load, capacity=2)
    made(thumbs, ["A"])
    made(thumbs, ["B"])
    made(thumbs, ["A", "C"])  # drops B
    made(thumbs, ["A"])
    assert loaded == ["A", "B", "C"]
    made(thumbs, ["B"])
    assert loaded == ["A", "B", "C", "B"]
