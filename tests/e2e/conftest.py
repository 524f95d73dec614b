"""Fixtures: a dashboard on a free port and a browser that opens its pages.

Most tests use the built-in library with a small random network, which is fast; a few use the
built-in weights.
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
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright

from tests.conftest import SAMPLE
from tests.e2e.expecting import TIMEOUT_MS
from xai_core.settings import DEFAULT_WEIGHTS

ROOT = Path(__file__).resolve().parents[2]
_ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--force-prefers-reduced-motion",
)  # fmt: skip


# What the page's Content-Security-Policy kept it from doing; read at the end of every test.
_VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.violations.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}`));
"""
_CLOSED_TAB = re.compile(
    r"Exception in ASGI application(?:(?!Exception in ASGI application).)*?"
    r"WebSocketDisconnected: Cannot call[^\n]*\n",
    re.DOTALL,
)


@dataclass(frozen=True)
class Server:
    """A running dashboard: its address, its log file, its process id."""

    url: str
    log: Path
    pid: int = 0

    def complaints(self) -> str:
        """The log if it holds an error, else empty; pages hide errors on purpose."""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        # The web server logs an exception when a tab is closed while it writes to it.
        relevant = _CLOSED_TAB.sub("", text)
        return text if "Traceback" in relevant or "Error" in relevant else ""


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def dashboard(
    folder: Path, cases: str, weights: Path, port: int | None = None, engine: str = "torch",
    precomputed: Path | None = None, script: str = "app.py",
) -> Iterator[Server]:  # fmt: skip
    """Start a dashboard with its own disk store; end it afterwards.

    Args:
        folder: for the log and the disk store.
        cases, weights: settings of the dashboard.
        port: None takes a free one.
        engine: "torch" is the reference; these tests are not about the engines.
        precomputed: a folder of precomputed results; None computes everything.
        script: what Streamlit runs, relative to the project's root.
    """
    port = port or free_port()
    environment = {
        **os.environ,
        "XAI_CASES": os.environ.get("E2E_CASES") or cases,
        "XAI_WEIGHTS": str(weights),
        "XAI_STORE": str(folder / "store"),
        "XAI_PRECOMPUTED": str(precomputed or folder / "no precomputed results"),
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
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.3)  # it may end instead
    pytest.fail(f"the dashboard did not start:\n{log.read_text(errors='replace')}")


def chromium(play: Playwright) -> Browser:
    """The installed Chromium, headless."""
    return play.chromium.launch(**launch_options())


def launch_options() -> dict[str, Any]:
    """Playwright's options for starting Chromium."""
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
    """A dashboard with the built-in library and the built-in weights."""
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


@pytest.fixture(scope="session")
def pages(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """A browser that keeps compiled scripts between pages: each opens a second sooner."""
    with browser.browser_type.launch_persistent_context(
        tmp_path_factory.mktemp("profile"),
        **launch_options(),
        viewport={"width": 1440, "height": 900},
    ) as context:
        context.set_default_timeout(TIMEOUT_MS)
        context.add_init_script(_VIOLATIONS)
        yield context


@pytest.fixture
def visit(pages: BrowserContext) -> Iterator[Callable[[str], Page]]:
    """Opens an address as a new browser session: every page is one to the server.

    Cookies and the browser's stores are those of the pages before it.
    """
    opened: list[Page] = []

    def open_page(url: str) -> Page:
        page = pages.new_page()
        opened.append(page)
        page.goto(url)
        return page

    yield open_page
    opened = [page for page in opened if not page.is_closed()]
    try:
        for page in opened:
            assert page.get_by_test_id("stException").count() == 0
            assert page.evaluate("window.violations ?? []") == []
            # Streamlit's frontend reports its own errors in a dialog.  "Not responding" is allowed:
            # some tests end the server themselves.
            dialogs = page.get_by_test_id("stDialog").all_inner_texts()
            assert [text for text in dialogs if "not responding" not in text] == []
    finally:
        for page in opened:
            page.close()
        pages.clear_cookies()
