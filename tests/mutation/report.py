"""The results that are kept between runs, and the table that is written of them."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tests.mutation.mutants import Mutant
from tests.mutation.trial import Trial

HERE = Path(__file__).resolve().parent
_HEAD = """\
# Mutants

Written by `make mutants` (`python -m tests.mutation`). A mutant is the code with one small change
(`mutants.py` says which); it is killed when a test fails with it. Run are the tests of its room.
"""


Place = tuple[str, str, str, int]
"""File, function, change, and the how manyth equal change of the function it is."""


def place_of(mutant: Mutant) -> Place:
    """What names a mutant in equivalent.toml."""
    return mutant.file, mutant.function, mutant.change, mutant.occurrence


class Results:
    """Trials by mutant, one JSON line each.  A trial counts while the mutated file is the same; a
    survivor's while its tests are too, or it has a reason why none can notice it."""

    def __init__(self, path: Path, why: Mapping[Place, str]) -> None:
        """``why``: see :func:`reasons`."""
        self._path, self._why = path, why
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        self._rows = {row["key"]: row for row in map(json.loads, lines)}

    def get(self, mutant: Mutant, source: str, tests: str) -> Trial | None:
        """The trial of a mutant of the file and tests with these digests, if there was one."""
        row = self._rows.get(mutant.key)
        if row is None or row["source"] != source:
            return None
        explained = place_of(mutant) in self._why
        if row["outcome"] == "survived" and row["tests"] != tests and not explained:
            return None
        return Trial(row["outcome"], row["by"], row["seconds"])

    def add(self, mutant: Mutant, source: str, tests: str, trial: Trial) -> None:
        """Keep a trial."""
        row = {
            "key": mutant.key, "file": mutant.file, "line": mutant.line, "change": mutant.change,
            "source": source, "tests": tests, "outcome": trial.outcome, "by": trial.by,
            "seconds": round(trial.seconds, 1),
        }  # fmt: skip
        self._rows[mutant.key] = row
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")


def digest(paths: Iterable[Path]) -> str:
    """Of the files' bytes; folders stand for the Python files in them."""
    total = hashlib.sha256()
    for path in paths:
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            total.update(file.read_bytes())
    return total.hexdigest()[:16]


def reasons(path: Path = HERE / "equivalent.toml") -> dict[Place, str]:
    """Why no test can notice a change."""
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get("equivalent", [])
    return {
        (e["file"], e["function"], e["change"], e.get("occurrence", 1)): e["reason"]
        for e in entries
    }


def table(
    rooms: Sequence[str],
    trials: Sequence[tuple[str, Mutant, Trial]],
    possible: Mapping[str, int],
    why: Mapping[Place, str],
) -> str:
    """The report as Markdown.

    ``trials``: room, mutant and its trial.  ``possible``: how many mutants each room has.
    ``why``: see :func:`reasons`.
    """
    lines = [
        _HEAD,
        "| room | mutants | tried | killed | of these by a time limit | survived | killed, % |",
        "|---|---|---|---|---|---|---|",
    ]
    for room in (*rooms, "all"):
        own = [trial for name, _, trial in trials if room in (name, "all")]
        alive = sum(trial.outcome == "survived" for trial in own)
        late = sum(trial.outcome == "timeout" for trial in own)
        there = sum(n for name, n in possible.items() if room in (name, "all"))
        share = f"{100 * (len(own) - alive) / len(own):.1f}" if own else ""
        lines.append(
            f"| {room} | {there} | {len(own)} | {len(own) - alive} | {late} | {alive} | {share} |"
        )
    lines += [
        "",
        "## Survivors",
        "",
        "| where | change | why no test can notice it |",
        "|---|---|---|",
    ]
    for _, mutant, trial in trials:
        if trial.outcome == "survived":
            reason = why.get(place_of(mutant), "**not yet known**")
            where = f"{mutant.file}:{mutant.line} {mutant.function}".strip()
            where += f", occurrence {mutant.occurrence}" if mutant.occurrence > 1 else ""
            change = mutant.change.replace("|", "\\|")
            lines.append(f"| {where} | `{change}` | {reason} |")
    return "\n".join(lines) + "\n"
