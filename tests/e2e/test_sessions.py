"""Many sessions at once: each gets its own case, and when all are closed none counts as open."""

from __future__ import annotations

import asyncio
import http.client
import urllib.request
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import WebSocketException

from tests.cases.builders import make_library
from tests.e2e.conftest import Server, dashboard
from tests.e2e.session_client import explained, in_own_loop, open_session
from xai_core.ui.your_image.page import UPLOAD_MB

pytestmark = pytest.mark.e2e
SESSIONS = 20


async def _all_at_once(url: str, ask: bool) -> list[set[str]]:
    """Open as many sessions as the server allows, and see that it refuses one more; the cases that
    each session's viewer was given, where ``ask``."""
    async with AsyncExitStack() as stack:
        sessions = [await stack.enter_async_context(open_session(url)) for _ in range(SESSIONS)]
        with pytest.raises(WebSocketException):
            async with open_session(url):
                pass
        if not ask:
            return []
        asked = (explained(session, case) for session, case in zip(sessions, CASES, strict=True))
        return await asyncio.gather(*asked)


CASES = [f"PH-{number:04d}" for number in range(1, SESSIONS + 1)]


async def _upload(server: Server, sizes: list[int]) -> list[int]:
    """The answers to uploads of files of these sizes, in a session of their own."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    cookie = direct.open(f"{server.url}/_stcore/health").headers["set-cookie"].partition(";")[0]
    headers = {"Cookie": cookie, "X-Xsrftoken": cookie.partition("=")[2]}
    answers = []
    async with open_session(server.url) as session:
        ask = BackMsg()
        ask.rerun_script.page_name = "your_image"
        await session.send(ask.SerializeToString())
        found = ""
        while not found:
            told = ForwardMsg.FromString(await session.recv())  # type: ignore[arg-type]
            found = told.new_session.initialize.session_id
        for size in sizes:
            boundary = "limit"
            frame = (
                f'--{boundary}\r\nContent-Disposition: form-data; name="a"; filename="a.png"\r\n'
                "Content-Type: application/octet-stream\r\n\r\n"
            )
            body = frame.encode() + bytes(size) + f"\r\n--{boundary}--\r\n".encode()
            kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
            place = f"/_stcore/upload_file/{found}/{size}"
            answers.append(await asyncio.to_thread(_put, server, place, body, headers | kind))
    return answers


def _put(server: Server, place: str, body: bytes, headers: dict[str, str]) -> int:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=240)
    try:
        connection.request("PUT", place, body, headers)
        return connection.getresponse().status
    except BrokenPipeError:  # refused before all of it was sent
        return 413
    finally:
        connection.close()


def test_a_file_of_the_size_that_the_drop_zone_names_is_taken(small: Server) -> None:
    limit = UPLOAD_MB * 2**20
    sizes = [limit, limit + 2 * 2**20]
    assert in_own_loop(lambda: _upload(small, sizes)) == [204, 413]


async def _both(url: str) -> list[set[str]]:
    found = await _all_at_once(url, ask=True)
    # The server counts a session until it has read its end, so the last may not be through yet.
    for _ in range(600):
        try:
            async with AsyncExitStack() as stack:
                for _ in range(SESSIONS):
                    await stack.enter_async_context(open_session(url))
            break
        except WebSocketException:
            await asyncio.sleep(0.2)
    else:
        pytest.fail("closed sessions count as open")
    return found


def test_each_of_twenty_sessions_gets_its_own_case_and_none_stays_open(
    tmp_path: Path, tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit is as many: all can be open again only when all were closed."""
    monkeypatch.setenv("XAI_SESSIONS", str(SESSIONS))
    library = make_library(tmp_path / "library", SESSIONS)
    with dashboard(tmp_path, str(library), tiny_weights) as server:
        found = in_own_loop(lambda: _both(server.url))
        assert found == [{case} for case in CASES]
        assert not server.complaints()
