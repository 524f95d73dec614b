"""Runs tests on a copy of the project in which one file is changed.

Each run is a child forked from this process, which has imported the heavy libraries already: that
saves several seconds a mutant.  This process runs no test and starts no thread.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pytest

_OPTIONS = (
    "-x", "-q", "-p", "no:cacheprovider",
    "-p", "no:xdist", "-p", "no:rerunfailures", "-p", "no:anyio",  # not needed, and slow to import
    "--hypothesis-seed=0", "-m", "not slow and not e2e",
    "-W", "ignore:Module already imported so cannot be rewritten",  # the libraries below
)  # fmt: skip
_LIBRARIES = (
    "PIL.Image", "hypothesis", "pandas", "pydantic", "safetensors.numpy", "safetensors.torch",
    "scipy.ndimage", "scipy.stats", "skimage", "sklearn.metrics", "timm", "torch",
)  # fmt: skip
_COPIED = ("xai_core", "tests")  # the rest of the project is linked
_OWN = ("xai_core", "tests")  # packages that a child must import from the copy
_SLOW = 0.2  # seconds of a test from which on it runs after the others
_IDLE = 60.0  # seconds without any processor time after which a run waits for what never comes


@dataclass(frozen=True)
class Trial:
    """``outcome``: "killed", "timeout" or "survived".  ``by``: the test that failed first.
    ``seconds``: of processor time."""

    outcome: str
    by: str
    seconds: float


class Copy:
    """A copy of the project, of what git knows and as it is now, in ``folder``."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.folder = folder
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=root, capture_output=True, check=True,
        ).stdout  # fmt: skip
        for name in filter(None, listed.decode().split("\0")):
            top = name.split("/", 1)[0]
            if top in _COPIED:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                with suppress(FileNotFoundError):  # removed and not yet committed
                    shutil.copy2(root / name, folder / name)
            elif not (folder / top).exists():
                (folder / top).symlink_to(root / top)
        self.durations: dict[str, float] = {}  # seconds of each test in the last run
        self._log = folder / "trial.log"
        self._answer = folder / "trial.json"
        # Python takes a compiled file for current by the source's time and size: every version of a
        # source gets a time of its own.
        self._time = time.time()

    def run(
        self,
        tests: list[str],
        limit: float,
        first: Collection[str] = (),
        durations: Mapping[str, float] = MappingProxyType({}),
    ) -> Trial:
        """Run ``tests``, paths inside the project, until one fails or ``limit`` seconds of
        processor time are used: how fast the machine is, and what else it does, is no matter.

        Args:
            first: those of ``tests`` to begin with.
            durations: seconds by test, as in ``self.durations``; slow ones run after the others.

        Raises:
            RuntimeError: pytest found none of them.
        """
        self._answer.unlink(missing_ok=True)
        pid = os.fork()
        if pid == 0:
            _child(self.folder, tests, self._log, self._answer, _Observer(first, durations))
        spent, last, looked = 0.0, time.monotonic(), time.monotonic()
        done, _, used = os.wait4(pid, os.WNOHANG)
        while not done and spent < limit and time.monotonic() - last < _IDLE:
            time.sleep(0.02)
            done, _, used = os.wait4(pid, os.WNOHANG)
            if time.monotonic() - looked > 1:
                looked, before, spent = time.monotonic(), spent, _processor_seconds(pid)
                last = looked if spent != before else last
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)  # with the processes that a test began
        if not done:
            _, _, used = os.wait4(pid, 0)
        seconds = used.ru_utime + used.ru_stime
        if not done:
            return Trial("timeout", "", seconds)
        if not self._answer.exists():
            return Trial("killed", "the process ended", seconds)
        code, by, self.durations = json.loads(self._answer.read_text())
        if code in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.NO_TESTS_COLLECTED) and not by:
            raise RuntimeError(f"no tests in {tests}: {self._log.read_text()[-2000:]}")
        return Trial("killed" if code else "survived", by, seconds)

    def run_with(
        self,
        file: str,
        source: bytes,
        tests: list[str],
        limit: float,
        first: Collection[str] = (),
        durations: Mapping[str, float] = MappingProxyType({}),
    ) -> Trial:
        """:meth:`run` while ``file`` has other bytes."""
        path = self.folder / file
        before = path.read_bytes()
        try:
            self._write(path, source)
            return self.run(tests, limit, first, durations)
        finally:
            self._write(path, before)

    def _write(self, path: Path, source: bytes) -> None:
        self._time += 2
        path.write_bytes(source)
        os.utime(path, (self._time, self._time))

    def output(self) -> str:
        """What the last run printed."""
        return self._log.read_text(errors="replace")


def preload() -> object:
    """Import the libraries that tests need; what is returned must be kept."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from xai_core.model import torchvision_shim

    torchvision_shim.install()
    kept = torchvision_shim, [importlib.import_module(name) for name in _LIBRARIES]
    gc.collect()
    gc.freeze()  # children need not look through all of these again
    return kept


def _processor_seconds(session: int) -> float:
    """Processor time of a session's processes, and of those of their children that have ended."""
    total = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # ended meanwhile
            fields = path.read_text(errors="replace").rpartition(")")[2].split()
            if int(fields[3]) == session:
                total += sum(map(int, fields[11:15]))  # utime, stime, cutime, cstime: proc(5)
    return total / os.sysconf("SC_CLK_TCK")


class _Observer:
    """Puts the likeliest and the fast tests first; notes the first test, or file of tests, that
    fails, and how long each test takes."""

    def __init__(self, first: Collection[str], known: Mapping[str, float]) -> None:
        """See :meth:`Copy.run`."""
        self._first, self._known = first, known
        self.name = ""
        self.durations: dict[str, float] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Tests of one file stay together, so that its fixtures are made twice at most."""
        items.sort(key=lambda item: (
            _file_of(item.nodeid) not in self._first, self._known.get(item.nodeid, 0) > _SLOW
        ))  # fmt: skip

    def pytest_sessionstart(self) -> None:
        """Of an example that fails no smaller one is looked for: tests are imported after this."""
        from hypothesis import Phase, settings

        settings.register_profile("mutants", deadline=None, phases=[Phase.explicit, Phase.generate])
        settings.load_profile("mutants")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        before = self.durations.get(report.nodeid, 0.0)
        self.durations[report.nodeid] = before + report.duration
        if report.failed:
            self.name = self.name or report.nodeid

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.name = self.name or f"importing {report.nodeid}"


def _file_of(test: str) -> str:
    return test.split("::", 1)[0]


def _child(folder: Path, tests: list[str], log: Path, answer: Path, seen: _Observer) -> None:
    """Never returns."""
    code: int = 3
    try:
        os.setsid()
        os.chdir(folder)
        with log.open("wb") as out:
            os.dup2(out.fileno(), 1)
            os.dup2(out.fileno(), 2)
        for name in [name for name in sys.modules if name.split(".")[0] in _OWN]:
            del sys.modules[name]
        here = str(Path(__file__).resolve().parents[2])
        sys.path[:] = [str(folder), *(p for p in sys.path if p not in ("", here))]
        os.environ["PYTHONPATH"] = str(folder)
        code = pytest.main([*_OPTIONS, f"--rootdir={folder}", *tests], plugins=[seen])
        answer.write_text(json.dumps([int(code), seen.name, seen.durations]))
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(code))
