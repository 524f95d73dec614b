"""A browser session without a browser: a websocket that asks for a page and reads its frames.

Run as a program, it starts a dashboard, draws the Explore page of a case, and then explains the
case with the command line:

    python -m tests.e2e.session_client FOLDER WEIGHTS
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

from tests.cases.builders import make_library
from tests.e2e.conftest import ROOT, dashboard

_EXPLAINED = re.compile(rb"The mammogram (\S+) with the heatmap over it")
_DRAWN = re.compile(rb"The mammogram (\S+) (?:as it is|with the heatmap|; no heatmap)")
WAIT_SECONDS = 240.0
Result = TypeVar("Result")


def open_session(url: str) -> connect:
    """The websocket of a new browser session at a dashboard's address."""
    return connect(
        f"{url.replace('http', 'ws', 1)}/_stcore/stream", subprotocols=["streamlit"],  # type: ignore[list-item]
        origin=url, max_size=None, proxy=None,
    )  # fmt: skip


async def explained(session: ClientConnection, case_id: str) -> set[str]:
    """Ask for the Explore page of a case until its map is there; the cases in its viewer."""
    message = BackMsg()
    message.rerun_script.page_name = "explore"
    message.rerun_script.query_string = urlencode(
        {"case": case_id, "method": "grad-cam", "curves": "none"}
    )
    drawn: set[str] = set()
    done = False
    async with asyncio.timeout(WAIT_SECONDS):
        await session.send(message.SerializeToString())
        async for frame in session:
            data = frame if isinstance(frame, bytes) else frame.encode()
            drawn |= {found.decode() for found in _DRAWN.findall(data)}
            done |= bool(_EXPLAINED.search(data))
            answer = ForwardMsg.FromString(data)
            if answer.WhichOneof("type") != "script_finished":
                continue
            if done:
                return drawn
            await asyncio.sleep(0.2)
            await session.send(message.SerializeToString())
    raise AssertionError(f"the session of {case_id} was closed")


def in_own_loop(begin: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
    """The result of ``begin()``, in a thread of its own: Playwright's loop may run in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(begin())).result()


async def _draw(url: str) -> None:
    async with open_session(url) as session:
        assert await explained(session, "PH-0001") == {"PH-0001"}


def main(folder: Path, weights: Path) -> None:
    """See the head of this file."""
    cases = make_library(folder / "library")
    with dashboard(folder, str(cases), weights) as server:
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        assert b"<script" in direct.open(f"{server.url}/explore").read()
        asyncio.run(_draw(server.url))
        assert not server.complaints()
    words = (
        "library:PH-0001",
        "--weights",
        str(weights),
        "--method",
        "grad-cam",
        "--curves",
        "none",
    )
    subprocess.run(
        [sys.executable, "-m", "xai_core", "explain", *words, "--out", str(folder / "out")],
        cwd=ROOT, check=True,
    )  # fmt: skip
    print("drawn and explained")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
