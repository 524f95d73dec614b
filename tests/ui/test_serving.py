"""The guard in front of every answer: hosts, origins, closed parts, the number of sessions."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from xai_core.ui import serving
from xai_core.ui.serving import Guard

ROOT = Path(__file__).resolve().parents[2]

Answer = list[Message]


async def _served(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await PlainTextResponse("served", headers={"Referrer-Policy": "unsafe-url"})(
            scope, receive, send
        )
    else:
        await send({"type": "websocket.accept"})


def ask(guard: Any, kind: str = "http", path: str = "/", method: str = "GET", **headers: str) -> (
    Answer
):  # fmt: skip
    """The messages that ``guard`` sends for one connection; ``host=None`` sends none."""
    headers = {"host": "localhost:8501", **headers}
    scope = {
        "type": kind,
        "path": path,
        "method": method,
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    sent: Answer = []

    async def receive() -> Message:
        return {"type": "websocket.connect" if kind == "websocket" else "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(guard(scope, receive, send))
    return sent


def status(answer: Answer) -> int:
    return int(answer[0]["status"])


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8501", "LOCALHOST", "127.0.0.1:80", "[::1]:8501", "localhost."]
)
def test_this_machine_s_names_are_served(host: str) -> None:
    assert status(ask(Guard(_served), host=host)) == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "evil@localhost",
     "localhost/evil", "localhost:port", "", "[::1", "localhost?x"],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_other_hosts_are_refused_with_a_sentence(host: str, kind: str) -> None:
    answer = ask(Guard(_served), kind, host=host)
    if kind == "websocket":
        assert [message["type"] for message in answer] == ["websocket.close"]
    else:
        assert status(answer) == 421
        assert b"XAI_HOSTS" in answer[1]["body"]


def test_two_host_headers_are_refused() -> None:
    async def doubled(scope: Scope, receive: Receive, send: Send) -> None:
        twice = [*scope["headers"], (b"host", b"localhost")]
        await Guard(_served)({**scope, "headers": twice}, receive, send)

    assert status(ask(doubled)) == 421


@pytest.mark.parametrize(
    ("host", "served"),
    [("cesm.example.org", True), ("a.teaching.example.org:443", True),
     ("teaching.example.org", False), ("xteaching.example.org", False), ("example.org", False)],
)  # fmt: skip
def test_a_setting_adds_hosts(host: str, served: bool) -> None:
    guard = Guard(_served, ("cesm.example.org", "*.teaching.example.org"))
    assert (status(ask(guard, host=host)) == 200) is served


@pytest.mark.parametrize(
    ("origin", "served"),
    [("http://localhost:8501", True), ("https://localhost:8501", True),
     ("http://localhost:3000", False), ("http://evil.example", False), ("null", False),
     ("http://localhost:8501.evil.example", False), ("file://localhost:8501", False),
     ("http://[", False)],
)  # fmt: skip
@pytest.mark.parametrize(("kind", "method"), [("websocket", "GET"), ("http", "PUT")])
def test_pages_of_another_origin_open_no_session_and_send_no_file(
    origin: str, served: bool, kind: str, method: str
) -> None:
    answer = ask(Guard(_served), kind, method=method, origin=origin)
    if kind == "websocket":
        assert answer[0]["type"] == ("websocket.accept" if served else "websocket.close")
    else:
        assert status(answer) == (200 if served else 403)


def test_behind_a_proxy_the_public_name_is_an_origin() -> None:
    guard = Guard(_served, ("cesm.example.org",))
    answer = ask(guard, "websocket", host="127.0.0.1:8501", origin="https://cesm.example.org")
    assert answer[0]["type"] == "websocket.accept"


@pytest.mark.parametrize(
    "path", ["/_stcore/metrics", "/below/_stcore/metrics", "/_stcore/agent/openapi.json",
             "/_stcore/script-health-check"],
)  # fmt: skip
def test_figures_and_remote_control_are_closed(path: str) -> None:
    assert status(ask(Guard(_served), path=path)) == 404


@pytest.mark.parametrize(
    "answer",
    [ask(Guard(_served)), ask(Guard(_served), host="evil.example"),
     ask(Guard(_served), path="/_stcore/metrics")],
    ids=["served", "refused", "closed"],
)  # fmt: skip
def test_every_answer_has_the_headers(answer: Answer) -> None:
    found = [(name.decode().lower(), value.decode()) for name, value in answer[0]["headers"]]
    assert dict(found).items() >= serving.headers().items()
    assert len(found) == len(dict(found)), "a header stands twice"
    policy = dict(found)["content-security-policy"]
    assert "http" not in policy, "a remote origin"
    assert "'unsafe-eval'" not in policy
    assert "frame-ancestors 'none'" in policy
    assert dict(found)["referrer-policy"] == "no-referrer"


def test_more_sessions_than_the_limit_are_refused_until_one_ends() -> None:
    entered, leave = asyncio.Event(), asyncio.Event()

    async def stays(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        entered.set()
        await leave.wait()

    async def both() -> tuple[list[str], list[str]]:
        guard = Guard(stays, sessions=1)
        scope = {"type": "websocket", "path": "/", "headers": [(b"host", b"localhost")]}

        async def receive() -> Message:
            return {"type": "websocket.connect"}

        def into(sent: list[str]) -> Send:
            async def send(message: Message) -> None:
                sent.append(message["type"])

            return send

        first: list[str] = []
        second: list[str] = []
        third: list[str] = []
        running = asyncio.create_task(guard(scope, receive, into(first)))
        await entered.wait()
        await guard(scope, receive, into(second))
        leave.set()
        await running
        await guard(scope, receive, into(third))
        assert first == third
        return first, second

    first, second = asyncio.run(both())
    assert first == ["websocket.accept"]
    assert second == ["websocket.close"]


def test_an_error_of_the_server_tells_no_detail() -> None:
    answer = asyncio.run(serving.answer_error(None, ValueError("secret")))  # type: ignore[arg-type]
    assert answer.status_code == 500
    assert b"secret" not in answer.body
    assert answer.headers["content-security-policy"]


def test_a_wrong_setting_ends_the_start_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XAI_HOSTS", "https://cesm.example.org")
    with pytest.raises(SystemExit, match="give host names without port"):
        serving.middleware()


def test_what_runs_before_the_first_message_does_not_import_the_model_s_libraries() -> None:
    """A cold server says that it starts before it imports them, which takes seconds."""
    code = (
        "import sys, streamlit; from xai_core.ui import pages, serving; "
        "sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
