"""A converted network on disk: one file, whole or not at all, that proves its own integrity."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

from xai_core.files import whole_file

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
    """Write the file, whole or not at all; old files of other networks are let go of.

    Raises:
        OSError: the folder cannot be written, or is full.
    """
    body = len(graph).to_bytes(8, "big") + graph + constants
    with whole_file(path) as partial, partial.open("wb") as stream:
        stream.write(_MAGIC + hashlib.sha256(body).digest())
        stream.write(body)
    with contextlib.suppress(OSError):
        others = [p for p in path.parent.glob(f"*{path.suffix}") if p != path]
        for old in sorted(others, key=lambda p: p.stat().st_mtime)[:-_KEEP]:
            old.unlink()
