"""Precomputed results: a folder of logit caches that is only read.

The folder also holds ``manifest.json`` with the digest of the model and its preparation
(``model``), the ``command`` that made the files, and the SHA-256 of every file (``files``: path
inside the folder -> hex).  A file is used only if it has the digest given there; only regular files
of the folder are opened.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xai_core.files import MISSING, not_a_file, read_json, read_regular, write_json
from xai_core.scoring.cache_file import Notices, StoreKey, cache_file_name, cache_files_in, decode
from xai_core.types import FloatArray

MANIFEST = "manifest.json"
_NO_MANIFEST = (
    "The precomputed results have no manifest that can be read; they are not used, and computed "
    "where they are asked for."
)
_WRONG_DIGEST = (
    "Precomputed results of an image are not those their manifest names; they are not used, and "
    "computed where they are asked for."
)
_log = logging.getLogger(__name__)


class PrecomputedResults:
    """A folder of precomputed results.  Thread-safe; a missing folder counts as empty."""

    def __init__(self, folder: Path, model: str) -> None:
        """``model``: digest (hex), as in :class:`~xai_core.scoring.cache_file.StoreKey`; results
        of other models are ignored."""
        self._folder, self._model = folder, model
        self._notices = Notices()
        self._lock = threading.Lock()
        self._files: Mapping[str, str] | None = None

    def load(self, key: StoreKey) -> dict[str, FloatArray]:
        """The items stored under ``key``: name -> values (width,).

        A file that is damaged or not listed in the manifest counts as missing, and gives a notice.
        """
        name = cache_file_name(key)
        with self._lock:
            if self._files is None:
                self._files = self._digests()
        expected = self._files.get(name)
        if expected is None:
            # Without a usable manifest the notice was given already; with one, a file that it does
            # not list was not written by ``precompute``.
            if self._files and (self._folder / name).exists():
                self._notices.add(_WRONG_DIGEST, Path(name).name)
            return {}
        try:
            data = read_regular(self._folder / name, self._folder)
            if hashlib.sha256(data).hexdigest() != expected:
                raise ValueError("the digest differs from the manifest's")
            return decode(key, data)
        except (OSError, ValueError):
            self._notices.add(_WRONG_DIGEST, Path(name).name)
            return {}

    def _digests(self) -> Mapping[str, str]:
        """The manifest's digests by path; empty where it is missing, damaged or of another
        model."""
        manifest = read_json(self._folder / MANIFEST, self._folder)
        files, model = manifest.get("files"), manifest.get("model")
        if not isinstance(files, dict) or not isinstance(model, str):
            fault = not_a_file(self._folder)
            if (
                fault not in ("is a folder", MISSING)
                or manifest
                or any(cache_files_in(self._folder))
            ):
                self._notices.add(_NO_MANIFEST)
            return {}
        if model != self._model:
            # Not a warning: with weights of one's own this is expected.
            _log.info("the precomputed results belong to another model (%s)", model[:12])
            return {}
        return files

    def notices(self) -> tuple[str, ...]:
        """The problems so far, as sentences for the user."""
        return self._notices.sentences()


def write_manifest(folder: Path, model: str, command: str, about: Mapping[str, Any]) -> None:
    """Write the manifest of all logit caches in ``folder``, atomically.

    Args:
        folder: the folder of precomputed results.
        model: digest (hex) of the model, as in their keys.
        command: the command line that made them, without paths.
        about: further fields, JSON values.

    Raises:
        OSError: the folder cannot be written.
    """
    files = {
        path.relative_to(folder).as_posix(): hashlib.sha256(read_regular(path, folder)).hexdigest()
        for path in sorted(cache_files_in(folder))
    }
    place = folder / MANIFEST
    write_json(place, {**about, "command": command, "model": model, "files": files})
