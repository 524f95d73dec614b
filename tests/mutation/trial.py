"""Runs tests on a copy of the project in which one file is changed.

Each run is a child forked from this process, which has imported the heavy libraries already: that
saves several seconds a mutant.  This process runs no test and starts no thread.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

_OPTIONS = (
    "-x", "-q", "-p", "no:cacheprovider",
    "-p", "no:xdist", "-p", "no:rerunfailures", "-p", "no:anyio",  # not needed, and slow to import
    "--hypothesis-seed=0", "-m", "not slow and not e2e",
    "-W", "ignore:Module already imported so cannot be rewritten",  # the libraries below
)  # fmt: skip
_LIBRARIES = (
    "hypothesis", "pandas", "safetensors.numpy", "safetensors.torch", "scipy.ndimage",
    "scipy.stats", "skimage", "sklearn.metrics", "timm", "torch",
)  # fmt: skip
_COPIED = ("xai_core", "tests")  # the rest of the project is linked
_OWN = ("xai_core", "tests")  # packages that a child must import from the copy


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
        self.durations: dict[str, float] = {}  # seconds of each file of tests in the last run
        self._log = folder / "trial.log"
        self._answer = folder / "trial.json"
        # Python takes a compiled file for current by the source's time and size: every version of a
        # source gets a time of its own.
        self._time = time.time()

    def run(self, tests: list[str], timeout: float) -> Trial:
        """Run ``tests``, paths inside the project, until one fails or ``timeout`` seconds are over.

        Raises:
            RuntimeError: pytest found none of them.
        """
        self._answer.unlink(missing_ok=True)
        begin = time.monotonic()
        pid = os.fork()
        if pid == 0:
            _child(self.folder, tests, self._log, self._answer)
        done, _, used = os.wait4(pid, os.WNOHANG)
        while not done and time.monotonic() - begin < timeout:
            time.sleep(0.02)
            done, _, used = os.wait4(pid, os.WNOHANG)
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

    def run_with(self, file: str, source: bytes, tests: list[str], timeout: float) -> Trial:
        """:meth:`run` while ``file`` has other bytes."""
        path = self.folder / file
        before = path.read_bytes()
        try:
            self._write(path, source)
            return self.run(tests, timeout)
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
    return torchvision_shim, [importlib.import_module(name) for name in _LIBRARIES]


class _Observer:
    """Notes the first test, or file of tests, that fails, and how long each file takes."""

    def __init__(self) -> None:
        self.name = ""
        self.durations: dict[str, float] = {}

    def pytest_sessionstart(self) -> None:
        """Of an example that fails no smaller one is looked for: tests are imported after this."""
        from hypothesis import Phase, settings

        settings.register_profile("mutants", deadline=None, phases=[Phase.explicit, Phase.generate])
        settings.load_profile("mutants")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        file = report.nodeid.split("::", 1)[0]
        self.durations[file] = self.durations.get(file, 0.0) + report.duration
        if report.failed:
            self.name = self.name or report.nodeid

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.name = self.name or f"importing {report.nodeid}"


def _child(folder: Path, tests: list[str], log: Path, answer: Path) -> None:
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
        seen = _Observer()
        code = pytest.main([*_OPTIONS, f"--rootdir={folder}", *tests], plugins=[seen])
        answer.write_text(json.dumps([int(code), seen.name, seen.durations]))
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(code))
