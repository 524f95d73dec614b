"""``python -m benchmarks``: every benchmark in one process, written to benchmarks/results.md."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from benchmarks import ablation, adaptive, curves, growth, latency, phantom, rate, report, score_cam
from benchmarks.bench import Bench, open_bench
from xai_core.errors import XaiError
from xai_core.settings import read_settings

# The size that each takes, besides its head and its rows.
_PARTS: dict[
    str, tuple[str, tuple[str, ...], Callable[[Bench, int], Iterator[tuple[str, ...]]]]
] = {
    "rate": ("repeats", rate.HEAD, rate.rows),
    "score-cam": ("channels", score_cam.HEAD, score_cam.rows),
    "curves": ("points", curves.HEAD, curves.rows),
    "adaptive": ("pairs", adaptive.HEAD, adaptive.rows),
    "latency": ("repeats", latency.HEAD, latency.rows),
    "ablation": ("ablations", ablation.HEAD, ablation.rows),
    "growth": ("cases", growth.HEAD, growth.rows),
    "phantom": ("repeats", phantom.HEAD, phantom.rows),
}


def main(words: list[str] | None = None) -> int:
    """Run, print as it goes, write; 2 and one sentence where a setting cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--channels", type=int, default=384, help="Score-CAM: the first N of 384")
    parser.add_argument("--points", type=int, default=576, help="curves: intervals, divides 576")
    parser.add_argument(
        "--repeats", type=int, default=5, help="rate, latency, phantom: rounds, the median counts"
    )
    parser.add_argument("--pairs", type=int, default=12, help="adaptive: maps, four an image")
    parser.add_argument(
        "--ablations", type=int, default=32, help="ablation: channels, of 384; the ratio is theirs"
    )
    parser.add_argument("--cases", type=int, default=100, help="growth: cases one after another")
    parser.add_argument("--only", choices=_PARTS, help="one of them; the others' sections stay")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results.md"))
    given = parser.parse_args(words)
    if not 1 <= given.channels <= 384 or given.points < 1 or 576 % given.points:
        parser.error("--channels is 1 to 384, --points divides 576")
    if min(given.repeats, given.pairs, given.ablations, given.cases) < 1:
        parser.error("--repeats, --pairs, --ablations and --cases are at least 1")
    try:
        bench = open_bench(read_settings())
    except XaiError as problem:
        sys.stderr.write(f"{problem}\n")
        return 2
    for name in [given.only] if given.only else _PARTS:
        size, head, rows = _PARTS[name]
        amount = getattr(given, size)
        load = os.getloadavg()[0]
        table = _table(head, rows(bench, amount))
        command = f"python -m benchmarks --only {name} --{size} {amount}"
        text = report.section(bench, name, command, load, table)
        report.replace(given.out, name, text, tuple(_PARTS))
    sys.stdout.write(f"\nwritten: {given.out.name}\n")
    return 0


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> list[str]:
    lines = []
    for line in _lines(head, rows):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
        lines.append(line)
    return lines


def _lines(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(row) + " |"


if __name__ == "__main__":
    sys.exit(main())
