"""The deferred parts of a page do not move the first picture."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e import explore
from tests.e2e.conftest import Server
from tests.e2e.expecting import expect

pytestmark = pytest.mark.e2e
Visit = Callable[[str], Page]
# The browser sends one message and drops all later ones, so the deferred parts never come.
_MUTE = """
const send = WebSocket.prototype.send;
let sent = 0;
WebSocket.prototype.send = function (data) { if (sent++ < 1) send.call(this, data); };
"""


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1920, 1080)])
def test_the_picture_stays_in_place_when_the_rest_is_drawn(
    browser: Browser, small: Server, visit: Visit, width: int, height: int
) -> None:
    address = f"{small.url}/explore?case=PH-0005&curves=none"
    explore.wait_until_done(visit(address))  # the service knows the answer from here on
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
    explore.wait_until_done(whole)
    expect(whole.get_by_text("The model says")).to_be_visible()
    assert explore.picture(whole).bounding_box() == at_first
    context.close()
