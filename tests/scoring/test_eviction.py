"""Eviction: the files used longest ago are removed, also with several processes in the folder."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from xai_core import files
from xai_core.files import whole_file
from xai_core.scoring import disk_store
from xai_core.scoring.cache_file import StoreKey, cache_file_name
from xai_core.scoring.disk_store import DiskStore

ITEMS = {f"patches/24x24/{i:x}": np.array([i, -i], np.float32) for i in range(20)}


def key(i: int) -> StoreKey:
    return StoreKey(f"{i:02x}" * 32, "1" * 64, "logits", 2)


def keys_in(folder: Path) -> set[str]:
    return {path.stem for path in folder.rglob("*.safetensors")}


@pytest.fixture
def five(tmp_path: Path) -> Path:
    """Five logit caches of equal size, the first one used longest ago."""
    store = DiskStore(tmp_path)
    for i in range(5):
        store.save(key(i), ITEMS)
        os.utime(path_of(tmp_path, i), (1e9 + i, 1e9 + i))
    return tmp_path


def path_of(folder: Path, i: int) -> Path:
    return folder / cache_file_name(key(i))


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*.safetensors"))


def test_nothing_is_evicted_within_the_limit(five: Path) -> None:
    DiskStore(five, limit=size(five) * 2).save(key(9), ITEMS)
    assert len(keys_in(five)) == 6


def test_files_used_longest_ago_are_evicted(five: Path) -> None:
    limit = size(five) // 5 * 3
    store = DiskStore(five, limit)
    store.load(key(0))  # used now: no longer the oldest
    store.save(key(9), ITEMS)
    assert keys_in(five) == {key(0).digest, key(4).digest, key(9).digest}
    assert store.removed == 3
    assert size(five) <= limit


def test_file_just_written_is_never_evicted(five: Path) -> None:
    DiskStore(five, limit=1).save(key(9), ITEMS)
    assert keys_in(five) == {key(9).digest}


def test_without_a_limit_nothing_is_evicted(five: Path) -> None:
    DiskStore(five).save(key(9), ITEMS)
    assert len(keys_in(five)) == 6


def test_other_files_are_neither_counted_nor_evicted(five: Path) -> None:
    other = five / "engine" / "network.ir"
    other.parent.mkdir()
    other.write_bytes(b"x" * 10 * size(five))
    os.utime(other, (1e8, 1e8))
    DiskStore(five, limit=size(five) * 2).save(key(9), ITEMS)
    assert len(keys_in(five)) == 6
    assert other.exists()


def test_file_removed_by_another_process_during_eviction(
    five: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlink = Path.unlink

    def too_late(self: Path, missing_ok: bool = False) -> None:
        unlink(self)
        raise FileNotFoundError(self)

    monkeypatch.setattr(Path, "unlink", too_late)
    one = path_of(five, 0).stat().st_size
    assert disk_store.evict(five, limit=3 * one, keep=path_of(five, 4)) == 0
    assert keys_in(five) == {key(2).digest, key(3).digest, key(4).digest}, (
        "counted as gone, so no others go for it"
    )


def test_file_used_during_eviction_is_kept(five: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stat, oldest, seen = disk_store._stat, path_of(five, 0), []

    def stat_then_use(path: Path) -> os.stat_result | None:
        found = stat(path)
        if path == oldest and not seen:
            seen.append(path)
            os.utime(path)
        return found

    monkeypatch.setattr(disk_store, "_stat", stat_then_use)
    one = oldest.stat().st_size
    assert disk_store.evict(five, limit=4 * one, keep=path_of(five, 4)) == 1
    assert keys_in(five) == {key(0).digest, key(2).digest, key(3).digest, key(4).digest}


def test_recent_partial_file_is_kept_and_abandoned_one_removed(five: Path) -> None:
    young = path_of(five, 0).with_name(".a.safetensors.1.part")
    old = path_of(five, 1).with_name(".b.safetensors.2.part")
    for path in (young, old):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 7200,) * 2)
    DiskStore(five, limit=1).save(key(9), ITEMS)
    assert young.exists()
    assert not old.exists()


def test_leftovers_of_dead_processes_are_removed_when_the_store_is_opened(five: Path) -> None:
    """Of any destination: no later write names the same file."""
    mine, theirs = ".{}." + files._machine() + "00000000.part", ".{}.11111111-22222222.part"
    names = ("a" * 64 + ".safetensors", "b" * 32 + ".ir")
    folders = (five / "ab", five / "engine")
    dead = [at / mine.format(name) for at, name in zip(folders, names, strict=True)]
    young = [at / theirs.format(name) for at, name in zip(folders, names, strict=True)]
    foreign = [five / "ab" / ".notes.part", five / "ab" / "film.part", five / ".a.part"]
    for path in (*dead, *young, *foreign):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"half")
    for path in foreign:
        os.utime(path, (1e9, 1e9))
    with whole_file(path_of(five, 3)) as stream:
        stream.write(b"half")
        DiskStore(five)
        assert len(list(path_of(five, 3).parent.glob(".*.part"))) == 1, "it is being written"
        stream.seek(0)
        stream.write(b"whole")
    assert path_of(five, 3).read_bytes() == b"whole"
    assert not any(path.exists() for path in dead)
    assert all(path.exists() for path in (*young, *foreign))


def test_partial_files_count_towards_the_limit(five: Path) -> None:
    one = path_of(five, 0).stat().st_size
    with whole_file(path_of(five, 4)) as stream:  # another process: its lock is of its own
        stream.write(b"x" * one)
        stream.flush()
        removed = disk_store.evict(five, limit=4 * one, keep=path_of(five, 4))
        stream.write(b"x")
    assert removed == 2
    assert keys_in(five) == {key(2).digest, key(3).digest, key(4).digest}


def test_eviction_without_permission_removes_nothing(
    five: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError(self)

    monkeypatch.setattr(Path, "unlink", refuse)
    assert disk_store.evict(five, limit=1, keep=path_of(five, 4)) == 0
    assert len(keys_in(five)) == 5


def test_concurrent_stores_in_one_folder_read_only_complete_files(tmp_path: Path) -> None:
    DiskStore(tmp_path).save(key(0), ITEMS)
    limit = 5 * path_of(tmp_path, 0).stat().st_size
    stores = [DiskStore(tmp_path, limit), DiskStore(tmp_path, limit)]  # a lock each, as processes

    def work(store: DiskStore) -> None:
        for i in range(80):
            assert store.save(key(i % 11), ITEMS)
            assert store.load(key(i % 7)).keys() in (set(), ITEMS.keys())

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(work, store) for store in stores]:
            done.result()
    assert [store.notices() for store in stores] == [(), ()], "nothing damaged was met"
    assert size(tmp_path) <= limit
    assert not list(tmp_path.rglob("*.part"))


def test_a_folder_exactly_as_large_as_the_limit_is_within_it(five: Path) -> None:
    assert disk_store.evict(five, limit=size(five), keep=path_of(five, 4)) == 0
    assert disk_store.evict(five, limit=size(five) - 1, keep=path_of(five, 4)) == 1
    assert key(0).digest not in keys_in(five)


def test_for_a_file_that_cannot_be_removed_the_next_one_goes(
    five: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlink, oldest = Path.unlink, path_of(five, 0)

    def refuse_oldest(self: Path, missing_ok: bool = False) -> None:
        if self == oldest:
            raise PermissionError(self)
        unlink(self, missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse_oldest)
    one = oldest.stat().st_size
    assert disk_store.evict(five, limit=3 * one, keep=path_of(five, 4)) == 2
    assert keys_in(five) == {key(0).digest, key(3).digest, key(4).digest}


def test_a_file_gone_since_the_listing_is_not_counted(
    five: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stat, oldest, seen = disk_store._stat, path_of(five, 0), []

    def stat_then_remove(path: Path) -> os.stat_result | None:
        found = stat(path)
        if path == oldest and not seen:
            seen.append(path)
            path.unlink()
        return found

    monkeypatch.setattr(disk_store, "_stat", stat_then_remove)
    one = oldest.stat().st_size
    assert disk_store.evict(five, limit=3 * one, keep=path_of(five, 4)) == 1
    assert keys_in(five) == {key(2).digest, key(3).digest, key(4).digest}


@pytest.mark.parametrize(("more", "checked"), [(0, [0, 1, 2, 3, 4]), (64, [0, 2, 4])])
def test_the_size_is_checked_after_each_64th_of_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: int, checked: list[int]
) -> None:
    DiskStore(tmp_path / "one").save(key(0), ITEMS)
    limit = 64 * size(tmp_path / "one") + more  # files are equally large; with more, just below
    store, found = DiskStore(tmp_path / "store", limit), []
    for i in range(5):
        monkeypatch.setattr(disk_store, "evict", lambda *_, i=i, **__: found.append(i) or 0)
        store.save(key(i), ITEMS)
    assert found == checked
