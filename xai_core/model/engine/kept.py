"""A converted network on disk: one file, whole or not at all, that proves its own integrity."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

_MAGIC = b"XAIENG01"
_KEEP = 3  # files of other weights or versions that stay, about 110 MB each


class Damaged(Exception):  # internal
    """The file is there, but it is not what was written."""


def read(path: Path) -> tuple[bytes, bytes] | None:
    """What :func:`write` kept, (graph, constants); None where there is nothing to read.

    Raises:
        Damaged: the file is truncated or was changed.
    """
    try:
        content = path.read_bytes()
    except OSError:
        return None
    magic, digest, length, start = content[:8], content[8:40], content[40:48], 48
    body = memoryview(content)[40:]
    if magic != _MAGIC or hashlib.sha256(body).digest() != digest:
        raise Damaged(path.name)
    middle = start + int.from_bytes(length, "big")
    return content[start:middle], content[middle:]


def write(path: Path, graph: bytes, constants: bytes) -> None:
    """Write beside and move into place; old files of other networks are let go of.

    Raises:
        OSError: the folder cannot be written, or is full.
    """
    body = len(graph).to_bytes(8, "big") + graph + constants
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as stream:
            stream.write(_MAGIC + hashlib.sha256(body).digest())
            stream.write(body)
        partial.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise
    with contextlib.suppress(OSError):
        others = [p for p in path.parent.glob(f"*{path.suffix}") if p != path]
        for old in sorted(others, key=lambda p: p.stat().st_mtime)[:-_KEEP]:
            old.unlink()
