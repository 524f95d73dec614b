"""The mutation run itself, on a toy: which mutants there are, what kills them, what is kept."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.mutation import report
from tests.mutation.__main__ import ROOMS, ROOT, area_of, files_of, importing
from tests.mutation.mutants import Mutant, find_mutants, sample
from tests.mutation.trial import Trial, _Observer

SOURCE = '''\
"""A text with 1 < 2."""

from __future__ import annotations

LIMIT: int | None = 7


def count(words: list[str], least: int = 2) -> int:
    """Words of a length above ``least``."""
    found = 0
    for word in words:
        if not word:
            continue
        if len(word) >= least and word != f"{least + 1}":
            found += 1
    return found


class Box:
    def fill(self, things: list[str]) -> bool:
        self.things = sorted(things, reverse=True)
        return bool(things)
'''


def changes(source: str, tmp_path: Path) -> list[str]:
    (tmp_path / "toy.py").write_text(source)
    return [f"{m.function}: {m.change}" for m in find_mutants(tmp_path, "toy.py")]


def test_every_kind_of_change_is_found_and_texts_and_annotations_are_not_touched(
    tmp_path: Path,
) -> None:
    condition = 'len(word) >= least and word != f"{least + 1}"'
    plain = condition.replace('"', "'")
    assert sorted(changes(SOURCE, tmp_path)) == sorted(
        [
            ": 7 -> 8",
            ": 7 -> 6",
            "count: 2 -> 3",
            "count: 2 -> 1",
            "count: 0 -> 1",
            "count: 0 -> (-1)",
            "count: not word -> (word)",
            "count: continue -> pass",
            f"count: {condition} -> ({plain.replace(' and ', ' or ')})",
            "count: len(word) >= least -> (len(word) > least)",
            "count: len(word) >= least -> (len(word) < least)",
            "count: word != f\"{least + 1}\" -> (word == f'{least + 1}')",
            "count: found += 1 -> found -= 1",
            "count: 1 -> 2",
            "count: 1 -> 0",
            "count: return found -> return None",
            "Box.fill: self.things = sorted(things, reverse=True) -> pass",
            "Box.fill: sorted(things, reverse=True) -> (sorted(things))",
            "Box.fill: True -> False",
            "Box.fill: return bool(things) -> return None",
        ]
    )


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("x = a[1:-b]", ["-b -> (b)", "1 -> 2", "1 -> 0"]),
        ("x = a if b else c", ["b -> (not b)"]),
        ("x = [d for d in a if d]", ["d -> (not d)"]),
        ("x = 0.5 * a", ["0.5 * a -> (0.5 / a)", "0.5 -> 1.0", "0.5 -> 0.25"]),
        ("x = a is None", ["a is None -> (a is not None)"]),
        ("x = zip(a, b, strict=True)", []),
        ("assert a < b", []),
        ("_log.info(a + b)", []),
        ("a[0] = b", ["a[0] = b -> pass"]),
        ("raise b", ["raise b -> pass"]),
        ("é = a  # é\n    é.f(a)", ["é.f(a) -> pass"]),
    ],
)
def test_changes_of_one_line(line: str, expected: list[str], tmp_path: Path) -> None:
    found = changes(f"def f(a, b, c):\n    {line}\n", tmp_path)
    assert sorted(found) == sorted(f"f: {change}" for change in expected)


def test_methods_of_a_protocol_are_not_touched(tmp_path: Path) -> None:
    assert changes("class P:\n    def f(self, a=1): ...\n", tmp_path) == []


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_mutants_of_the_code_are_distinct_and_can_be_read(room: str) -> None:
    keys = set()
    for path in sorted((ROOT / "xai_core" / room).rglob("*.py")):
        source = path.read_bytes()
        for mutant in find_mutants(ROOT, path.relative_to(ROOT).as_posix()):
            changed = mutant.apply(source)
            assert changed != source
            ast.parse(changed)
            assert mutant.key not in keys
            keys.add(mutant.key)
    assert len(keys) > 100


def test_the_sample_is_the_same_each_time_and_has_mutants_of_every_file(tmp_path: Path) -> None:
    for name, n in (("large", 60), ("small", 3)):
        (tmp_path / f"{name}.py").write_text("".join(f"A{i} = {i}\n" for i in range(n)))
    found = [mutant for name in ("large.py", "small.py") for mutant in find_mutants(tmp_path, name)]
    some, more = sample(found, 20), sample(found, 40)
    assert some == sample(found[::-1], 20)
    assert set(some) < set(more)
    assert 20 <= len(some) <= 22
    assert [mutant.file for mutant in some].count("small.py") == 2


TOY = "def above(x):\n    while x > 10:\n        x -= 1\n    return x >= 5\n"
TOY_TEST = """
from xai_core.toy import above

def test_above():
    assert above(12)
    assert not above(4)
"""
TOY_TRIALS = {
    "x -= 1 -> x += 1": "timeout",
    "return x >= 5 -> return None": "killed tests/test_toy.py::test_above",
    "x >= 5 -> (x > 5)": "survived",
    "unchanged": "survived",
}
SCRIPT = """
import json, pathlib, sys
from tests.mutation.mutants import find_mutants
from tests.mutation.trial import Copy

