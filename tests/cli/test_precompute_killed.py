"""A killed ``precompute``: finished scores stay, and partly written files are not read."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from safetensors.numpy import load

from tests.cases.builders import make_release
from xai_core.scoring.cache_file import cache_files_in

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_a_killed_run_loses_at_most_its_current_case(tmp_path: Path, tiny_weights: Path) -> None:
    release, out = make_release(tmp_path / "release"), tmp_path / "ready"
    words = [
        sys.executable, "-m", "xai_core", "precompute", str(release), "--methods", "grad-cam",
        "--layers", "stages.3.blocks.1", "--weights", str(tiny_weights), "--out", str(out),
    ]  # fmt: skip
    settings = {**os.environ, "XAI_STORE": str(tmp_path / "store"), "XAI_ENGINE": "torch"}
    worker = subprocess.Popen(
        words, cwd=ROOT, env=settings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    end = time.monotonic() + 240
    while not list(cache_files_in(out)) and worker.poll() is None and time.monotonic() < end:
        time.sleep(0.02)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    kept = {path.name: path.read_bytes() for path in cache_files_in(out)}
    assert kept
    for logit_cache in kept.values():
        assert load(logit_cache)["logits"].size, "a cache is whole or not there"
    again = subprocess.run(
        words, cwd=ROOT, env=settings, capture_output=True, text=True, timeout=300, check=False
    )
    assert again.returncode == 0, again.stderr
    assert "4 of 4 cases" in again.stdout
    assert kept.keys() <= {path.name for path in cache_files_in(out)}
    assert not list(out.rglob("*.part"))
