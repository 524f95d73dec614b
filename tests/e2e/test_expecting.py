"""Waiting while two elements match."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.e2e.expecting import expect

pytestmark = pytest.mark.e2e


def test_two_elements_for_a_moment_are_waited_for(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content("<p>old</p><p>new</p>")
    page.evaluate("setTimeout(() => document.querySelector('p').remove(), 500)")
    expect(page.locator("p")).to_have_text("new")
    page.close()


def test_two_elements_that_stay_are_a_failure(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content("<p>one</p><p>two</p>")
    with pytest.raises(AssertionError, match="strict mode violation"):
        expect(page.locator("p")).to_be_visible(timeout=300)
    page.close()
