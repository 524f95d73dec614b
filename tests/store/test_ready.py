"""Ready results: read first, never written, and believed only with the manifest's digest."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import numpy as np
import pytest

from xai_core.settings import READY, Settings
from xai_core.store.books import BookStore, open_books
from xai_core.store.ready import MANIFEST, ReadyBooks, write_manifest

KEY, FOREIGN = "ab" + "0" * 62, "cd" + "1" * 62
WEIGHTS = "5" * 64
ITEMS = {
    "image/intact": np.array([0.5, -1.25], np.float32),
    "patches/24x24/ff": np.array([3.0, 4.0], np.float32),
}
MORE = {"patches/24x24/0f": np.array([-7.0, 1.5], np.float32)}


@pytest.fixture
def ready(tmp_path: Path) -> Path:
    """A folder of one ready book with its manifest."""
    folder = tmp_path / "ready"
    BookStore(folder).save(KEY, ITEMS)
    write_manifest(folder, WEIGHTS, "python -m xai_core warm library", {"made_by": "test"})
    return folder


def contents(folder: Path) -> dict[Path, tuple[bytes, int]]:
    return {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in folder.rglob("*") if p.is_file()}


def open_both(ready: Path, weights: str = WEIGHTS) -> BookStore:
    return BookStore(ready.with_name("own"), ready=ReadyBooks(ready, weights))


def test_the_manifest_names_weights_command_and_every_book(ready: Path) -> None:
    manifest = json.loads((ready / MANIFEST).read_text())
    assert manifest["weights"] == WEIGHTS
    assert manifest["command"] == "python -m xai_core warm library"
    assert list(manifest["files"]) == [f"ab/{KEY}.safetensors"]


def test_ready_results_are_read_and_nothing_is_written(ready: Path) -> None:
    before = contents(ready)
    store = open_both(ready)
    found = store.load(KEY)
    assert found.keys() == ITEMS.keys()
    assert all(np.array_equal(found[k], ITEMS[k]) for k in ITEMS)
    assert store.save(KEY, found)
    assert not ready.with_name("own").exists(), "what is ready need not be kept again"
    assert contents(ready) == before
    assert store.remarks() == ()


def test_what_is_scored_beyond_them_goes_to_the_writable_store(ready: Path) -> None:
    before = contents(ready)
    store = open_both(ready)
    assert store.save(KEY, {**store.load(KEY), **MORE})
    assert contents(ready) == before
    assert open_both(ready).load(KEY).keys() == ITEMS.keys() | MORE.keys()


def test_a_missing_folder_is_an_empty_one(tmp_path: Path) -> None:
    store = open_both(tmp_path / "none")
    assert store.load(KEY) == {}
    assert store.remarks() == ()
    assert not (tmp_path / "none").exists()


def test_an_empty_folder_is_fine(tmp_path: Path) -> None:
    (tmp_path / "ready").mkdir()
    store = open_both(tmp_path / "ready")
    assert store.load(KEY) == {}
    assert store.remarks() == ()


@pytest.mark.parametrize("what", ["another whole book", "a changed bit", "gone", "not named"])
def test_a_book_that_is_not_the_manifests_is_ignored_and_said(
    ready: Path, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    key = KEY
    path = ready / "ab" / f"{KEY}.safetensors"
    if what == "another whole book":
        path.unlink()
        BookStore(ready).save(KEY, MORE)
    elif what == "a changed bit":
        data = bytearray(path.read_bytes())
        data[-1] ^= 1
        path.write_bytes(data)
    elif what == "gone":
        path.unlink()
    else:
        key = FOREIGN
        BookStore(ready).save(FOREIGN, ITEMS)
    store = open_both(ready)
    with caplog.at_level(logging.WARNING):
        assert store.load(key) == {}
        assert store.load(key) == {}
    (said,) = store.remarks()
    assert "not those their manifest names" in said
    assert len(caplog.records) == 1
    assert f"{key}.safetensors" in caplog.text
    assert str(ready.parent) not in caplog.text
    assert store.save(key, ITEMS), "it is scored and kept as if there were none"
    assert open_both(ready).load(key).keys() == ITEMS.keys()


@pytest.mark.parametrize(
    "text", [None, "", "{", "[]", '{"files": {}}', '{"files": 1, "weights": 2}']
)
def test_books_without_a_manifest_are_ignored_and_said(ready: Path, text: str | None) -> None:
    manifest = ready / MANIFEST
    manifest.unlink() if text is None else manifest.write_text(text)
    store = open_both(ready)
    assert store.load(KEY) == {}
    (said,) = store.remarks()
    assert "no manifest" in said


def test_results_of_other_weights_are_no_use_and_no_warning(
    ready: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = open_both(ready, weights="6" * 64)
    with caplog.at_level(logging.INFO):
        assert store.load(KEY) == {}
    assert store.remarks() == ()
    assert [record.levelname for record in caplog.records] == ["INFO"]


def test_the_settings_open_both(ready: Path, tmp_path: Path) -> None:
    settings = Settings(store=tmp_path / "own", ready=ready, store_limit=1)
    store = open_books(settings, WEIGHTS)
    assert store.load(KEY).keys() == ITEMS.keys()
    store.save(FOREIGN, ITEMS)
    store.save("ef" + "2" * 62, ITEMS)
    assert store.removed == 1, "the limit of the settings holds"


def test_ready_results_are_looked_for_beside_the_weights() -> None:
    assert Settings().ready == READY
    assert READY.parts[-2:] == ("assets", "explanations")
