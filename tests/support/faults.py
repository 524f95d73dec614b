"""Faults of the file system at a chosen operation.

Every operation on files below a folder that :mod:`xai_core.files` asks of the operating system is
counted; the chosen one fails.  What was written before a failed write is half there.
"""

from __future__ import annotations

import errno
import fcntl
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from xai_core.files import PART

ERRORS: tuple[Callable[[], BaseException], ...] = (
    lambda: OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
    lambda: OSError(errno.EIO, os.strerror(errno.EIO)),
    lambda: PermissionError(errno.EACCES, os.strerror(errno.EACCES)),
    KeyboardInterrupt,
)
"""What makes an operation fail: a full disk, a defect one, no permission, Ctrl-C."""

SENTENCES = tuple(os.strerror(code) for code in (errno.ENOSPC, errno.EIO, errno.EACCES))

_BY_PATH = ("mkdir", "replace", "rename", "unlink", "remove", "rmdir", "utime", "open")
REMOVALS = ("unlink", "remove", "rmdir", "open folder")
"""Operations of a removal: after one that fails, what was to go may stay until the next write."""


class Operations:
    """The operations so far by name; ``failed`` is the one that failed, None where none did."""

    def __init__(self, root: Path, at: int | None, error: Callable[[], BaseException]) -> None:
        self.names: list[str] = []
        self.failed: str | None = None
        self._root, self._at, self._error = str(root), at, error

    def concerns(self, name: str, path: Any, arguments: tuple[Any, ...]) -> bool:
        """Whether an operation on ``path`` counts."""
        try:
            text = os.fsdecode(path)
        except TypeError:
            return False
        if not text.startswith(self._root):
            return False
        # Reading is no write; what is opened of a partial file or folder serves one.
        return name != "open" or bool(arguments[0] & os.O_CREAT) or text.endswith(PART)

    def step(self, name: str) -> None:
        """Count an operation, and fail if it is the chosen one."""
        self.names.append(name)
        if len(self.names) == self._at:
            self.failed = name
            raise self._error()


class _Raw(io.FileIO):
    """A file whose chosen write fails when half of it is written."""

    operations: Operations

    def write(self, data: Any) -> int:
        try:
            self.operations.step("write")
        except BaseException:
            super().write(bytes(data)[: len(bytes(data)) // 2])
            raise
        return super().write(data)


@contextmanager
def faults(
    root: Path, at: int | None = None, error: Callable[[], BaseException] = ERRORS[0]
) -> Iterator[Operations]:
    """Let operation ``at`` (1 for the first; None for none) on files below ``root`` fail."""
    operations = Operations(root, at, error)

    def watched(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(path: Any, *arguments: Any, **named: Any) -> Any:
            if operations.concerns(name, path, arguments):
                folder = name == "open" and not arguments[0] & (os.O_RDWR | os.O_WRONLY)
                operations.step("open folder" if folder else name)
            return real(path, *arguments, **named)

        return call

    def counted(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            operations.step(name)
            return real(*arguments)

        return call

    def stream(descriptor: int, mode: str = "r", **named: Any) -> Any:
        if "w" not in mode:
            return fdopen(descriptor, mode, **named)
        raw = _Raw(descriptor, "w")
        raw.operations = operations
        return io.BufferedWriter(raw)

    fdopen = os.fdopen
    with pytest.MonkeyPatch.context() as patch:
        for name in _BY_PATH:
            patch.setattr(os, name, watched(name, getattr(os, name)))
        patch.setattr(os, "fsync", counted("fsync", os.fsync))
        patch.setattr(fcntl, "flock", counted("flock", fcntl.flock))
        patch.setattr(os, "fdopen", stream)
        yield operations


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, and every empty folder with "/" at the end of its name."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file():
            found[name] = path.read_bytes()
        elif not any(path.iterdir()):
            found[f"{name}/"] = b""
    return found
