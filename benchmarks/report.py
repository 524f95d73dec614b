"""``results.md``: a section for each benchmark, with the machine and the run that gave it.

A run of one benchmark replaces its section and leaves the others as they are, so that the file can
be made in several sittings, and each table says where it comes from.
"""

from __future__ import annotations

import contextlib
import datetime
import importlib.metadata
import os
import platform
import re
from collections.abc import Sequence
from pathlib import Path

import torch

from benchmarks.bench import Bench
from xai_core.files import write_text

PREFACE = """# Benchmarks

Written by `python -m benchmarks`. In each section the peers run in the same process, on the same
network in float32, with the same batch size (a loop as RISE's: one image at a time). Ours runs
before and after each peer, and the mean of the two counts. Times are wall seconds (processor
seconds of all threads); a ratio above 1 means that the peer took longer.
"""
_VERSIONS = ("torch", "timm", "numpy", "openvino", "grad-cam", "torchcam")


def section(bench: Bench, name: str, command: str, load: float, table: Sequence[str]) -> str:
    """One benchmark's part of the file.  ``load``: the load average when it began."""
    spec = bench.classifier.spec
    versions = ", ".join(f"{package} {_version(package)}" for package in _VERSIONS)
    return "\n".join(
        (
            f"## {name}",
            "",
            f"- `{command}`, {datetime.datetime.now(datetime.UTC):%Y-%m-%d}; load average (1 is "
            f"one busy core) {load:.1f} when it began, {os.getloadavg()[0]:.1f} when it ended",
            f"- {_machine(bench)}; {platform.system()}, Python {platform.python_version()}; "
            f"{versions}",
            f"- {bench.classifier.engine.status.sentence} Ready after {bench.start} s. "
            f"{spec.timm_name} at {spec.input_size} px, weights {spec.sha256[:12]}, "
            f"{bench.classifier.chunk} images per pass; first case {bench.case.id}",
            "",
            *table,
        )
    )


def replace(path: Path, name: str, text: str, order: Sequence[str]) -> None:
    """Put a section into the file, in its place of ``order``; the file is made where there is none.

    A section of an unknown name is dropped: it belongs to a benchmark that there is no more.
    """
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    parts = {
        part.split("\n", 1)[0]: f"## {part.strip()}"
        for part in re.split("^## ", old, flags=re.MULTILINE)
    }
    parts[name] = text
    kept = [parts[known] for known in order if known in parts]
    write_text(path, "\n\n".join((PREFACE.strip(), *kept)) + "\n")


def _machine(bench: Bench) -> str:
    device = bench.classifier.device
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    threads = torch.get_num_threads()
    capability = torch.backends.cpu.get_cpu_capability()
    return f"{_processor()}, {os.cpu_count()} logical cores, {threads} threads, {capability}"


def _processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
