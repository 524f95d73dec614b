"""What follows the first picture in a browser leaves the picture where it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e import explore
from tests.e2e.conftest import TIMEOUT_MS, Server

pytestmark = pytest.mark.e2e
Visit = Callable[[str], Page]
# The page asks once and is never heard again, so the rest of it does not come.
_MUTE = """
const send = WebSocket.prototype.send;
let sent = 0;
WebSocket.prototype.send = function (data) { if (sent++ < 1) send.call(this, data); };
"""


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1920, 1080)])
def test_the_picture_stays_where_it_is(
    browser: Browser, small: Server, visit: Visit, width: int, height: int
) -> None:
    address = f"{small.url}/explore?case=PH-0005&curves=none"
    explore.finished(visit(address))  # known from here on
    expect.set_options(timeout=TIMEOUT_MS)
    context = browser.new_context(viewport={"width": width, "height": height})
    alone = context.new_page()
    alone.add_init_script(_MUTE)
    alone.goto(address)
    expect(explore.picture(alone)).to_be_visible()
    at_first = explore.picture(alone).bounding_box()
    expect(alone.get_by_text("The model says")).to_have_count(0)
    alone.close()

    whole = context.new_page()
    whole.goto(address)
    explore.finished(whole)
    expect(whole.get_by_text("The model says")).to_be_visible()
    assert explore.picture(whole).bounding_box() == at_first
    context.close()
