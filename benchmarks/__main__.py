"""``python -m benchmarks``: every benchmark in one process, written to benchmarks/results.md."""

from __future__ import annotations

import argparse
import contextlib
import datetime
import importlib.metadata
import os
import platform
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import torch

from benchmarks import adaptive, curves, growth, latency, rate, score_cam
from benchmarks.bench import Bench, open_bench
from xai_core.errors import XaiError
from xai_core.settings import read_settings

_PARTS = ("rate", "score-cam", "curves", "adaptive", "latency", "growth")
_SIZES = ("channels", "points", "repeats", "pairs", "cases", "only")
_VERSIONS = ("torch", "timm", "numpy", "openvino", "grad-cam", "torchcam")


def main(words: list[str] | None = None) -> int:
    """Run, print as it goes, write; 2 and one sentence where a setting cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--channels", type=int, default=384, help="Score-CAM: the first N of 384")
    parser.add_argument("--points", type=int, default=576, help="curves: intervals, divides 576")
    parser.add_argument("--repeats", type=int, default=5, help="rate: rounds, the best counts")
    parser.add_argument("--pairs", type=int, default=12, help="adaptive: images times maps")
    parser.add_argument("--cases", type=int, default=100, help="growth: cases one after another")
    parser.add_argument("--only", choices=_PARTS, help="one of them")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results.md"))
    given = parser.parse_args(words)
    if not 1 <= given.channels <= 384 or given.points < 1 or 576 % given.points:
        parser.error("--channels is 1 to 384, --points divides 576")
    if min(given.repeats, given.pairs, given.cases) < 1:
        parser.error("--repeats, --pairs and --cases are at least 1")
    try:
        bench = open_bench(read_settings())
    except XaiError as problem:
        sys.stderr.write(f"{problem}\n")
        return 2
    load = os.getloadavg()[0]
    parts = {
        "rate": lambda: _table(rate.HEAD, rate.rows(bench, given.repeats)),
        "score-cam": lambda: _table(score_cam.HEAD, score_cam.rows(bench, given.channels)),
        "curves": lambda: _table(curves.HEAD, curves.rows(bench, given.points)),
        "adaptive": lambda: _table(adaptive.HEAD, adaptive.rows(bench, given.pairs)),
        "latency": lambda: _table(latency.HEAD, latency.rows(bench, given.repeats)),
        "growth": lambda: _table(growth.HEAD, growth.rows(bench, given.cases)),
    }
    wanted = [given.only] if given.only else list(parts)
    tables = [parts[name]() for name in wanted]
    sizes = {name: getattr(given, name) for name in _SIZES}
    head = _head(bench, load, [f"--{k} {v}" for k, v in sizes.items() if v is not None])
    text = "\n\n".join((head, *tables)) + "\n"
    given.out.write_text(text, encoding="utf-8")
    sys.stdout.write(f"\nwritten: {given.out.name}\n")
    return 0


def _head(bench: Bench, load: float, given: list[str]) -> str:
    status = bench.classifier.engine.status
    versions = ", ".join(f"{name} {_version(name)}" for name in _VERSIONS)
    words = " ".join(["python -m benchmarks", *given])
    return "\n".join(
        (
            "# Benchmarks",
            "",
            f"Written by `{words}`. Peers run in the same process, on the same network in",
            "float32, with the same batch size (a loop as RISE's: one image at a time). Times are",
            "wall seconds (processor seconds of all threads); a ratio above 1 means that the peer",
            "took longer.",
            "",
            f"- Date: {datetime.datetime.now(datetime.UTC):%Y-%m-%d}",
            f"- Machine: {_processor()}, {os.cpu_count()} logical cores, "
            f"{torch.get_num_threads()} threads, {torch.backends.cpu.get_cpu_capability()}; "
            f"{platform.system()}, Python {platform.python_version()}",
            f"- Load average when it began, 1 is one busy core: {load:.1f}; when it ended: "
            f"{os.getloadavg()[0]:.1f}",
            f"- Versions: {versions}",
            f"- Engine: {status.sentence} Ready after {bench.start} s.",
            f"- Case: {bench.case.id}, {bench.classifier.spec.timm_name} at "
            f"{bench.classifier.spec.input_size} px, {bench.classifier.chunk} images per pass",
        )
    )


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


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    lines = []
    for line in _lines(head, rows):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
        lines.append(line)
    return "\n".join(lines)


def _lines(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(row) + " |"


if __name__ == "__main__":
    sys.exit(main())
