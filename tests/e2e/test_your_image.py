"""Uploading an own image in a browser: it is read, explained and forgotten without a trace."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.cases.builders import dicom_bytes, encode, mammogram, noise
from tests.e2e import explore
from tests.e2e.conftest import Server, dashboard
from tests.e2e.expecting import expect

pytestmark = pytest.mark.e2e
Visit = Callable[[str], Page]


def upload(page: Page, name: str, data: bytes) -> None:
    """Upload a file on the page."""
    file: Any = {"name": name, "mimeType": "application/octet-stream", "buffer": data}
    page.locator("input[type=file]").first.set_input_files(files=[file])


def wait_until_explained(page: Page) -> None:
    """Wait until the image is explained; a random network may find no evidence in it."""
    expect(page.get_by_text("Read from the file")).to_be_visible()
    expect(explore.progress(page)).to_contain_text("Done in")


def dicom() -> bytes:
    ds = mammogram(noise(300, 200, top=4095))
    ds.StudyDate, ds.ManufacturerModelName = "19370203", "Model 7"
    return dicom_bytes(ds)


def test_a_dicom_is_read_explained_and_forgotten(
    tmp_path: Path, visit: Visit, tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))  # the server's
    with dashboard(tmp_path, "library", tiny_weights) as server:
        page = visit(f"{server.url}/your_image?layer=stages.3.blocks.1")
        expect(page.get_by_text("Nothing is kept.")).to_be_visible()
        upload(page, "Jane Doe.dcm", dicom())
        wait_until_explained(page)
        expect(page.get_by_role("radio", name="Stage 4 Block 2")).to_be_checked()
        for text in ("Modality", "MLO", "Model 7", "MONOCHROME2"):
            expect(page.get_by_text(text, exact=True).first).to_be_visible()
        expect(page.get_by_text("full range of its values").first).to_be_visible()
        expect(page.get_by_text("Not validated for this image.")).to_be_visible()
        expect(page.get_by_text(re.compile("Unlike the training phantoms:"))).to_be_visible()
        whole = page.content()
        assert not [word for word in ("SECRET", "Secret", "1937", "Jane") if word in whole]
        expect(page.get_by_text("Phantom cases")).to_have_count(0)
        page.get_by_role("button", name="Forget this image").click()
        expect(page.get_by_role("heading", name="Your image")).to_be_visible()
        expect(page.get_by_text("Read from the file")).to_have_count(0)
        assert not server.complaints()
        assert not server.log.read_bytes().count(b"Jane")
        left = [p for p in temporary.rglob("*") if p.is_file() and p.stat().st_size > 0]
        assert not [p for p in left if b"SECRET" in p.read_bytes()]
        assert not list(temporary.glob("xai-dicom-*"))


def test_an_unreadable_file_gets_a_sentence_and_the_previous_image_stays(
    small: Server, visit: Visit
) -> None:
    page = visit(f"{small.url}/your_image?curves=none")
    upload(page, "notes.txt", b"hello")
    expect(page.get_by_text(re.compile("^The file is not a picture"))).to_be_visible()
    upload(page, "deep.png", encode(noise(300, 200, top=4095)))
    wait_until_explained(page)
    expect(page.get_by_text(re.compile("^The file is not"))).to_have_count(0)
    expect(page.get_by_text(re.compile("uses only 12 bits"))).to_be_visible()
    upload(page, "torn.png", encode(noise(300, 200))[:500])
    expect(page.get_by_text(re.compile("^The file is damaged"))).to_be_visible()
    wait_until_explained(page)
    expect(page.get_by_text(re.compile("uses only 12 bits"))).to_be_visible()


def test_the_other_pages_keep_their_case(small: Server, visit: Visit) -> None:
    page = visit(f"{small.url}/explore?case=PH-0004&curves=none&method=hybrid-cam")
    expect(explore.progress(page)).to_contain_text("Done in")
    page.get_by_role("link", name="Your image").click()
    upload(page, "a.png", encode(noise(300, 200)))
    wait_until_explained(page)
    expect(page.get_by_role("radio", name="Hybrid-CAM", exact=True)).to_be_checked()
    explore.choose(page, "Grad-CAM")
    expect(page).to_have_url(re.compile("your_image.*method=grad-cam"))
    wait_until_explained(page)
    assert "case" not in page.url.partition("?")[2]
    page.get_by_role("link", name="Explore").click()
    expect(page).to_have_url(re.compile("case=PH-0004&method=grad-cam"))
    page.get_by_role("link", name="Your image").click()
    wait_until_explained(page)  # the image is kept while the tab is open


def test_another_session_does_not_see_the_image(small: Server, visit: Visit) -> None:
    page = visit(f"{small.url}/your_image?curves=none")
    upload(page, "a.png", encode(noise(300, 200)))
    wait_until_explained(page)
    other = visit(page.url)
    expect(other.get_by_role("heading", name="Your image")).to_be_visible()
    expect(other.get_by_text("Read from the file")).to_have_count(0)
