"""The file of one logit cache, and the notices of the stores that read such files.

The file has the safetensors format: the logits as one tensor (n, K), and as metadata the keys of
the n perturbed images and a SHA-256 over keys and logits, by which damage is detected.  Nothing in
it is ever executed.
"""

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

_log = logging.getLogger(__name__)
_FOLDERS = "[0-9a-f][0-9a-f]"  # subfolders are named by the first two digits of the keys in them
PARTS = f"{_FOLDERS}/*{PART}"  # files that are being written, or were when a process was killed


# --- Files ------------------------------------------------------------------------------------


def cache_file_name(key: str) -> str:
    """The path, inside the store's folder, of the logit cache with ``key``.

    Raises:
        ValueError: ``key`` is not a hexadecimal digest, and might be a path.
    """
    if not key.isalnum():
        raise ValueError(f"not a digest: {key!r}")
    return f"{key[:2]}/{key}.safetensors"


def cache_files_in(folder: Path) -> Iterator[Path]:
    """Every logit cache of a folder, in no particular order; none where the folder is missing."""
    return folder.glob(f"{_FOLDERS}/*.safetensors")


def encode(items: Mapping[str, FloatArray]) -> bytes:
    """The bytes of a file with ``items``, key of the perturbed image -> logits (K,), at least one.

    The same items give the same bytes, in whatever order they were scored.
    """
    names = sorted(items)
    logits = np.stack([items[name] for name in names]).astype(np.float32)
    about = json.dumps({"names": names, "sha256": _digest(names, logits)})
    # A single metadata entry: the format does not fix the order of several.  Its name "book" is
    # part of the file format.
    data: bytes = save({"logits": logits}, metadata={"book": about})
    return data


def decode(data: bytes) -> dict[str, FloatArray]:
    """The inverse of :func:`encode`: key of the perturbed image -> logits (K,), float32.

    Raises:
        ValueError: the bytes are damaged, or not those of a logit cache with a checksum.
    """
    try:
        length = int.from_bytes(data[:8], "little")
        about = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["book"])
        names, expected = about["names"], about["sha256"]
        logits = load(data)["logits"]
    except (SafetensorError, KeyError, TypeError, ValueError, RecursionError) as problem:
        raise ValueError("not a logit cache") from problem
    if expected != _digest(names, logits) or not np.isfinite(logits).all():
        raise ValueError("the scores are not those that were kept")
    if logits.dtype != np.float32 or logits.ndim != 2 or len(names) != len(logits):
        raise ValueError("a logit cache of another shape")
    return dict(zip(names, logits, strict=True))


def _digest(names: list[str], logits: FloatArray) -> str:
    return hashlib.sha256(json.dumps(names).encode() + b"\0" + logits.tobytes()).hexdigest()


def write_cache_file(path: Path, items: Mapping[str, FloatArray]) -> int:
    """Write a logit cache atomically; returns its size in bytes.

    Raises:
        OSError: the disk is full or the folder cannot be written; no partial file is left.
    """
    data = encode(items)
    write_bytes(path, data)
    return len(data)


# --- Notices ----------------------------------------------------------------------------------


class Notices:
    """Sentences for the user about problems of a store, each shown once.  Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._files: dict[str, set[str]] = {}  # sentence -> the files it is about

    def add(self, sentence: str, file: str = "") -> None:
        """Add ``sentence``, and log it as a warning: once, or once per ``file`` it is about.

        ``file``: a file name without its folder; it is only written to the log.
        """
        with self._lock:
            files = self._files.setdefault(sentence, set())
            if file in files:
                return
            files.add(file)
        _log.warning("%s (%s)" if file else "%s%s", sentence, file)

    def sentences(self) -> tuple[str, ...]:
        """Every sentence so far, in the order in which they were first added."""
        with self._lock:
            return tuple(self._files)
