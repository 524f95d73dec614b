"""A real dashboard on a free port and a real browser in front of it.

Most tests run on the built-in library with a small random network, so that what they check does not
wait for a large one; a few run on the built-in weights.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from tests.conftest import SAMPLE
from xai_core.settings import DEFAULT_WEIGHTS

ROOT = Path(__file__).resolve().parents[2]
# A slow machine shares two cores between the browser, the server and the network.
TIMEOUT_MS = 240_000
_ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


_CLOSED_TAB = re.compile(
    r"Exception in ASGI application(?:(?!Exception in ASGI application).)*?"
    r"WebSocketDisconnected: Cannot call[^\n]*\n",
    re.DOTALL,
)


@dataclass(frozen=True)
class Server:
    """A dashboard: where it listens, what it has printed, its process."""

    url: str
    log: Path
    pid: int = 0

    def complaints(self) -> str:
        """What went wrong inside, as far as it was logged: pages hide it on purpose."""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        # A tab that is closed while the server writes to it: the web server's own noise.
        told = _CLOSED_TAB.sub("", text)
        return text if "Traceback" in told or "Error" in told else ""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def dashboard(
    folder: Path, cases: str, weights: Path, port: int | None = None, engine: str = "torch",
    ready: Path | None = None, script: str = "app.py",
) -> Iterator[Server]:  # fmt: skip
    """A running dashboard with a store of its own; ended afterwards.

    ``engine``: "torch" is the reference; what is tested here is the dashboard.  ``ready``: a folder
    of precomputed results; without one all that is asked for is computed.
    ``script``: what Streamlit runs, from the project's folder.
    """
    port = port or _free_port()
    environment = {
        **os.environ,
        "XAI_CASES": os.environ.get("E2E_CASES") or cases,
        "XAI_WEIGHTS": str(weights),
        "XAI_STORE": str(folder / "store"),
        "XAI_READY": str(ready or folder / "ready"),
        "XAI_DEVICE": "cpu",
        "XAI_ENGINE": engine,
    }
    command = [
        sys.executable, "-m", "streamlit", "run", script, "--server.port", str(port),
        "--server.headless", "true",
    ]  # fmt: skip
    log = folder / "log.txt"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=out, stderr=subprocess.STDOUT
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_healthy(process, url, log)
            yield Server(url, log, process.pid)
        finally:
            process.terminate()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_healthy(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    end = time.monotonic() + 90
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.3)
    pytest.fail(f"the dashboard did not start:\n{log.read_text(errors='replace')}")


def chromium(play: Playwright) -> Browser:
    """Chromium as it is installed here, without a window."""
    return play.chromium.launch(**how_started())


def how_started() -> dict[str, Any]:
    """What Playwright is to be told about Chromium."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    return {"executable_path": path, "args": list(_ARGUMENTS)}


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory, tiny_weights: Path) -> Iterator[Server]:
    """The built-in library with the small random network."""
    with dashboard(tmp_path_factory.mktemp("small"), "library", tiny_weights) as server:
        yield server
        assert not server.complaints()


@pytest.fixture(scope="session")
def built_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The dashboard as it comes: built-in library, built-in weights."""
    weights = Path(os.environ.get("XAI_WEIGHTS") or DEFAULT_WEIGHTS)
    with dashboard(tmp_path_factory.mktemp("built-in"), "library", weights) as server:
        yield server
        assert not server.complaints()


@pytest.fixture(scope="session")
def sample(
    tmp_path_factory: pytest.TempPathFactory, sample_folder: Path, tiny_weights: Path
) -> Iterator[Server]:
    """The real CDD-CESM sample with the small random network."""
    assert sample_folder == SAMPLE
    with dashboard(tmp_path_factory.mktemp("sample"), str(SAMPLE), tiny_weights) as server:
        yield server
        assert not server.complaints()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[[str], Page]]:
    """Opens an address in a browser session of its own, cold."""
    contexts = []
    expect.set_options(timeout=TIMEOUT_MS)

    def open_cold(url: str) -> Page:
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.set_default_timeout(TIMEOUT_MS)
        contexts.append(context)
        page = context.new_page()
        page.goto(url)
        return page

    yield open_cold
    for context in contexts:
        for page in context.pages:
            assert page.get_by_test_id("stException").count() == 0
            # Where Streamlit's browser part tells what it could not make sense of; a server that a
            # test has ended itself does not respond.
            told = page.get_by_test_id("stDialog").all_inner_texts()
            assert [text for text in told if "not responding" not in text] == []
        context.close()
