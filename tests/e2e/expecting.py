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
from playwright.sync_api import expect as expect_strictly

# Long enough for a machine whose two cores are shared by the browser, the server and the network.
TIMEOUT_MS = 240_000
_PAUSE_MS = 50
expect_strictly.set_options(timeout=TIMEOUT_MS)


class _Patient:
    """Assertions that are tried again while their locator matches several elements."""

    def __init__(self, page: Page, assertions: LocatorAssertions | PageAssertions) -> None:
        self._page = page
        self._assertions = assertions

    def __getattr__(self, name: str) -> Callable[..., None]:
        assertion = getattr(self._assertions, name)

        def tried(*args: Any, **options: Any) -> None:
            end = time.monotonic() + options.get("timeout", TIMEOUT_MS) / 1000
            while True:
                try:
                    assertion(*args, **options)
                except AssertionError as problem:
                    if "strict mode violation" not in str(problem) or time.monotonic() > end:
                        raise
                    self._page.wait_for_timeout(_PAUSE_MS)
                else:
                    return

        return tried


@overload
def expect(actual: Page) -> PageAssertions: ...
@overload
def expect(actual: Locator) -> LocatorAssertions: ...
def expect(actual: Page | Locator) -> Any:
    """Assertions about a page or a locator; each waits up to ``TIMEOUT_MS`` to become true."""
    page = actual if isinstance(actual, Page) else actual.page
    return _Patient(page, expect_strictly(actual))
