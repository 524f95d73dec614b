"""The disk store: saved scores are loaded, and damaged files count as missing."""

from __future__ import annotations

import dataclasses
import errno
import logging
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from tests.support.irregular import NOT_REGULAR, make_irregular
from xai_core import files
from xai_core.files import whole_file
from xai_core.scoring.cache_file import Notices, StoreKey, cache_file_name, decode, encode
from xai_core.scoring.disk_store import DiskStore

KEY = StoreKey("1" * 64, "2" * 64, "logits", 2)
ITEMS = {
    "image/intact": np.array([0.5, -1.25], np.float32),
    "patches/24x24/ff": np.array([3.0, 4.0], np.float32),
}
MORE = {"patches/24x24/0f": np.array([-7.0, 1.5], np.float32)}


def only_file(folder: Path) -> Path:
    (path,) = folder.rglob("*.safetensors")
    return path


def test_saved_items_are_loaded(tmp_path: Path) -> None:
    assert DiskStore(tmp_path).save(KEY, ITEMS)
    found = DiskStore(tmp_path).load(KEY)
    assert found.keys() == ITEMS.keys()
    assert all(np.array_equal(found[k], ITEMS[k]) for k in ITEMS)


def test_new_key_has_no_items(tmp_path: Path) -> None:
    store = DiskStore(tmp_path)
    assert store.load(KEY) == {}
    assert store.notices() == ()


def test_two_models_in_one_folder_keep_their_own_scores_of_one_image(tmp_path: Path) -> None:
    other = dataclasses.replace(KEY, model="3" * 64)
    values = {name: array + 1 for name, array in ITEMS.items()}
    DiskStore(tmp_path).save(KEY, ITEMS)
    assert DiskStore(tmp_path).load(other) == {}
    DiskStore(tmp_path).save(other, values)
    store = DiskStore(tmp_path)
    for key, expected in ((KEY, ITEMS), (other, values)):
        found = store.load(key)
        assert found.keys() == expected.keys()
        assert all(np.array_equal(found[name], expected[name]) for name in expected)
    assert store.notices() == ()


def test_the_order_of_scoring_does_not_change_the_file(tmp_path: Path) -> None:
    DiskStore(tmp_path / "a").save(KEY, ITEMS)
    DiskStore(tmp_path / "b").save(KEY, dict(reversed(ITEMS.items())))
    a, b = only_file(tmp_path / "a"), only_file(tmp_path / "b")
    assert a.read_bytes() == b.read_bytes()


@pytest.mark.parametrize("keep", [0, 7, 60, -1])
def test_truncated_file_counts_as_missing_and_is_rewritten(tmp_path: Path, keep: int) -> None:
    store = DiskStore(tmp_path)
    store.save(KEY, ITEMS)
    path = only_file(tmp_path)
    path.write_bytes(path.read_bytes()[:keep])
    fresh = DiskStore(tmp_path)
    assert fresh.load(KEY) == {}
    assert fresh.save(KEY, ITEMS)
    assert fresh.load(KEY).keys() == ITEMS.keys()


@pytest.mark.parametrize("where", ["logits", "names"])
def test_changed_bit_is_detected_with_one_notice(
    tmp_path: Path, where: str, caplog: pytest.LogCaptureFixture
) -> None:
    DiskStore(tmp_path).save(KEY, ITEMS)
    path = only_file(tmp_path)
    data = bytearray(path.read_bytes())
    position = len(data) - 3 if where == "logits" else data.index(b"24x24")
    data[position] ^= 1
    path.write_bytes(data)
    store = DiskStore(tmp_path)
    with caplog.at_level(logging.WARNING):
        assert store.load(KEY) == {}
        assert store.load(KEY) == {}
    assert [record.levelname for record in caplog.records] == ["WARNING"], "once, not each time"
    assert path.name in caplog.text
    assert str(tmp_path) not in caplog.text
    (notice,) = store.notices()
    assert "damaged" in notice
    assert "computed again" in notice


def test_scores_without_a_checksum_are_ignored(tmp_path: Path) -> None:
    path = tmp_path / cache_file_name(KEY)
    path.parent.mkdir()
    save_file({"logits": np.ones((1, 2), np.float32)}, path, metadata={"names": '["image/intact"]'})
    assert DiskStore(tmp_path).load(KEY) == {}


