"""Scorebooks on disk: what was kept comes back; damage is absence, never a wrong score."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from xai_core.store.books import BookStore

KEY = "ab" + "0" * 62
ITEMS = {
    "image/intact": np.array([0.5, -1.25], np.float32),
    "patches/24x24/ff": np.array([3.0, 4.0], np.float32),
}


def test_what_was_kept_comes_back(tmp_path: Path) -> None:
    assert BookStore(tmp_path).save(KEY, ITEMS)
    found = BookStore(tmp_path).load(KEY)
    assert found.keys() == ITEMS.keys()
    assert all(np.array_equal(found[k], ITEMS[k]) for k in ITEMS)


def test_nothing_is_known_of_a_new_key(tmp_path: Path) -> None:
    assert BookStore(tmp_path).load(KEY) == {}


@pytest.mark.parametrize("keep", [0, 7, 60])
def test_a_truncated_file_is_as_good_as_absent_and_written_anew(tmp_path: Path, keep: int) -> None:
    store = BookStore(tmp_path)
    store.save(KEY, ITEMS)
    (path,) = tmp_path.rglob("*.safetensors")
    path.write_bytes(path.read_bytes()[:keep])
    fresh = BookStore(tmp_path)
    assert fresh.load(KEY) == {}
    assert fresh.save(KEY, ITEMS)
    assert fresh.load(KEY).keys() == ITEMS.keys()


def test_no_part_file_stays(tmp_path: Path) -> None:
    BookStore(tmp_path).save(KEY, ITEMS)
    assert not list(tmp_path.rglob("*.part"))


def test_a_folder_that_cannot_be_written_costs_nothing_but_memory(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    assert BookStore(blocked).save(KEY, ITEMS) is False


def test_a_key_is_a_digest_and_never_a_path(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="digest"):
        BookStore(tmp_path).load("../../etc/passwd")
