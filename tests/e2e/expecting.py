"""Playwright's ``expect``, patient where two elements match for a moment.

While Streamlit goes from one page or state to the next, the old and the new element can be on the
page at once.  Playwright waits for an element that is not there yet, but fails at once where a
locator matches two ("strict mode violation").  Here that, too, is waited for.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, overload

from playwright.sync_api import Locator, LocatorAssertions, Page, PageAssertions
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from playwright.sync_api import expect as expect_strictly

# Long enough for a machine whose two cores are shared by the browser, the server and the network.
TIMEOUT_MS = 240_000
expect_strictly.set_options(timeout=TIMEOUT_MS)


class _Patient:
    """Assertions that are tried again once their locator no longer matches several elements."""

    def __init__(self, locator: Locator) -> None:
        self._locator = locator
        self._assertions = expect_strictly(locator)

    def __getattr__(self, name: str) -> Callable[..., None]:
        assertion = getattr(self._assertions, name)

        def tried(*args: Any, **options: Any) -> None:
            timeout = options.get("timeout", TIMEOUT_MS)
            end = time.monotonic() + timeout / 1000
            while True:
                try:
                    assertion(*args, **options)
                except AssertionError as problem:
                    left = 1000 * (end - time.monotonic())
                    if "strict mode violation" not in str(problem) or left <= 0:
                        raise
                    try:
                        self._locator.nth(1).wait_for(state="detached", timeout=left)
                    except PlaywrightTimeout:
                        raise problem from None
                else:
                    return

        return tried


@overload
def expect(actual: Page) -> PageAssertions: ...
@overload
def expect(actual: Locator) -> LocatorAssertions: ...
def expect(actual: Page | Locator) -> Any:
    """Assertions about a page or a locator; each waits up to ``TIMEOUT_MS`` to become true."""
    return expect_strictly(actual) if isinstance(actual, Page) else _Patient(actual)
