"""Processes that have imported the decoders and fork for each file.

Starting Python and importing NumPy and a decoder takes longer than decoding most pictures: a fork
has done both.  Every file still has a process of its own, whose limits end with it.  A server is
started as

    python -m xai_core.cases.readers.fork_server

and reads one line of JSON a file: a module with ``main(arguments) -> exit status``, and the
arguments.  It answers with a line: the exit status, negative for the signal that ended the fork.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import IO, NoReturn, cast

from xai_core.settings import ROOT

CAN_FORK = hasattr(os, "fork")


def command(module: str) -> list[str]:
    """How Python runs ``module`` of this project, whatever the working directory."""
    return [sys.executable, "-P", "-W", "ignore", "-m", module]


def environment() -> dict[str, str]:
    """The environment for :func:`command`."""
    # Each thread of a numerical library would reserve address space, which is limited there.
    one_thread = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    return {**os.environ, "PYTHONPATH": str(ROOT), **one_thread}


# --- In this process --------------------------------------------------------------------------


class _Server:
    """One server; it works on one file at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603  a fixed command
            command("xai_core.cases.readers.fork_server"),
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # so that it can be ended together with its fork
        )

    def run(self, words: list[str], wait: float) -> int | None:
        """The exit status; None where the server itself has ended.

        Raises:
            TimeoutError: there was none after ``wait`` seconds.
        """
        asked, answer = cast(IO[bytes], self._process.stdin), cast(IO[bytes], self._process.stdout)
        try:
            asked.write(json.dumps(words).encode() + b"\n")
            asked.flush()
        except OSError:
            return None
        ready, _, _ = select.select([answer], [], [], wait)
        if not ready:
            raise TimeoutError
        line = answer.readline()
        return int(line) if line else None

    def end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()

    def forget(self) -> None:
        """Let go of a server that belongs to the process that this one is a fork of."""
        cast(IO[bytes], self._process.stdin).close()
        cast(IO[bytes], self._process.stdout).close()
        self._process.returncode = 0  # it is no child of this process, and not waited for


class ForkServers:
    """Servers that are started as needed and kept; several threads may use them."""

    def __init__(self) -> None:
        self._idle: list[_Server] = []
        self._lock = threading.Lock()

    def run(self, words: list[str], wait: float) -> int:
        """The exit status of the program ``words[0]`` with the arguments that follow.

        Raises:
            TimeoutError: it did not end within ``wait`` seconds, and has been ended.
        """
        for _ in range(2):  # a kept server may have been ended since: then another one tries
            server = self._take()
            try:
                status = server.run(words, wait)
            except BaseException:
                server.end()
                raise
            if status is not None:
                with self._lock:
                    self._idle.append(server)
                return status
            server.end()
        return -signal.SIGKILL

    def _take(self) -> _Server:
        with self._lock:
            return self._idle.pop() if self._idle else _Server()

    def end(self) -> None:
        """End those that are idle."""
        with self._lock:
            idle, self._idle = self._idle, []
        for server in idle:
            server.end()

    def forget(self) -> None:
        """Begin anew, in a fork of this process: two processes would mix up a server's answers."""
        idle, self._idle, self._lock = self._idle, [], threading.Lock()
        for server in idle:
            server.forget()


SERVERS = ForkServers()
atexit.register(SERVERS.end)
if CAN_FORK:
    os.register_at_fork(after_in_child=lambda: SERVERS.forget())


# --- In the server ----------------------------------------------------------------------------


def main() -> int:
    """Answer until the standard input ends, as it does with the process at its other end."""
    for line in sys.stdin.buffer:
        program, *arguments = json.loads(line)
        module = importlib.import_module(program)
        child = os.fork()
        if child == 0:
            _run(module.main, arguments)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()
    return 0


def _run(program: Callable[[list[str]], int], arguments: list[str]) -> NoReturn:
    """Run ``program`` in this fork, and end it."""
    status = 1
    try:
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1):  # those of the server, which a file must not reach
            os.dup2(nowhere, stream)
        status = program(arguments)
    finally:
        os._exit(status)


if __name__ == "__main__":
    sys.exit(main())
