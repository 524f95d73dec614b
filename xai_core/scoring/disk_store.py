"""The disk store: a folder of logit caches, with eviction to stay within a limit of size.

What was scored once is not scored again, in this process or a later one.  There is one file per
:class:`~xai_core.scoring.cache_file.StoreKey`, see :mod:`xai_core.scoring.cache_file`.
Precomputed results are read first and never written; further scores go to the store's own folder.
Damaged files and a full disk only cost computing time: results are still shown, and a notice is
given once.

Only regular files of the folder are opened: a pipe, a device, a socket, a folder or a link with the
name of a logit cache counts as missing, and gives a notice.

Several processes may share the folder.  What a killed one left half written is removed when the
store is opened, and at each check of the size; until then it counts.  Eviction removes the files
used longest ago; a file that another process has removed already is skipped, and one that was read
or written meanwhile stays.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from xai_core.files import NotRegular, read_regular, refuse_links, remove_abandoned
from xai_core.scoring.cache_file import (
    Notices,
    StoreKey,
    cache_file_name,
    cache_files_in,
    decode,
    partial_files_in,
    write_cache_file,
)
from xai_core.scoring.precomputed import PrecomputedResults
from xai_core.settings import Settings
from xai_core.types import FloatArray

# --- Eviction ---------------------------------------------------------------------------------


def evict(folder: Path, limit: int, keep: Path) -> int:
    """Remove logit caches, the one used longest ago first, until at most ``limit`` bytes are left.

    Args:
        folder: the folder of logit caches; other files in it are neither counted nor removed, but
            that partial files count.
        limit: bytes.
        keep: the file written last; it stays even if it alone is larger than the limit.

    Returns:
        The number of files removed.
    """
    remove_abandoned(partial_files_in(folder))
    found = [(path, stat) for path in cache_files_in(folder) if (stat := _stat(path)) is not None]
    total = sum(stat.st_size for _, stat in found)
    total += sum(stat.st_size for path in partial_files_in(folder) if (stat := _stat(path)))
    removed = 0
    for path, stat in sorted(found, key=lambda file: file[1].st_mtime_ns):
        if total <= limit:
            break
        if path == keep:
            continue
        now = _stat(path)
        if now is not None and now.st_mtime_ns != stat.st_mtime_ns:
            continue  # used since the listing
        if now is not None:
            try:
                path.unlink()
            except FileNotFoundError:
                pass  # removed by another process
            except OSError:
                continue  # in use (Windows), or no permission
            else:
                removed += 1
        total -= stat.st_size
    return removed


def _stat(path: Path) -> os.stat_result | None:
    """The file's size and times; None where it does not exist."""
    try:
        return path.lstat()
    except OSError:
        return None


# --- The store --------------------------------------------------------------------------------

_DAMAGED = (
    "Scores kept for an image are damaged or those of another image or model, and not used; they "
    "are computed again."
)
_NOT_A_FILE = (
    "Something in the store's folder has the name of kept scores but is no regular file (it is a "
    "link, a folder, a pipe or a device); it is not opened, and the scores are computed again."
)
_CHECKS_PER_LIMIT = 64  # size checks of the folder while as many bytes as the limit are written

_FileIdentity = tuple[int, int] | None
"""Inode and size; None where there is no file."""


class DiskStore:
    """A folder of caches.  Thread-safe; several processes may share the folder.

    Attributes:
        problem: why the last logit cache could not be written; None where it was.
        removed: how many files this process removed to stay within the limit.
    """

    def __init__(
        self, folder: Path, limit: int | None = None, precomputed: PrecomputedResults | None = None
    ) -> None:
        """
        Args:
            folder: created when the first logit cache is written.
            limit: bytes of logit caches in the folder; None for no limit.  Each process checks the
                folder's size whenever it has written a 64th of the limit, so that it exceeds the
                limit by no more than that.
            precomputed: precomputed results; None for none.
        """
        self.folder = folder
        self.problem: str | None = None
        self.removed = 0
        self._limit, self._precomputed = limit, precomputed
        self._notices = Notices()
        self._lock = threading.Lock()
        # Key -> the file when it was last read or written, and the number of its items.
        self._known: dict[StoreKey, tuple[_FileIdentity, int]] = {}
        # Bytes written since the last size check; starts at the limit, so that the first write
        # checks the size.
        self._written = limit or 0
        with suppress(OSError):
            remove_abandoned(partial_files_in(folder))

    def load(self, key: StoreKey) -> dict[str, FloatArray]:
        """The items stored under ``key``: name -> values (width,).

        A damaged file counts as missing, and gives a notice; so does what is no regular file.
        """
        path = self.folder / cache_file_name(key)
        identity = _file_identity(path)
        found = self._read(key, path)
        if found:
            with suppress(OSError):  # in a read-only folder nothing is evicted anyway
                os.utime(path)  # marks the file as used now: it is evicted last
        if self._precomputed is not None:
            found = {**self._precomputed.load(key), **found}
        with self._lock:
            self._known[key] = identity, len(found)
        return found

    def _read(self, key: StoreKey, path: Path) -> dict[str, FloatArray]:
        try:
            return decode(key, read_regular(path, self.folder))
        except NotRegular:
            self._notices.add(_NOT_A_FILE, path.name)
            return {}
        except OSError:  # missing, removed by another process, or no permission
            return {}
        except ValueError:
            self._notices.add(_DAMAGED, path.name)
            return {}

    def save(self, key: StoreKey, items: Mapping[str, FloatArray]) -> bool:
        """Store ``items`` under ``key``; False where the folder cannot be written.

        With a full or read-only disk the next start has to compute the scores again; this process
        is not affected.  Items that another process stored under ``key`` meanwhile are kept.
        """
        path = self.folder / cache_file_name(key)
        with self._lock:
            if not items or self._known.get(key) == (_file_identity(path), len(items)):
                return True
            try:
                refuse_links(path.parent, self.folder)
                self._written += write_cache_file(path, key, {**self._read(key, path), **items})
            except OSError as problem:
                self.problem = problem.strerror or type(problem).__name__
                self._notices.add(
                    f"Scores cannot be kept ({self.problem}): results are shown as always, but the "
                    "next start computes them again; free some space, or name another folder with "
                    "XAI_STORE."
                )
                return False
            self.problem = None
            self._known[key] = _file_identity(path), len(items)
            if self._limit is not None and self._written >= self._limit / _CHECKS_PER_LIMIT:
                self._written = 0
                with suppress(OSError):  # the folder is being emptied: no eviction is needed
                    self.removed += evict(self.folder, self._limit, keep=path)
            return True

    def notices(self) -> tuple[str, ...]:
        """The problems so far, as sentences for the user."""
        own = self._notices.sentences()
        return own + (self._precomputed.notices() if self._precomputed else ())


def _file_identity(path: Path) -> _FileIdentity:
    """Distinguishes a file from one that replaces it; None where there is none."""
    stat = _stat(path)
    # Not its times: reading changes them.
    return None if stat is None else (stat.st_ino, stat.st_size)


def open_disk_store(settings: Settings, model: str) -> DiskStore:
    """The disk store with the precomputed results of ``settings``.

    ``model``: digest (hex), as in :class:`~xai_core.scoring.cache_file.StoreKey`.
    """
    return DiskStore(
        settings.store, settings.store_limit, PrecomputedResults(settings.precomputed, model)
    )
