"""The steps of the container's recipe, carried out without a container: what is copied serves a
page, and nothing but the store and the temporary folder is written."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.e2e import explore
from tests.e2e.conftest import ROOT, free_port

Visit = Callable[[str], Page]
pytestmark = pytest.mark.e2e
STEPS = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text(encoding="utf-8")).splitlines()


def step(keyword: str) -> str:
    """What follows a keyword of the recipe that stands there once."""
    (found,) = (line.removeprefix(f"{keyword} ") for line in STEPS if line.startswith(keyword))
    return found


def command(words: str, port: int) -> list[str]:
    """A command of the recipe, with this Python and a free port."""
    parts: list[str] = json.loads(words.removeprefix("CMD").strip())
    parts = [part.replace(":8501", f":{port}") for part in parts]
    return [sys.executable if part == "python" else part for part in parts]


def contents(folder: Path) -> dict[str, tuple[int, int]]:
    """Size and time of every file of a folder."""
    found = ((path, path.stat()) for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): (s.st_size, s.st_mtime_ns) for path, s in found}


def copied(folder: Path) -> None:
    """Copy what the recipe's COPY steps copy; without the compiled files of this machine."""
    for line in STEPS:
        if not line.startswith("COPY "):
            continue
        *sources, target = shlex.split(line)[1:]
        for name in sources:
            place = folder / target
            if (ROOT / name).is_dir():
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(ROOT / name, place, ignore=ignored, dirs_exist_ok=True)
            else:
                place.mkdir(exist_ok=True)
                shutil.copy(ROOT / name, place)


def test_the_recipe_s_files_and_commands_serve_a_page(tmp_path: Path, visit: Visit) -> None:
    app, home, port = tmp_path / "app", tmp_path / "tmp", free_port()
    app.mkdir()
    home.mkdir()
    copied(app)
    before = contents(app)
    settings = dict(pair.split("=", 1) for pair in shlex.split(step("ENV")))
    settings |= {"XAI_STORE": str(tmp_path / "cache"), "HOME": str(home), "TMPDIR": str(home)}
    settings |= {"PATH": os.environ["PATH"], "OMP_NUM_THREADS": "1"}
    health = command(re.split(r"\bCMD\b", step("HEALTHCHECK"))[1], port)
    log = tmp_path / "log.txt"
    serve = [*command(step("CMD"), port), "--server.port", str(port)]
    with log.open("wb") as out:
        server = subprocess.Popen(serve, cwd=app, env=settings, stdout=out, stderr=out)
    try:
        while subprocess.run(health, capture_output=True, check=False).returncode:
            with suppress(subprocess.TimeoutExpired):
                server.wait(0.3)
            assert server.poll() is None, log.read_text()
        page = visit(f"http://127.0.0.1:{port}/explore?method=grad-cam&curves=none")
        explore.wait_until_done(page)
    finally:
        server.terminate()
        server.wait()
    assert contents(app) == before