def test_two_processes_add_to_one_file(tmp_path: Path) -> None:
    one, two = DiskStore(tmp_path), DiskStore(tmp_path)
    assert one.load(KEY) == two.load(KEY) == {}
    one.save(KEY, ITEMS)
    two.save(KEY, MORE)  # it never saw what the other one kept
    assert DiskStore(tmp_path).load(KEY).keys() == ITEMS.keys() | MORE.keys()


def test_unchanged_items_are_not_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = DiskStore(tmp_path)
    store.save(KEY, ITEMS)
    monkeypatch.setattr(
        "xai_core.scoring.disk_store.write_cache_file", None
    )  # would be called: TypeError
    assert store.save(KEY, ITEMS)
    again = DiskStore(tmp_path)
    assert again.save(KEY, again.load(KEY))


def test_file_removed_by_another_process_is_written_again(tmp_path: Path) -> None:
    store = DiskStore(tmp_path)
    store.save(KEY, ITEMS)
    only_file(tmp_path).unlink()
    assert store.save(KEY, ITEMS)
    assert DiskStore(tmp_path).load(KEY).keys() == ITEMS.keys()


def test_loading_updates_the_modification_time(tmp_path: Path) -> None:
    DiskStore(tmp_path).save(KEY, ITEMS)
    path = only_file(tmp_path)
    os.utime(path, (1e9, 1e9))
    DiskStore(tmp_path).load(KEY)
    assert time.time() - path.stat().st_mtime < 60


def test_no_partial_file_is_left(tmp_path: Path) -> None:
    DiskStore(tmp_path).save(KEY, ITEMS)
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize("stop", [OSError(errno.ENOSPC, "No space left on device"), None])
def test_full_disk_or_ctrl_c_leaves_the_old_file(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    stop: OSError | None,
) -> None:
    store = DiskStore(tmp_path)
    store.save(KEY, ITEMS)
    before = only_file(tmp_path).read_bytes()

    @contextmanager
    def half(place: Path) -> Iterator[BytesIO]:
        with whole_file(place) as stream:
            yield BytesIO()
            stream.write(b"half")
            raise stop or KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(files, "whole_file", half)
        if stop is None:
            with pytest.raises(KeyboardInterrupt):
                store.save(KEY, {**ITEMS, **MORE})
        else:
            assert store.save(KEY, {**ITEMS, **MORE}) is False
            assert store.save(KEY, {**ITEMS, **MORE}) is False
            (notice,) = store.notices()
            assert "No space left on device" in notice
            assert "results are shown" in notice
            assert caplog.text.count("No space left") == 1, "logged once"
            assert store.problem == "No space left on device"
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [only_file(tmp_path)]
    assert only_file(tmp_path).read_bytes() == before
    assert store.save(KEY, {**ITEMS, **MORE}), "saved once there is space again"
    assert store.problem is None


