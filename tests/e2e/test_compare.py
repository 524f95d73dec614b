"""The Compare page in a browser, on the built-in library with the small random network."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page

from tests.e2e import explore
from tests.e2e.conftest import Server
from tests.e2e.expecting import expect

pytestmark = pytest.mark.e2e
Visit = Callable[[str], Page]


def pictures(page: Page) -> Locator:
    """The pictures of maps; a map without evidence has none."""
    return page.get_by_role("img", name=re.compile("with the heatmap over it"))


def wait_for_all_panels(page: Page) -> None:
    """Wait until every panel is complete."""
    expect(explore.progress(page)).to_contain_text(re.compile(r"All \d panels ready"))


def saved(page: Page, kind: str, folder: Path) -> bytes:
    """The bytes that the download button for a kind of file gives."""
    button = page.get_by_role("button", name=f"Save for print ({kind})")
    expect(button).to_be_enabled()
    with page.expect_download() as waiting:
        button.click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path.read_bytes()


def test_an_address_opens_its_case_with_all_panels(small: Server, visit: Visit) -> None:
    page = visit(f"{small.url}/compare?case=PH-0004&target=malignant")
    expect(explore.tile(page, "PH-0004")).to_be_checked()
    expect(page.get_by_role("radio", name="malignant", exact=True)).to_be_checked()
    wait_for_all_panels(page)
    empty = page.get_by_text(re.compile("No positive evidence|No level raises|map is constant"))
    expect(pictures(page).or_(empty)).to_have_count(6)
    assert pictures(page).count() > 0
    expect(page.get_by_text("Malignant class score (class 1)").first).to_be_visible()
    expect(page.get_by_text(explore.NOTICE).last).to_be_visible()
    expect(page).to_have_url(re.compile("view=methods&case=PH-0004&target=malignant"))


def test_curves_are_measured_when_switched_on(small: Server, visit: Visit) -> None:
    page = visit(f"{small.url}/compare?case=PH-0004&methods=grad-cam,layer-cam")
    wait_for_all_panels(page)
    page.get_by_text("Curves too").click()
    expect(page).to_have_url(re.compile("curves-too=on"))
    expect(
        page.get_by_text(re.compile(r"Areas under the curves: \d of \d measured"))
    ).to_be_visible()
    wait_for_all_panels(page)
    areas = page.get_by_text(re.compile(r"Insertion AUC \d"))
    without = page.get_by_text(re.compile("No areas: the map shows nothing"))
    expect(areas.or_(without)).to_have_count(4)
    assert areas.count() > 0


def test_places_of_areas_keep_their_height_when_the_areas_come(small: Server, visit: Visit) -> None:
    page = visit(f"{small.url}/compare?curves-too=on&methods=grad-cam")
    places = page.locator("[class*=st-key-areas-]")
    status = page.locator(".st-key-areas-status")
    expect(places).to_have_count(1 + 2)
    expect(status).to_contain_text("Areas under the curves: ")
    before = [place.bounding_box() for place in places.all()]
    wait_for_all_panels(page)
    expect(status).to_contain_text(re.compile(r"(\d) of \1 measured"))
    after = [place.bounding_box() for place in places.all()]
    heights = [(a["height"], b["height"]) for a, b in zip(before, after, strict=True) if a and b]
    assert len(heights) == 1 + 2
    assert all(one == other for one, other in heights), heights


def test_the_panels_are_saved_for_print(small: Server, visit: Visit, tmp_path: Path) -> None:
    page = visit(f"{small.url}/compare?case=PH-0002")
    wait_for_all_panels(page)
    with Image.open(io.BytesIO(saved(page, "PNG", tmp_path))) as sheet:
        assert sheet.width == 2126
        assert "PH-0002" in sheet.info["Description"]
        assert "not a medical device" in sheet.info["Description"]
    assert saved(page, "PDF", tmp_path).startswith(b"%PDF-")


def test_an_address_opens_figure_3_with_its_cases(small: Server, visit: Visit) -> None:
    page = visit(f"{small.url}/compare?view=figure3&tp=PH-0001&tn=PH-0004")
    for case in ("PH-0001", "PH-0004"):
        expect(page.get_by_role("heading", name=re.compile(f"Phantom {case}: "))).to_be_visible()
    wait_for_all_panels(page)
    expect(page.get_by_role("button", name="Save for print (PDF)")).to_be_enabled()


def test_an_unusable_address_gets_a_sentence_and_default_panels(
    small: Server, visit: Visit
) -> None:
    page = visit(f"{small.url}/compare?case=nobody&view=3d")
    expect(page.get_by_text(re.compile("which is not among these cases"))).to_be_visible()
    wait_for_all_panels(page)


def test_leaving_the_page_stops_its_jobs_and_keeps_the_case(small: Server, visit: Visit) -> None:
    page = visit(f"{small.url}/compare?case=PH-0006")
    expect(page.get_by_text("panels ready")).to_be_visible()
    page.get_by_role("link", name="Explore").click()
    expect(page).to_have_url(re.compile("/explore.*case=PH-0006"))
    expect(explore.tile(page, "PH-0006")).to_be_checked()
    explore.wait_until_done(page)


def test_another_method_is_added_and_taken_away(small: Server, visit: Visit) -> None:
    page = visit(f"{small.url}/compare?case=PH-0005&methods=grad-cam,hybrid-cam")
    page.get_by_role("button", name="Other methods").click()
    other = page.get_by_role("button", name="Eigen-CAM", exact=True)
    other.click()
    expect(page).to_have_url(re.compile("methods=grad-cam.*hybrid-cam.*eigen-cam"))
    opener = page.get_by_role("button", name="Other methods, 1 shown")
    expect(opener).to_be_visible()
    if not other.is_visible():
        opener.click()
    other.click()
    expect(page).not_to_have_url(re.compile("eigen-cam"))
