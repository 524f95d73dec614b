"""Scorebooks on disk: what was scored once is never scored again, in this process or the next.

One safetensors file per (image, weights, baseline): the logits as one tensor (n, K), their keys as
metadata.  Files are written beside and moved into place, so a reader never sees half of one; a
file that cannot be read is treated as absent and will be written anew.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from xai_core.types import FloatArray


class BookStore:
    """A folder of scorebooks, by content key (hex)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._sizes: dict[str, int] = {}

    def _path(self, key: str) -> Path:
        if not key.isalnum():  # keys are digests of ours; a path can never get here
            raise ValueError(f"not a digest: {key!r}")
        return self._folder / key[:2] / f"{key}.safetensors"

    def load(self, key: str) -> dict[str, FloatArray]:
        """What is known under ``key``: name of the perturbed image -> logits (K,)."""
        path = self._path(key)
        try:
            with safe_open(path, framework="numpy") as file:
                names = json.loads(file.metadata()["names"])
                logits = file.get_tensor("logits")
        except (OSError, SafetensorError, KeyError, TypeError, ValueError):
            return {}
        if logits.ndim != 2 or len(names) != len(logits) or not np.isfinite(logits).all():
            return {}
        self._sizes[key] = len(names)
        return dict(zip(names, logits, strict=True))

    def save(self, key: str, items: Mapping[str, FloatArray]) -> bool:
        """Keep ``items`` under ``key``; False where the folder cannot be written.

        A full or read-only disk costs the memory of the next start, never the answer of this one.
        """
        if not items or self._sizes.get(key) == len(items):
            return True
        path = self._path(key)
        with self._lock:
            partial = path.with_name(f"{path.name}.{os.getpid()}.part")
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                save_file(
                    {"logits": np.stack(list(items.values())).astype(np.float32)},
                    partial,
                    metadata={"names": json.dumps(list(items))},
                )
                partial.replace(path)
            except OSError:
                with contextlib.suppress(OSError):
                    partial.unlink()
                return False
            self._sizes[key] = len(items)
            return True
