"""A person's own image: explained like any other, by a service of its own that keeps nothing."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from tests.cases.builders import dicom_bytes, encode, make_library, mammogram, noise
from tests.ui.pages import aside_page, your_image_page
from tests.ui.stand_in_service import StandInService, on_duty, words
from xai_core.cases.sources.upload import OWN_ID, read_own
from xai_core.explain.explanation import Status
from xai_core.explain.request import CaseRequest
from xai_core.explain.service import ExplainService, open_service
from xai_core.preprocessing.letterbox import fit
from xai_core.settings import Settings
from xai_core.study.out_of_distribution import OutOfDistributionScore, UnusualQuantity
from xai_core.study.realism.measure import IMAGE_KEYS, TITLES
from xai_core.ui.memo import memoised
from xai_core.ui.your_image import page
from xai_core.ui.your_image.own import Holder, Own
from xai_core.ui.your_image.page import geometry_words


def wait(look: Callable[[], object], seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


@pytest.fixture
def lender(tmp_path: Path, tiny_weights: Path) -> Iterator[ExplainService]:
    """The dashboard's service on two phantoms, with a store on disk; all of them predicted."""
    settings = Settings(
        cases=str(make_library(tmp_path / "library")), weights=tiny_weights, device="cpu",
        store=tmp_path / "store", engine="torch", ready=tmp_path / "none",
    )  # fmt: skip
    service = open_service(settings)
    wait(lambda: service.prediction_progress() == (2, 2))
    yield service
    service.close()


def files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


def workers() -> set[threading.Thread]:
    return {t for t in threading.enumerate() if t.name == "explain-worker"}


def test_explaining_it_leaves_nothing_on_the_disk(
    lender: ExplainService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = files(tmp_path)
    assert any("store" in path.parts for path in before)  # what the library's cases leave
    own = Own(read_own(dicom_bytes(mammogram()), "a.dcm"), lender)
    request = CaseRequest(OWN_ID).change(method="hybrid-cam")
    wait(lambda: own.service.ask(request, "me").status is Status.DONE)
    found = own.service.ask(request, "me").explanation
    assert found is not None
    assert found.heatmap is not None
    assert files(tmp_path) == before
    assert OWN_ID not in lender.records
    own.close()


def test_forgetting_ends_its_service(lender: ExplainService) -> None:
    before = workers()
    holder = Holder()
    holder.put(Own(read_own(encode(noise()), "a.png"), lender))
    (first,) = workers() - before
    holder.put(Own(read_own(encode(noise(seed=2)), "b.png"), lender))
    wait(lambda: not first.is_alive())
    holder.put(None)
    assert holder.own is None
    wait(lambda: workers() == before)


def test_forgetting_takes_the_pictures_made_of_it_along(lender: ExplainService) -> None:
    holder = Holder()
    holder.put(Own(read_own(encode(noise()), "a.png"), lender))
    assert holder.own is not None
    case = holder.own.service.load(OWN_ID)  # something still holds it, as a page being drawn does
    assert memoised("a picture", (case, 384), lambda: "made before") == "made before"
    holder.put(None)
    assert memoised("a picture", (case, 384), lambda: "made anew") == "made anew"


# --- the page -------------------------------------------------------------------------------


@pytest.fixture
def stand_in() -> Iterator[StandInService]:
    with on_duty() as stand_in:
        yield stand_in


def test_before_a_file_is_there_the_page_says_what_happens(stand_in: StandInService) -> None:
    page = AppTest.from_function(your_image_page, default_timeout=60).run()
    assert not page.exception
    said = words(page)
    assert "Nothing is kept" in said
    assert "not validated for any real image" in said
    assert stand_in.asked == ()


def test_the_case_of_the_other_pages_is_put_aside_and_comes_back(stand_in: StandInService) -> None:
    page = AppTest.from_function(aside_page, default_timeout=60)
    page.query_params["case"] = "TP-2"
    page.query_params["method"] = "hybrid-cam"
    page.run()
    assert words(page) == "TP-2 hybrid-cam"
    page.toggle[0].set_value(True).run()
    assert words(page) == f"{OWN_ID} hybrid-cam"
    page.button[0].click().run()
    assert words(page) == f"{OWN_ID} score-cam"
    page.toggle[0].set_value(False).run()
    assert words(page) == "TP-2 score-cam"


# --- its words ------------------------------------------------------------------------------


def test_the_measure_in_words() -> None:
    assert "cannot be measured" in page.sentence(None, 141)
    assert "than all 141" in page.sentence(OutOfDistributionScore(9.0, 1.0, ()), 141)
    said = page.sentence(OutOfDistributionScore(3.25, 0.426, ()), 141)
    assert "than 43% of the 141 built-in phantoms (distance 3.2" in said
    assert page.odd_words(UnusualQuantity("exponent", 1.9, 2.66, 3.3)) == (
        "power spectrum exponent 1.90 (usual 2.66 to 3.30)"
    )
    assert set(IMAGE_KEYS) <= TITLES.keys()


def test_the_geometry_in_words() -> None:
    image = np.zeros((100, 80), np.float32)
    image[20:70, 0:25] = 0.5
    assert geometry_words(fit(image, 96), (100, 80)) == (
        "columns 0 to 25, rows 20 to 70 of 80 x 100 px, the largest region above air; scaled by "
        "1.92 to 96 x 96; 23 px of black beside."
    )
    full = np.full((50, 50), 0.5, np.float32)
    assert geometry_words(fit(full, 96), (50, 50)) == "all 50 x 50 px; scaled by 1.92 to 96 x 96."
