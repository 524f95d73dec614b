"""Input that comes faster than the server answers, while timers run."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, WebSocket
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.conftest import TINY_LAYERS
from tests.e2e import explore
from tests.e2e.conftest import Server
from tests.e2e.expecting import expect
from tests.e2e.level_cases import first_case
from xai_core.cases.sources.library import PhantomLibrary

pytestmark = pytest.mark.e2e
Visit = Callable[[str], Page]


def test_no_message_refers_to_an_earlier_one(browser: Browser, small: Server) -> None:
    """A reference to a message that the browser no longer holds ends the session, which happens
    occasionally: see ``minCachedMessageSize`` in .streamlit/config.toml."""
    messages: list[ForwardMsg] = []

    def record_messages(socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: messages.append(_parsed(frame)))

    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.on("websocket", record_messages)
    page.goto(f"{small.url}/?case=PH-0002&curves=none")
    explore.wait_until_done(page)
    explore.choose(page, "Stage 4 Block 2")
    explore.choose(page, "Stage 3 Block 6")
    explore.wait_until_done(page, "Grad-CAM, Stage 3 Block 6")
    page.close()

    # The image was sent more than once, so a reference would have been possible.
    assert sum(message.ByteSize() > 100_000 for message in messages) > 1
    assert not [message for message in messages if message.HasField("ref_hash")]
    assert not [message for message in messages if message.metadata.cacheable]


def _parsed(frame: bytes | str) -> ForwardMsg:
    return ForwardMsg.FromString(frame if isinstance(frame, bytes) else frame.encode())


def test_levels_switched_faster_than_they_are_scored_end_in_the_last_choice(
    small: Server, visit: Visit, tiny_weights: Path
) -> None:
    case_id = first_case(tiny_weights, merged=False, layer=TINY_LAYERS[0]).case_id
    page = visit(f"{small.url}/?case={case_id}&method=hybrid-cam")
    explore.wait_until_done(page)
    for _ in range(3):
        for percent in ("90", "70", "50", "35", "20"):
            explore.level(page, percent).click()
    for percent in ("90", "70", "50", "35", "20"):
        expect(explore.level(page, percent)).to_have_attribute("aria-pressed", "false")
    expect(page).to_have_url(re.compile(r"levels=1(%2C|,)2(%2C|,)3(%2C|,)5(%2C|,)10\b"))
    expect(explore.progress(page)).to_contain_text("Done in")


def test_six_presses_of_n_at_120_ms_move_six_cases(small: Server, visit: Visit) -> None:
    records = PhantomLibrary().records()
    page = visit(f"{small.url}/explore?case={records[0].id}&curves=none")
    explore.wait_until_done(page)
    expect(page.get_by_role("button", name=re.compile("^Next"))).to_be_enabled()
    page.keyboard.type("nnnnnn", delay=120)
    expect(page).to_have_url(re.compile(rf"case={records[6].id}\b"))
    expect(explore.tile(page, records[6].id)).to_be_checked()
    explore.wait_until_done(page)
    expect(explore.original(page, records[6].id)).to_be_visible()
    page.keyboard.type("pppp", delay=120)
    expect(page).to_have_url(re.compile(rf"case={records[2].id}\b"))
    expect(explore.tile(page, records[2].id)).to_be_checked()


def test_outcomes_clicked_faster_than_the_list_is_drawn_are_all_chosen(
    small: Server, visit: Visit
) -> None:
    page = visit(f"{small.url}/explore?curves=none")
    explore.wait_until_done(page)
    for outcome in ("TP", "FN", "FP", "TN", "FN"):
        explore.outcome_cell(page, outcome).click()
    expect(page).to_have_url(re.compile(r"outcome=FP(%2C|,)TN(%2C|,)TP\b"))
    expect(explore.outcome_cell(page, "FN")).to_have_attribute("aria-pressed", "false")
    for outcome in ("FP", "TN", "TP"):
        expect(explore.outcome_cell(page, outcome)).to_have_attribute("aria-pressed", "true")
