"""Precomputed results: read first, never written, and believed only with the manifest's digest."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import numpy as np
import pytest

from xai_core.scoring.disk_store import DiskStore, open_disk_store
from xai_core.scoring.precomputed import MANIFEST, PrecomputedResults, write_manifest
from xai_core.settings import PRECOMPUTED, Settings

KEY, FOREIGN = "ab" + "0" * 62, "cd" + "1" * 62
WEIGHTS = "5" * 64
ITEMS = {
    "image/intact": np.array([0.5, -1.25], np.float32),
    "patches/24x24/ff": np.array([3.0, 4.0], np.float32),
}
MORE = {"patches/24x24/0f": np.array([-7.0, 1.5], np.float32)}


@pytest.fixture
def precomputed(tmp_path: Path) -> Path:
    """A folder of one ready book with its manifest."""
    folder = tmp_path / "ready"
    DiskStore(folder).save(KEY, ITEMS)
    write_manifest(folder, WEIGHTS, "python -m xai_core warm library", {"made_by": "test"})
    return folder


def contents(folder: Path) -> dict[Path, tuple[bytes, int]]:
    return {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in folder.rglob("*") if p.is_file()}


def open_both(precomputed: Path, weights: str = WEIGHTS) -> DiskStore:
    return DiskStore(
        precomputed.with_name("own"), precomputed=PrecomputedResults(precomputed, weights)
    )


def test_the_manifest_names_weights_command_and_every_book(precomputed: Path) -> None:
    manifest = json.loads((precomputed / MANIFEST).read_text())
    assert manifest["weights"] == WEIGHTS
    assert manifest["command"] == "python -m xai_core warm library"
    assert list(manifest["files"]) == [f"ab/{KEY}.safetensors"]


def test_ready_results_are_read_and_nothing_is_written(precomputed: Path) -> None:
    before = contents(precomputed)
    store = open_both(precomputed)
    found = store.load(KEY)
    assert found.keys() == ITEMS.keys()
    assert all(np.array_equal(found[k], ITEMS[k]) for k in ITEMS)
    assert store.save(KEY, found)
    assert not precomputed.with_name("own").exists(), "what is ready need not be kept again"
    assert contents(precomputed) == before
    assert store.notices() == ()


def test_what_is_scored_beyond_them_goes_to_the_writable_store(precomputed: Path) -> None:
    before = contents(precomputed)
    store = open_both(precomputed)
    assert store.save(KEY, {**store.load(KEY), **MORE})
    assert contents(precomputed) == before
    assert open_both(precomputed).load(KEY).keys() == ITEMS.keys() | MORE.keys()


def test_a_missing_folder_is_an_empty_one(tmp_path: Path) -> None:
    store = open_both(tmp_path / "none")
    assert store.load(KEY) == {}
    assert store.notices() == ()
    assert not (tmp_path / "none").exists()


def test_an_empty_folder_is_fine(tmp_path: Path) -> None:
    (tmp_path / "ready").mkdir()
    store = open_both(tmp_path / "ready")
    assert store.load(KEY) == {}
    assert store.notices() == ()


@pytest.mark.parametrize("what", ["another whole book", "a changed bit", "gone", "not named"])
def test_a_book_that_is_not_the_manifests_is_ignored_and_said(
    precomputed: Path, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    key = KEY
    path = precomputed / "ab" / f"{KEY}.safetensors"
    if what == "another whole book":
        path.unlink()
        DiskStore(precomputed).save(KEY, MORE)
    elif what == "a changed bit":
        data = bytearray(path.read_bytes())
        data[-1] ^= 1
        path.write_bytes(data)
    elif what == "gone":
        path.unlink()
    else:
        key = FOREIGN
        DiskStore(precomputed).save(FOREIGN, ITEMS)
    store = open_both(precomputed)
    with caplog.at_level(logging.WARNING):
        assert store.load(key) == {}
        assert store.load(key) == {}
    (said,) = store.notices()
    assert "not those their manifest names" in said
    assert len(caplog.records) == 1
    assert f"{key}.safetensors" in caplog.text
    assert str(precomputed.parent) not in caplog.text
    assert store.save(key, ITEMS), "it is scored and kept as if there were none"
    assert open_both(precomputed).load(key).keys() == ITEMS.keys()


@pytest.mark.parametrize(
    "text", [None, "", "{", "[]", '{"files": {}}', '{"files": 1, "weights": 2}']
)
def test_books_without_a_manifest_are_ignored_and_said(precomputed: Path, text: str | None) -> None:
    manifest = precomputed / MANIFEST
    manifest.unlink() if text is None else manifest.write_text(text)
    store = open_both(precomputed)
    assert store.load(KEY) == {}
    (said,) = store.notices()
    assert "no manifest" in said


def test_results_of_other_weights_are_no_use_and_no_warning(
    precomputed: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = open_both(precomputed, weights="6" * 64)
    with caplog.at_level(logging.INFO):
        assert store.load(KEY) == {}
    assert store.notices() == ()
    assert [record.levelname for record in caplog.records] == ["INFO"]


def test_the_settings_open_both(precomputed: Path, tmp_path: Path) -> None:
    settings = Settings(store=tmp_path / "own", precomputed=precomputed, store_limit=1)
    store = open_disk_store(settings, WEIGHTS)
    assert store.load(KEY).keys() == ITEMS.keys()
    store.save(FOREIGN, ITEMS)
    store.save("ef" + "2" * 62, ITEMS)
    assert store.removed == 1, "the limit of the settings holds"


def test_ready_results_are_looked_for_beside_the_weights() -> None:
    assert Settings().precomputed == PRECOMPUTED
    assert PRECOMPUTED.parts[-2:] == ("assets", "explanations")
