"""The file of one cache, and the notices of the stores that read such files.

The file has the safetensors format: the values as one tensor (n, width), and as metadata the names
of the n items, the :class:`StoreKey` that the file belongs to, and a SHA-256 over all of them, by
which damage is detected.  A file with another key, for example one that was copied over another
file, is not used.  Nothing in it is ever executed.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from xai_core.files import PART, is_own_file, write_bytes
from xai_core.types import FloatArray

_log = logging.getLogger(__name__)
_FOLDERS = "[0-9a-f][0-9a-f]"  # subfolders are named by the first two digits of the keys in them
_PARTS = (f"{_FOLDERS}/.*.safetensors.*{PART}", f"engine/.*.ir.*{PART}")


# --- Keys -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class StoreKey:
    """Everything that the items of one file depend on besides their names.

    ``image``: SHA-256 (hex) of the case's pixels.  ``model``: digest (hex) of the model and of how
    images are prepared for it.  ``content``: what the items are, such as "logits".  ``width``:
    numbers per item, for example one per class; it follows from the others and is only checked.
    """

    image: str
    model: str
    content: str
    width: int

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) of image, model and content."""
        text = json.dumps([self.image, self.model, self.content])
        return hashlib.sha256(text.encode()).hexdigest()


def cache_file_name(key: StoreKey) -> str:
    """The path, inside the store's folder, of the file with ``key``."""
    return f"{key.digest[:2]}/{key.digest}.safetensors"


# --- Files ------------------------------------------------------------------------------------


def cache_files_in(folder: Path) -> Iterator[Path]:
    """Every logit cache of a folder, in no particular order; none where the folder is missing.

    Links, and whatever else is no regular file, are not logit caches.
    """
    found = folder.glob(f"{_FOLDERS}/*.safetensors")
    return (path for path in found if is_own_file(path, folder))


def partial_files_in(folder: Path) -> Iterator[Path]:
    """Every file of a store's folder that is being written, or was when a process was killed: logit
    caches, and converted networks of ``model/engine/``."""
    for pattern in _PARTS:
        yield from (path for path in folder.glob(pattern) if is_own_file(path, folder))


def encode(key: StoreKey, items: Mapping[str, FloatArray]) -> bytes:
    """The bytes of a file with ``items``, name -> values (width,), at least one.

    The same items give the same bytes, in whatever order they were computed.
    """
    names = sorted(items)
    logits = np.stack([items[name] for name in names]).astype(np.float32)
    about = json.dumps({**_fields(key), "names": names, "sha256": _digest(key, names, logits)})
    # A single metadata entry: the format does not fix the order of several.  Its name "book" is
    # part of the file format.
    data: bytes = save({"logits": logits}, metadata={"book": about})
    return data


def decode(key: StoreKey, data: bytes) -> dict[str, FloatArray]:
    """The inverse of :func:`encode`: name -> values (width,), float32.

    Raises:
        ValueError: the bytes are damaged, not those of a cache with a checksum, or those of a cache
            with another key or width.
    """
    try:
        length = int.from_bytes(data[:8], "little")
        about = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["book"])
        names, expected = about["names"], about["sha256"]
        other = [name for name, value in _fields(key).items() if about[name] != value]
        logits = load(data)["logits"]
    except (SafetensorError, KeyError, TypeError, ValueError, RecursionError) as problem:
        raise ValueError("not a logit cache") from problem
    if other:
        raise ValueError(f"scores of another {', '.join(other)}")
    if expected != _digest(key, names, logits) or not np.isfinite(logits).all():
        raise ValueError("the scores are not those that were kept")
    if logits.dtype != np.float32 or logits.shape != (len(names), key.width):
        raise ValueError("a logit cache of another shape")
    return dict(zip(names, logits, strict=True))


def _fields(key: StoreKey) -> dict[str, str]:
    return {"image": key.image, "model": key.model, "content": key.content}


def _digest(key: StoreKey, names: list[str], logits: FloatArray) -> str:
    head = json.dumps([_fields(key), names]).encode()
    return hashlib.sha256(head + b"\0" + logits.tobytes()).hexdigest()


def write_cache_file(path: Path, key: StoreKey, items: Mapping[str, FloatArray]) -> int:
    """Write a cache atomically; returns its size in bytes.

    Raises:
        OSError: the disk is full or the folder cannot be written; no partial file is left.
    """
    data = encode(key, items)
    write_bytes(path, data)
    return len(data)


# --- Notices ----------------------------------------------------------------------------------


class Notices:
    """Sentences for the user about problems of a store, each shown once.  Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._files: dict[str, set[str]] = {}  # sentence -> the files it is about

    def add(self, sentence: str, file: str = "") -> None:
        """Add ``sentence``, and log it: as a warning once, and as information for each further
        ``file`` that it is about, since warnings are shown on a terminal.

        ``file``: a file name without its folder; it is only written to the log.
        """
        with self._lock:
            level = logging.INFO if sentence in self._files else logging.WARNING
            files = self._files.setdefault(sentence, set())
            if file in files:
                return
            files.add(file)
        _log.log(level, "%s (%s)" if file else "%s%s", sentence, file)

    def sentences(self) -> tuple[str, ...]:
        """Every sentence so far, in the order in which they were first added."""
        with self._lock:
            return tuple(self._files)
