"""``python -m tests.mutation``: try a sample of mutants of each room on the room's tests.

What was tried is kept in results.jsonl, so that a run that was ended goes on where it was; the
report is results.md.
"""

from __future__ import annotations

import argparse
import ast
import sys
import tempfile
from pathlib import Path

from tests.mutation import report
from tests.mutation.mutants import find_mutants, sample
from tests.mutation.trial import Copy, preload

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("statistics", "preprocessing", "scoring", "cam", "faithfulness", "model", "explain")
# The tests of files and folders of the code; a file has those of the longest path that holds it.
TESTS: dict[str, tuple[str, ...]] = {
    **{f"xai_core/{room}/": (f"tests/{room}",) for room in ROOMS},
    "xai_core/explain/service.py": (
        "tests/explain/test_service_jobs.py",
        "tests/explain/test_service.py",
        "tests/explain/test_service_contract.py",
    ),
    "xai_core/explain/result_files.py": ("tests/cli/test_explain.py",),
}
_SHARED = ("tests/conftest.py", "tests/support")  # what tests of all rooms depend on


def area_of(file: str) -> str:
    """The key of :data:`TESTS` for a file of the code."""
    return max((area for area in TESTS if file.startswith(area)), key=len)


def files_of(area: str) -> list[str]:
    """The files of tests of a key of :data:`TESTS`; without those that belong to another one."""
    others = {place for other, places in TESTS.items() if other != area for place in places}
    found: list[str] = []
    for place in TESTS[area]:
        path = ROOT / place
        files = sorted(path.rglob("test_*.py")) if path.is_dir() else [path]
        found += [one.relative_to(ROOT).as_posix() for one in files]
    return [test for test in found if test not in others]


def importing(file: str, tests: list[str]) -> list[str]:
    """Those of ``tests`` that import ``file`` of the code."""
    dotted = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    parent, _, name = dotted.rpartition(".")

    def imports(test: str) -> bool:
        return any(
            node.module == dotted
            or (node.module == parent and name in {alias.name for alias in node.names})
            for node in ast.walk(ast.parse((ROOT / test).read_text(encoding="utf-8")))
            if isinstance(node, ast.ImportFrom)
        )

    return list(filter(imports, tests))


def main(words: list[str] | None = None) -> int:
    """Try, print as it goes, write; 1 where the tests fail without any change."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--count", type=int, default=400, help="about how many mutants")
    parser.add_argument("--only", nargs="+", default=[""], help="files whose path begins so")
    parser.add_argument("--out", type=Path, default=report.HERE / "results.md")
    parser.add_argument("--results", type=Path, default=report.HERE / "results.jsonl")
    given = parser.parse_args(words)
    why = report.reasons()
    results = report.Results(given.results, why)
    kept = preload()
    trials = []
    with tempfile.TemporaryDirectory() as folder:
        copied, here = Copy(ROOT, Path(folder)), Path(folder)  # the project may change meanwhile
        found = {
            room: [
                mutant
                for path in sorted((here / "xai_core" / room).rglob("*.py"))
                for mutant in find_mutants(here, path.relative_to(here).as_posix())
            ]
            for room in ROOMS
        }
        chosen = sample([mutant for own in found.values() for mutant in own], given.count)
        limits: dict[str, float] = {}  # by area
        durations: dict[str, float] = {}
        for i, mutant in enumerate(chosen):
            area = area_of(mutant.file)
            tests = files_of(area)
            source = report.digest([here / mutant.file])
            state = report.digest(here / place for place in (*TESTS[area], *_SHARED))
            trial = results.get(mutant, source, state)
            if trial is None and mutant.file.startswith(tuple(given.only)):
                if area not in limits:
                    plain = copied.run(tests, limit=3600)
                    if plain.outcome != "survived":
                        sys.stderr.write(f"{copied.output()[-4000:]}\n{plain.by} fails as it is\n")
                        return 1
                    limits[area] = 60 + 5 * plain.seconds
                    durations |= copied.durations
                changed = mutant.apply((here / mutant.file).read_bytes())
                likely = importing(mutant.file, tests)
                trial = copied.run_with(
                    mutant.file, changed, tests, limits[area], likely, durations
                )
                results.add(mutant, source, state, trial)
                sys.stdout.write(
                    f"{i + 1}/{len(chosen)} {trial.outcome} {trial.seconds:.1f} s "
                    f"{mutant.file}:{mutant.line} {mutant.change}  {trial.by}\n"
                )
                sys.stdout.flush()
            if trial is not None:
                trials.append((mutant.file.split("/")[1], mutant, trial))
    del kept
    possible = {room: len(own) for room, own in found.items()}
    given.out.write_text(report.table(ROOMS, trials, possible, why), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
