"""A browser test that fails once is repeated and listed; other tests are not repeated."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.repeated import TITLE

ROOT = Path(__file__).resolve().parents[2]
INI = "[pytest]\ntestpaths = tests\naddopts = --strict-markers -ra\nfilterwarnings = error\n"
CONFTEST = """
import os, pathlib, pytest

LOG = pathlib.Path(__file__).with_name("log.txt")

def note(word):
    with LOG.open("a") as log:
        log.write(f"{word} {os.getpid()}\\n")

@pytest.fixture(scope="session")
def server():
    note("start")
    asked = {}
    yield lambda name: asked.update({name: asked.get(name, 0) + 1}) or asked[name]
    note("end")

@pytest.fixture
def page(server):
    yield
    if server("teardown") == 1:
        raise AssertionError("the page complained")
"""
BROWSER = """
def test_late_once(server):
    assert server("late") == 2, "the first time it was late"

def test_complains_once(page):
    pass

def test_good(server):
    assert server("good") == 1
"""
ALWAYS = """
def test_broken(server):
    server("broken")
    assert False
"""
UNIT = """
tries = []

def test_unit():
    tries.append(1)
    assert len(tries) == 2
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with browser tests that fail the first time."""
    (tmp_path / "pytest.ini").write_text(INI)
    browser = tmp_path / "tests" / "e2e"
    browser.mkdir(parents=True)
    (browser / "conftest.py").write_text(CONFTEST)
    (browser / "test_browser.py").write_text(BROWSER)
    return tmp_path


def run(project: Path, *options: str) -> tuple[int, str]:
    """Exit status and output of its tests."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.support.repeated", *options],
        cwd=project,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
            "PYTEST_ADDOPTS": "-p no:cacheprovider",
        },
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.returncode, done.stdout


def named(output: str) -> list[str]:
    """The tests named in the section's last lines."""
    _, found, after = output.partition(f"\n{TITLE}:\n")
    assert found, output
    lines = after.splitlines()
    return [line.strip() for line in lines[: next(i for i, x in enumerate(lines) if x[:1] != " ")]]


# One browser file: with --dist loadfile one worker runs it, as in "make test".
ONE_OR_TWO = pytest.mark.parametrize("how", [(), ("-n", "2", "--dist", "loadfile")])


@ONE_OR_TWO
def test_failure_that_does_not_repeat_is_listed_and_the_server_survives(
    project: Path, how: tuple[str, ...]
) -> None:
    status, output = run(project, *how)
    assert status == 0, output
    stem = "tests/e2e/test_browser.py::"
    assert named(output) == [stem + "test_complains_once", stem + "test_late_once"]
    assert "the first time it was late" in output  # why, though it passed
    assert "the page complained" in output
    log = (project / "tests" / "e2e" / "log.txt").read_text().split()
    assert log[::2] == ["start", "end"], "one server, and ended"
    assert log[1] == log[3]


@ONE_OR_TWO
def test_repeated_failure_fails_the_run_and_ends_the_server(
    project: Path, how: tuple[str, ...]
) -> None:
    (project / "tests" / "e2e" / "test_browser.py").write_text(BROWSER + ALWAYS)
    status, output = run(project, *how)
    assert status == 1
    assert "test_broken" not in "".join(named(output))
    assert "FAILED tests/e2e/test_browser.py::test_broken" in output
    log = (project / "tests" / "e2e" / "log.txt").read_text().split()
    assert log[::2] == ["start", "end"]


def test_other_tests_are_not_repeated(project: Path) -> None:
    (project / "tests" / "test_unit.py").write_text(UNIT)
    status, output = run(project, "tests/test_unit.py")
    assert status == 1
    assert TITLE not in output


def test_nothing_is_repeated_with_the_plugin_disabled(project: Path) -> None:
    status, output = run(project, "-p", "no:rerunfailures")
    assert status == 1
    assert "not repeated" in output
    assert "FAILED tests/e2e/test_browser.py::test_late_once" in output
    assert f"{TITLE}:" not in output
