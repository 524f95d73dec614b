"""Fixtures: the command line with its own cache folder, and small inputs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from tests.cases.builders import encode, make_release, noise
from xai_core.cli import app

ROOT = Path(__file__).resolve().parents[2]
Run = Callable[..., Result]


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Environment variables with a cache folder for this test alone."""
    own = {"XAI_STORE": str(tmp_path / "store"), "XAI_DEVICE": "cpu", "OMP_NUM_THREADS": "1"}
    own["XAI_PRECOMPUTED"] = str(tmp_path / "no precomputed results")
    own["XAI_ENGINE"] = "torch"  # the engines have tests of their own
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    return {**os.environ, **own}


@pytest.fixture
def run(environment: dict[str, str]) -> Run:
    """Runs the command line in this process."""

    def invoke(*words: object) -> Result:
        result = CliRunner().invoke(app, [str(word) for word in words])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


@pytest.fixture
def program(environment: dict[str, str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs ``python -m xai_core`` as users do."""

    def invoke(*words: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "xai_core", *map(str, words)]
        return subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
        )

    return invoke


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A small grey PNG."""
    path = tmp_path / "in" / "breast.png"
    path.parent.mkdir()
    path.write_bytes(encode(noise(120, 90)))
    return path


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A small CDD-CESM release: four low-energy images of two patients."""
    return make_release(tmp_path / "release")
