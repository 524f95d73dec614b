"""Precomputed results: logit caches computed before, in a folder that is read, never written.

Beside their files lies ``manifest.json``: the digest of the weights (``weights``), the ``command``
that made them, and the SHA-256 of every book (``files``: place inside the folder -> hex).  A book
counts only with the digest the manifest gives it.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xai_core.files import read_json, write_json
from xai_core.scoring.cache_file import Notices, cache_file_name, cache_files_in, decode
from xai_core.types import FloatArray

MANIFEST = "manifest.json"
_NO_MANIFEST = (
    "The precomputed results have no manifest that can be read; they are not used, and computed "
    "where they are asked for."
)
_OTHER = (
    "Precomputed results of an image are not those their manifest names; they are not used, and "
    "computed where they are asked for."
)
_log = logging.getLogger(__name__)


class PrecomputedResults:
    """A folder of precomputed results.  Thread-safe; a missing folder is an empty one."""

    def __init__(self, folder: Path, weights: str) -> None:
        """``weights``: SHA-256 (hex) of the weights in use; results of others are of no use."""
        self._folder, self._weights = folder, weights
        self._remarks = Notices()
        self._lock = threading.Lock()
        self._files: Mapping[str, str] | None = None

    def load(self, key: str) -> dict[str, FloatArray]:
        """What is known under ``key``: name of the perturbed image -> logits (K,).

        A book that is damaged or not the manifest's is as good as absent; :meth:`remarks` says so.
        """
        name = cache_file_name(key)
        with self._lock:
            if self._files is None:
                self._files = self._promised()
        promised = self._files.get(name)
        if promised is None:
            # Without a manifest in use all was said; with one, a book it does not name is foreign.
            if self._files and (self._folder / name).exists():
                self._remarks.say(_OTHER, Path(name).name)
            return {}
        try:
            data = (self._folder / name).read_bytes()
            if hashlib.sha256(data).hexdigest() != promised:
                raise ValueError("another book than the manifest's")
            return decode(data)
        except (OSError, ValueError):
            self._remarks.say(_OTHER, Path(name).name)
            return {}

    def _promised(self) -> Mapping[str, str]:
        """The manifest's digests by place; empty where it is missing, unreadable or of no use."""
        manifest = read_json(self._folder / MANIFEST)
        files, weights = manifest.get("files"), manifest.get("weights")
        if not isinstance(files, dict) or not isinstance(weights, str):
            if manifest or any(cache_files_in(self._folder)):
                self._remarks.say(_NO_MANIFEST)
            return {}
        if weights != self._weights:
            # Not a warning: whoever brings weights of their own knows that these are not theirs.
            _log.info("the precomputed results belong to other weights (%s)", weights[:12])
            return {}
        return files

    def notices(self) -> tuple[str, ...]:
        """What went wrong so far, each in a sentence fit to be shown as it is."""
        return self._remarks.said()


def write_manifest(folder: Path, weights: str, command: str, about: Mapping[str, Any]) -> None:
    """Write the manifest of all books in ``folder``, whole or not at all.

    Args:
        folder: the precomputed results.
        weights: SHA-256 (hex) of the weights that scored them.
        command: what was typed to make them, without paths.
        about: more fields, JSON values.

    Raises:
        OSError: the folder cannot be written.
    """
    files = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(cache_files_in(folder))
    }
    place = folder / MANIFEST
    write_json(place, {**about, "command": command, "weights": weights, "files": files})
