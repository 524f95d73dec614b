"""A user's own image: explained like any other, by a service of its own that stores nothing."""

from __future__ import annotations

import dataclasses
import tempfile
import threading
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from tests.cases.builders import dicom_bytes, encode, make_library, mammogram, noise
from tests.conftest import make_case
from tests.ui.pages import case_override_page, your_image_page
from tests.ui.stand_in_service import StandInService, page_text, use_stand_in
from xai_core.cases.readers.limits import MAX_FILE_BYTES
from xai_core.cases.sources.upload import OWN_ID, read_own
from xai_core.errors import UnreadableImage
from xai_core.explain.explanation import Status
from xai_core.explain.request import CaseRequest
from xai_core.explain.service import ExplainService, open_service
from xai_core.preprocessing.letterbox import fit
from xai_core.settings import ROOT, Settings
from xai_core.study.out_of_distribution import OutOfDistributionScore, UnusualQuantity
from xai_core.study.realism.measure import IMAGE_KEYS, TITLES
from xai_core.ui import viewer
from xai_core.ui.memo import memoised
from xai_core.ui.your_image import page
from xai_core.ui.your_image.own import OwnImage, OwnImageHolder
from xai_core.ui.your_image.page import geometry_words


def wait_until(condition: Callable[[], object], seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


@pytest.fixture
def dashboard_service(tmp_path: Path, tiny_weights: Path) -> Iterator[ExplainService]:
    """The dashboard's service on two predicted phantoms, with a disk store."""
    settings = Settings(
        cases=str(make_library(tmp_path / "library")), weights=tiny_weights, device="cpu",
        store=tmp_path / "store", engine="torch", precomputed=tmp_path / "none",
    )  # fmt: skip
    service = open_service(settings)
    wait_until(lambda: service.prediction_progress() == (2, 2))
    yield service
    service.close()


def files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


def workers() -> set[threading.Thread]:
    return {t for t in threading.enumerate() if t.name == "explain-worker"}


def test_explaining_an_own_image_writes_no_file(
    dashboard_service: ExplainService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = files(tmp_path)
    assert any("store" in path.parts for path in before)  # of the library's cases
    image = OwnImage(read_own(dicom_bytes(mammogram()), "a.dcm"), dashboard_service)
    request = CaseRequest(OWN_ID).change(method="hybrid-cam")
    wait_until(lambda: image.service.ask(request, "me").status is Status.DONE)
    explanation = image.service.ask(request, "me").explanation
    assert explanation is not None
    assert explanation.heatmap is not None
    assert files(tmp_path) == before
    assert OWN_ID not in dashboard_service.records
    image.close()


def test_replacing_or_forgetting_an_image_ends_its_service(
    dashboard_service: ExplainService,
) -> None:
    before = workers()
    holder = OwnImageHolder()
    holder.replace(OwnImage(read_own(encode(noise()), "a.png"), dashboard_service))
    (first,) = workers() - before
    holder.replace(OwnImage(read_own(encode(noise(seed=2)), "b.png"), dashboard_service))
    wait_until(lambda: not first.is_alive())
    holder.replace(None)
    assert holder.image is None
    wait_until(lambda: workers() == before)


def test_forgetting_an_image_drops_everything_made_from_it(
    dashboard_service: ExplainService,
) -> None:
    holder = OwnImageHolder()
    holder.replace(OwnImage(read_own(encode(noise()), "a.png"), dashboard_service))
    assert holder.image is not None
    case = holder.image.service.load(OWN_ID)  # still referenced, as by a page that is being drawn
    assert memoised("a picture", (case, 384), lambda: "made before") == "made before"
    holder.replace(None)
    assert memoised("a picture", (case, 384), lambda: "made anew") == "made anew"


# --- the page -------------------------------------------------------------------------------


@pytest.fixture
def stand_in() -> Iterator[StandInService]:
    with use_stand_in() as stand_in:
        yield stand_in


def test_without_a_file_the_page_says_what_will_happen_with_one(stand_in: StandInService) -> None:
    page = AppTest.from_function(your_image_page, default_timeout=60).run()
    assert not page.exception
    text = page_text(page)
    assert "Nothing is kept" in text
    assert "not validated for any real image" in text
    assert stand_in.asked == ()


def test_a_case_override_keeps_the_request_and_the_other_pages_case(
    stand_in: StandInService,
) -> None:
    page = AppTest.from_function(case_override_page, default_timeout=60)
    page.query_params["case"] = "TP-2"
    page.query_params["method"] = "hybrid-cam"
    page.run()
    assert page_text(page) == "TP-2 hybrid-cam"
    page.toggle[0].set_value(True).run()
    assert page_text(page) == f"{OWN_ID} hybrid-cam"
    page.button[0].click().run()
    assert page_text(page) == f"{OWN_ID} score-cam"
    page.toggle[0].set_value(False).run()
    assert page_text(page) == "TP-2 score-cam"


# --- texts ----------------------------------------------------------------------------------


def test_the_distance_from_the_phantoms_in_words() -> None:
    assert "cannot be measured" in page.distance_sentence(None, 141)
    assert "than all 141" in page.distance_sentence(OutOfDistributionScore(9.0, 1.0, ()), 141)
    sentence = page.distance_sentence(OutOfDistributionScore(3.25, 0.426, ()), 141)
    assert "than 43% of the 141 built-in phantoms (distance 3.2" in sentence
    assert page.unusual_quantity_words(UnusualQuantity("exponent", 1.9, 2.66, 3.3)) == (
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


@pytest.mark.usefixtures("stand_in")
def test_the_drop_zone_says_the_limit_that_is_enforced() -> None:
    shown = AppTest.from_function(your_image_page, default_timeout=60).run()
    (uploader,) = shown.get("file_uploader")
    assert uploader.proto.max_upload_size_mb == page.UPLOAD_MB
    assert f"at most {page.UPLOAD_MB} MB" in uploader.proto.help
    page.check_upload_size(page.UPLOAD_MB * 2**20)
    with pytest.raises(UnreadableImage, match=r"^The file has 64.5 MB; at most 64 MB are taken.$"):
        page.check_upload_size(page.UPLOAD_MB * 2**20 + 2**19)
    # The server counts the request, its frame included, and the readers take any such file.
    assert page.UPLOAD_MB < limits("server.maxUploadSize") <= page.UPLOAD_MB + 1
    assert page.UPLOAD_MB * 2**20 <= MAX_FILE_BYTES


@pytest.mark.parametrize(
    ("option", "value"),
    [("server.maxMessageSize", 64), ("server.maxWidgetStateSize", 8),
     ("server.disconnectedSessionTTL", 120), ("server.maxUploadSize", 65),
     ("server.enableXsrfProtection", True), ("browser.gatherUsageStats", False)],
)  # fmt: skip
def test_the_limits_of_the_server_are_set(option: str, value: object) -> None:
    assert limits(option) == value


def limits(option: str) -> Any:
    """An option of the project's own configuration of Streamlit."""
    section, _, name = option.partition(".")
    return tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())[section][name]


def test_a_single_picture_of_one_s_own_is_not_called_low_energy() -> None:
    """Nobody knows which of the two images it is; with a second one beside it, it is known."""
    own = make_case(OWN_ID)
    single = dataclasses.replace(own, recombined=None, recombined_mask=None)
    pair = dataclasses.replace(own, recombined=own.image, recombined_mask=None)
    library = dataclasses.replace(single, id="PH-0001")
    names = [viewer._labels(case, None, drawn=False)["low"] for case in (single, pair, library)]
    assert names == ["image", "low-energy", "low-energy"]