root, folder, chosen = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3:]
copy, file, tests = Copy(root, folder), "xai_core/toy.py", ["tests/test_toy.py"]
found = {}
for mutant in find_mutants(root, file):
    if mutant.change in chosen:
        limit = 5 if "+=" in mutant.after else 900  # this one never ends
        trial = copy.run_with(file, mutant.apply((root / file).read_bytes()), tests, limit)
        found[mutant.change] = f"{trial.outcome} {trial.by}".strip()
found["unchanged"] = copy.run(tests, 900).outcome
print(json.dumps(found))
"""


@pytest.mark.slow
def test_mutants_are_killed_survive_or_never_end(tmp_path: Path) -> None:
    root, folder = tmp_path / "project", tmp_path / "copy"
    folder.mkdir()
    for name, text in (("xai_core/toy.py", TOY), ("tests/test_toy.py", TOY_TEST)):
        (root / name).parent.mkdir(parents=True)
        (root / name).write_text(text)
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(root), str(folder), *TOY_TRIALS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == TOY_TRIALS
    assert (root / "xai_core" / "toy.py").read_text() == TOY


MUTANT = Mutant("xai_core/cam/a.py", "f", 3, "a < b", "(a <= b)", 1, 20, 25)


def test_a_kill_stays_until_the_code_changes_and_a_survivor_until_the_tests_do(
    tmp_path: Path,
) -> None:
    path = tmp_path / "results.jsonl"
    killed, alive = Trial("killed", "test_a", 1.5), Trial("survived", "", 2.0)
    report.Results(path, {}).add(MUTANT, "code", "tests", killed)
    assert report.Results(path, {}).get(MUTANT, "code", "more tests") == killed
    assert report.Results(path, {}).get(MUTANT, "other code", "tests") is None
    report.Results(path, {}).add(MUTANT, "code", "tests", alive)
    assert report.Results(path, {}).get(MUTANT, "code", "tests") == alive
    assert report.Results(path, {}).get(MUTANT, "code", "more tests") is None
    why = {report.place_of(MUTANT): "No test can."}
    assert report.Results(path, why).get(MUTANT, "code", "more tests") == alive
    assert report.Results(path, why).get(MUTANT, "other code", "tests") is None


def test_the_report_counts_by_room_and_gives_each_survivor_its_reason() -> None:
    other = Mutant("xai_core/model/b.py", "g", 9, "x | y", "(x & y)", 2, 0, 5)
    trials = [
        ("cam", MUTANT, Trial("survived", "", 1.0)),
        ("cam", MUTANT, Trial("killed", "test_a", 1.0)),
        ("model", other, Trial("survived", "", 1.0)),
        ("model", other, Trial("timeout", "", 1.0)),
    ]
    why = {("xai_core/cam/a.py", "f", "a < b -> (a <= b)", 1): "a and b are never equal."}
    text = report.table(["cam", "model"], trials, {"cam": 10, "model": 5}, why)
    assert "| cam | 10 | 2 | 1 | 0 | 1 | 50.0 |" in text
    assert "| model | 5 | 2 | 1 | 1 | 1 | 50.0 |" in text
    assert "| all | 15 | 4 | 2 | 1 | 2 | 50.0 |" in text
    assert "| xai_core/cam/a.py:3 f | `a < b -> (a <= b)` | a and b are never equal. |" in text
    assert (
        "| xai_core/model/b.py:9 g, occurrence 2 | `x \\| y -> (x & y)` | **not yet known** |"
        in text
    )


def test_every_reason_names_a_change_of_todays_code() -> None:
    why = report.reasons()
    assert all(len(reason) > 10 for reason in why.values())
    files = {place[0] for place in why}
    there = {report.place_of(mutant) for file in files for mutant in find_mutants(ROOT, file)}
    assert why.keys() <= there


def test_tests_that_import_the_changed_file_are_found() -> None:
    tests = files_of(area_of("xai_core/scoring/cache_file.py"))
    assert tests == [f"tests/scoring/{p.name}" for p in sorted((ROOT / "tests/scoring").glob("t*"))]
    found = importing("xai_core/scoring/cache_file.py", tests)
    stems = ("test_disk_store", "test_eviction", "test_precomputed")
    assert found == [f"tests/scoring/{stem}.py" for stem in stems]
    tests = files_of(area_of("xai_core/model/engine/openvino_engine.py"))
    found = importing("xai_core/model/engine/openvino_engine.py", tests)
    assert found == ["tests/model/test_engine_file.py", "tests/model/test_engine_openvino.py"]


def test_likely_tests_run_first_and_slow_ones_after_the_others() -> None:
    names = ["a.py::slow", "a.py::quick", "b.py::slow", "b.py::new", "b.py::quick"]
    seconds = {name: 2.0 if "slow" in name else 0.1 for name in names if "new" not in name}
    items = [SimpleNamespace(nodeid=name) for name in names]
    _Observer(["b.py"], seconds).pytest_collection_modifyitems(items)  # type: ignore[arg-type]
    assert [item.nodeid for item in items] == [
        "b.py::new", "b.py::quick", "b.py::slow", "a.py::quick", "a.py::slow",
    ]  # fmt: skip


def test_a_file_may_have_files_of_its_own() -> None:
    own = files_of(area_of("xai_core/explain/service.py"))
    others = files_of(area_of("xai_core/explain/explainer.py"))
    assert "tests/explain/test_service_jobs.py" in own
    assert "tests/explain/test_explainer.py" in others
    assert not set(own) & set(others)
