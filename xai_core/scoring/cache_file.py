"""One logit cache as a file, and what the store has to tell about such files.

One scorebook as a file: where it lies, what is in it, how damage to it is noticed.

A file of the safetensors format: the logits as one tensor (n, K), the names of the n changed images
and a SHA-256 over names and logits as metadata.  Nothing in it is ever executed.

What the store has to say to the user: each sentence once, while the results are shown anyway."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from xai_core.files import PART, write_bytes
from xai_core.types import FloatArray

_FOLDERS = "[0-9a-f][0-9a-f]"  # the first two digits of the keys within
PARTS = f"{_FOLDERS}/*{PART}"  # books that are being written, or were when a process was killed


def cache_file_name(key: str) -> str:
    """Where the book of ``key`` lies inside its folder.

    Raises:
        ValueError: ``key`` is no digest of ours, and might be a path.
    """
    if not key.isalnum():
        raise ValueError(f"not a digest: {key!r}")
    return f"{key[:2]}/{key}.safetensors"


def cache_files_in(folder: Path) -> Iterator[Path]:
    """Every book of a folder, in no particular order; none where there is no folder."""
    return folder.glob(f"{_FOLDERS}/*.safetensors")


def encode(items: Mapping[str, FloatArray]) -> bytes:
    """Name of the changed image -> logits (K,), at least one, as the bytes of a file.

    The same items give the same bytes, in whatever order they were scored.
    """
    names = sorted(items)
    logits = np.stack([items[name] for name in names]).astype(np.float32)
    about = json.dumps({"names": names, "sha256": _digest(names, logits)})
    # One entry: the format gives several no order of their own.
    data: bytes = save({"logits": logits}, metadata={"book": about})
    return data


def decode(data: bytes) -> dict[str, FloatArray]:
    """What :func:`encode` was given: name of the changed image -> logits (K,), float32.

    Raises:
        ValueError: the bytes are damaged, or not those of a book with a checksum.
    """
    try:
        length = int.from_bytes(data[:8], "little")
        about = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["book"])
        names, promised = about["names"], about["sha256"]
        logits = load(data)["logits"]
    except (SafetensorError, KeyError, TypeError, ValueError, RecursionError) as problem:
        raise ValueError("not a scorebook") from problem
    if promised != _digest(names, logits) or not np.isfinite(logits).all():
        raise ValueError("the scores are not those that were kept")
    if logits.dtype != np.float32 or logits.ndim != 2 or len(names) != len(logits):
        raise ValueError("a scorebook of another shape")
    return dict(zip(names, logits, strict=True))


def _digest(names: list[str], logits: FloatArray) -> str:
    return hashlib.sha256(json.dumps(names).encode() + b"\0" + logits.tobytes()).hexdigest()


def write_cache_file(path: Path, items: Mapping[str, FloatArray]) -> int:
    """Write a book, whole or not at all; returns its size in bytes.

    Raises:
        OSError: the folder is full or cannot be written; nothing half-written stays.
    """
    data = encode(items)
    write_bytes(path, data)
    return len(data)


_log = logging.getLogger(__name__)


class Notices:
    """Sentences in the user's terms.  Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._said: dict[str, set[str]] = {}  # sentence -> the files it was said about

    def say(self, sentence: str, file: str = "") -> None:
        """Keep ``sentence``, and log it as a warning: once, or once for each ``file`` it is about.

        ``file``: a name without its folder; it goes to the log only.
        """
        with self._lock:
            files = self._said.setdefault(sentence, set())
            if file in files:
                return
            files.add(file)
        _log.warning("%s (%s)" if file else "%s%s", sentence, file)

    def said(self) -> tuple[str, ...]:
        """Every sentence so far, in the order they were first said."""
        with self._lock:
            return tuple(self._said)
