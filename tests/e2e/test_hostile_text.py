"""Texts of tables and specifications that look like markup are shown as they are, on every page."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.cases.builders import encode, make_library, noise
from tests.e2e import explore
from tests.e2e.conftest import dashboard
from tests.e2e.expecting import expect
from tests.e2e.test_your_image import upload, wait_until_explained
from tests.support.hostile import HOSTILE_CLASSES, HOSTILE_ID, hostile_weights, make_hostile
from xai_core.cases.base import REPLACEMENT

pytestmark = pytest.mark.e2e

# Links to elsewhere, and what Streamlit makes of shortcodes, colours, formulas and badges; also in
# the components' own trees.
_FOUND = """() => {
  const found = [], trees = [document];
  while (trees.length) {
    for (const e of trees.pop().querySelectorAll("*")) {
      if (e.shadowRoot) trees.push(e.shadowRoot);
      const link = e.getAttribute("href") || e.getAttribute("xlink:href") || e.getAttribute("src");
      const elsewhere = link && !/^(blob|data):/.test(link) &&
        new URL(link, location.href).origin !== location.origin;
      const live = e.matches('.katex, [translate="no"][role="img"], ' +
        '[class*="stMarkdownColored"], ' +
        '[class*="stMarkdownBadge"], [class*="stMarkdownShimmer"], [alt="Streamlit logo"], del, ' +
        '[data-testid="stMarkdownContainer"] img, .gtitle a, .ytitle a, .ytitle tspan');
      if (elsewhere || live) found.push(e.outerHTML.slice(0, 200));
    }
  }
  return found;
}"""
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069\u200b-\u200f\u061c\ufeff]")


def test_nothing_from_files_comes_alive(
    tmp_path: Path, tiny_weights: Path, visit: Callable[[str], Page]
) -> None:
    library = make_library(tmp_path / ":red[cases] www.evil.example")
    make_hostile(library / "manifest.json")
    with dashboard(tmp_path, str(library), hostile_weights(tiny_weights, tmp_path)) as server:
        page = visit(f"{server.url}/explore?curves=adaptive&layer=<b>www.evil.example</b>")
        explore.wait_until_done(page)
        expect(page.get_by_text(f"Phantom {HOSTILE_ID}")).to_be_visible()
        expect(page.get_by_text("<b>www.evil.example</b>").first).to_be_visible()
        expect(page.get_by_text(":smile: -> :material_home:", exact=False).first).to_be_visible()
        expect(page.get_by_text("What it teaches: www.evil.example WWW.EVIL")).to_be_visible()
        for name in HOSTILE_CLASSES:
            expect(page.get_by_role("radio", name=name, exact=True)).to_be_visible()
            expect(page.get_by_text(f"{name} logit").first).to_be_visible()
        expect(page.locator(".ytitle")).to_have_text(
            re.compile("^probability of (" + "|".join(map(re.escape, HOSTILE_CLASSES)) + ")$")
        )
        expect(page.get_by_text(f"P{REPLACEMENT}1{REPLACEMENT}2").first).to_be_visible()
        assert page.evaluate(_FOUND) == []
        assert not _TURNS.search(page.content() + page.url)

        page.goto(f"{server.url}/compare?methods=grad-cam,<b>www.evil.example</b>")
        expect(page.get_by_text("All 2 panels ready.")).to_be_visible()
        expect(page.get_by_text("<b>www.evil.example</b>").first).to_be_visible()
        expect(page.get_by_role("heading", name=f"Phantom {HOSTILE_ID}:")).to_be_visible()
        expect(page.get_by_text(re.compile(f"{re.escape(HOSTILE_CLASSES[0])} .*class score|"
                                           f"{re.escape(HOSTILE_CLASSES[1])} class score",
                                           re.IGNORECASE)).first).to_be_visible()  # fmt: skip
        assert page.evaluate(_FOUND) == []

        page.get_by_role("link", name="Your image").click()
        upload(page, "<b>www.evil.example</b> :smile:.png", b"hello")
        expect(page.get_by_text("is not a picture this software reads")).to_be_visible()
        upload(page, "www.evil.example.png", encode(noise(300, 200, top=4095)))
        wait_until_explained(page)
        assert page.evaluate(_FOUND) == []

        page.get_by_role("link", name="About").click()
        for text in (
            f"Phantom library {library.name}", ", ".join(f"{i} {n}" for i, n in
            enumerate(HOSTILE_CLASSES)), "https://evil.example :smile: &amp;",
            "python -- <b>train</b> -> :red[x]", "Www.evil.example", ":streamlit: <= `x`",
            "[licence](http://evil.example) $$x$$ a@evil.example", ":+1: www.evil.example",
        ):  # fmt: skip
            expect(page.get_by_text(text, exact=True).first).to_be_visible()
        # The paper's and the licence's own addresses in the cards are links of this project.
        page.evaluate(
            "document.querySelectorAll('[data-testid=stExpander]').forEach(e=>e.remove())"
        )
        assert page.evaluate(_FOUND) == []
        assert not server.complaints()