def test_folder_that_cannot_be_written_gives_one_notice(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    store = DiskStore(blocked)
    assert store.save(KEY, ITEMS) is False
    assert len(store.notices()) == 1


@pytest.mark.parametrize("what", NOT_REGULAR)
def test_what_is_no_regular_file_is_not_opened_and_counts_as_missing(
    tmp_path: Path, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    outside = tmp_path / "outside.safetensors"
    outside.write_bytes(encode(KEY, ITEMS))  # a valid cache, but not of this folder
    path = tmp_path / "store" / cache_file_name(KEY)
    make_irregular(what, path, outside)
    store = DiskStore(tmp_path / "store")
    assert store.load(KEY) == {}
    assert store.load(KEY) == {}
    (notice,) = store.notices()
    assert "no regular file" in notice
    assert "computed again" in notice
    assert caplog.text.count(path.name) == 1, "logged once"
    kept = store.save(KEY, MORE)
    assert kept == (what != "folder"), "replaced, but that a folder stays"
    assert (DiskStore(tmp_path / "store").load(KEY).keys() == MORE.keys()) == kept
    assert decode(KEY, outside.read_bytes()).keys() == ITEMS.keys()


def test_a_subfolder_that_is_a_link_is_neither_read_nor_written(tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "store"
    path = outside / Path(cache_file_name(KEY)).name
    outside.mkdir()
    path.write_bytes(encode(KEY, ITEMS))
    folder.mkdir()
    (folder / KEY.digest[:2]).symlink_to(outside)
    store = DiskStore(folder, limit=1)
    assert store.load(KEY) == {}
    assert store.save(KEY, MORE) is False
    assert len(store.notices()) == 2
    assert store.save(dataclasses.replace(KEY, image="3" * 64), MORE), "evicts nothing outside"
    assert decode(KEY, path.read_bytes()).keys() == ITEMS.keys()
    assert list(outside.iterdir()) == [path]


def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "store").symlink_to("elsewhere")
    assert DiskStore(tmp_path / "store").save(KEY, ITEMS)
    assert DiskStore(tmp_path / "store").load(KEY).keys() == ITEMS.keys()


def test_a_key_is_never_used_as_a_path(tmp_path: Path) -> None:
    key = dataclasses.replace(KEY, image="../../etc/passwd")
    assert re.fullmatch("[0-9a-f]{2}/[0-9a-f]{64}[.]safetensors", cache_file_name(key))


@pytest.mark.parametrize(
    "change", [{"image": "3" * 64}, {"model": "3" * 64}, {"content": "raw maps of a layer"}]
)
def test_file_copied_over_that_of_another_key_counts_as_damaged(
    tmp_path: Path, change: dict[str, str]
) -> None:
    other = dataclasses.replace(KEY, **change)
    assert other.digest != KEY.digest
    DiskStore(tmp_path).save(KEY, ITEMS)
    path = tmp_path / cache_file_name(other)
    path.parent.mkdir(exist_ok=True)
    shutil.copy(tmp_path / cache_file_name(KEY), path)
    store = DiskStore(tmp_path)
    assert store.load(other) == {}
    (notice,) = store.notices()
    assert "another image or model" in notice
    assert store.load(KEY).keys() == ITEMS.keys()


def test_file_of_another_width_counts_as_damaged(tmp_path: Path) -> None:
    DiskStore(tmp_path).save(KEY, {"image/intact": np.ones(3, np.float32)})
    store = DiskStore(tmp_path)
    assert store.load(KEY) == {}
    assert len(store.notices()) == 1


@pytest.mark.parametrize("length", range(1, 9))
def test_names_of_any_length_are_read_back(length: int) -> None:
    """The format pads its head to a multiple of 8 bytes: not at every length."""
    items = {"n" * length: np.array([1.0, 2.0], np.float32)}
    found = decode(KEY, encode(KEY, items))
    assert found.keys() == items.keys()


def test_values_are_kept_as_float32(tmp_path: Path) -> None:
    DiskStore(tmp_path).save(KEY, {"image/intact": np.array([0.1, 0.2])})
    (row,) = DiskStore(tmp_path).load(KEY).values()
    assert row.dtype == np.float32
    np.testing.assert_array_equal(row, np.array([0.1, 0.2], np.float32))


@pytest.mark.parametrize("name", ["image", "model", "content"])
def test_a_file_of_another_key_is_refused_by_what_differs(name: str) -> None:
    other = dataclasses.replace(KEY, **{name: "3" * 64})
    with pytest.raises(ValueError, match=f"scores of another {name}$"):
        decode(other, encode(KEY, ITEMS))


def test_a_score_that_is_not_finite_is_not_used(tmp_path: Path) -> None:
    DiskStore(tmp_path).save(KEY, {**ITEMS, "bad": np.array([np.nan, 0], np.float32)})
    store = DiskStore(tmp_path)
    assert store.load(KEY) == {}
    assert len(store.notices()) == 1


def test_nothing_to_keep_writes_nothing(tmp_path: Path) -> None:
    store = DiskStore(tmp_path / "store")
    assert store.save(KEY, {}) is True
    assert not (tmp_path / "store").exists()
    assert store.problem is None
    assert store.removed == 0


def test_a_sentence_is_told_once_and_logged_once_for_each_file(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    notices = Notices()
    for file in ("b.safetensors", "a.safetensors", "b.safetensors"):
        notices.add("Damaged.", file)
    notices.add("Full.")
    notices.add("Full.")
    notices.add("Damaged.", "a.safetensors")
    assert notices.sentences() == ("Damaged.", "Full.")
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "Damaged. (b.safetensors)"),
        ("INFO", "Damaged. (a.safetensors)"),
        ("WARNING", "Full."),
    ]
