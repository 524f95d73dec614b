"""The running server: hosts, origins and headers, and that a browser keeps to its policy."""

from __future__ import annotations

import http.client
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from tests.e2e import explore
from tests.e2e.conftest import Server
from xai_core.ui import serving

pytestmark = pytest.mark.e2e
_UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Protocol": "streamlit",
}


def answer(server: Server, path: str, method: str = "GET", **headers: str) -> tuple[int, dict]:  # type: ignore[type-arg]
    """The status and the headers, by lower-case name."""
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)
    try:
        connection.request(method, path, headers=headers)
        found = connection.getresponse()
        return found.status, {name.lower(): value for name, value in found.getheaders()}
    finally:
        connection.close()


@pytest.mark.parametrize("path", ["/", "/explore", "/_stcore/health", "/_stcore/host-config"])
def test_a_name_that_points_here_is_refused(small: Server, path: str) -> None:
    assert answer(small, path)[0] == 200
    status, headers = answer(small, path, Host="rebound.example")
    assert status == 421
    assert headers.items() >= serving.headers().items()


@pytest.mark.parametrize(
    ("host", "origin", "opened"),
    [("", "", True), ("", "own", True), ("rebound.example", "http://rebound.example", False),
     ("", "http://evil.example", False), ("", "null", False)],
)  # fmt: skip
def test_a_session_opens_for_its_own_page_alone(
    small: Server, host: str, origin: str, opened: bool
) -> None:
    headers = dict(_UPGRADE)
    if host:
        headers["Host"] = host
    if origin:
        headers["Origin"] = small.url if origin == "own" else origin
    status, _ = answer(small, "/_stcore/stream", **headers)
    assert (status == 101) is opened
    assert opened or status == 403


@pytest.mark.parametrize(
    ("path", "status"),
    [("/", 200), ("/_stcore/health", 200), ("/_stcore/metrics", 404), ("/media/none.png", 404),
     ("//evil.example/%2e%2e", 400)],
)  # fmt: skip
def test_every_answer_has_the_headers(small: Server, path: str, status: int) -> None:
    found, headers = answer(small, path)
    assert headers.items() >= serving.headers().items()
    assert found == status


def test_a_page_is_not_shown_in_a_frame_of_another(
    small: Server, visit: Callable[[str], Page]
) -> None:
    page = visit(f"{small.url}/_stcore/health")
    page.set_content(f'<iframe src="{small.url}/about"></iframe>')
    frame = page.frames[-1]
    frame.wait_for_load_state()
    assert frame.get_by_text(explore.NOTICE).count() == 0
