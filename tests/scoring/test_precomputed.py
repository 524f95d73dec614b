"""Precomputed results: read first, never written, and used only with the manifest's digest."""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path

import numpy as np
import pytest

from tests.support.irregular import NOT_REGULAR, make_irregular
from xai_core.scoring.cache_file import StoreKey, cache_file_name
from xai_core.scoring.disk_store import DiskStore, open_disk_store
from xai_core.scoring.precomputed import MANIFEST, PrecomputedResults, write_manifest
from xai_core.settings import PRECOMPUTED, Settings

MODEL = "5" * 64
KEY, FOREIGN, THIRD = (StoreKey(image * 64, MODEL, "logits", 2) for image in "012")
ITEMS = {
    "image/intact": np.array([0.5, -1.25], np.float32),
    "patches/24x24/ff": np.array([3.0, 4.0], np.float32),
}
MORE = {"patches/24x24/0f": np.array([-7.0, 1.5], np.float32)}


@pytest.fixture
def precomputed(tmp_path: Path) -> Path:
    """A folder of one precomputed logit cache with its manifest."""
    folder = tmp_path / "precomputed"
    DiskStore(folder).save(KEY, ITEMS)
    write_manifest(folder, MODEL, "python -m xai_core precompute library", {"made_by": "test"})
    return folder


def contents(folder: Path) -> dict[Path, tuple[bytes, int]]:
    return {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in folder.rglob("*") if p.is_file()}


def open_both(precomputed: Path, model: str = MODEL) -> DiskStore:
    return DiskStore(
        precomputed.with_name("own"), precomputed=PrecomputedResults(precomputed, model)
    )


def test_manifest_holds_model_command_and_every_file(precomputed: Path) -> None:
    manifest = json.loads((precomputed / MANIFEST).read_text())
    assert manifest["model"] == MODEL
    assert manifest["command"] == "python -m xai_core precompute library"
    assert manifest["made_by"] == "test"
    path = precomputed / cache_file_name(KEY)
    expected = hashlib.sha256(path.read_bytes()).hexdigest()
    assert manifest["files"] == {cache_file_name(KEY): expected}


def test_precomputed_results_are_read_and_nothing_is_written(precomputed: Path) -> None:
    before = contents(precomputed)
    store = open_both(precomputed)
    found = store.load(KEY)
    assert found.keys() == ITEMS.keys()
    assert all(np.array_equal(found[k], ITEMS[k]) for k in ITEMS)
    assert store.save(KEY, found)
    assert not precomputed.with_name("own").exists(), "precomputed scores are not stored again"
    assert contents(precomputed) == before
    assert store.notices() == ()


def test_a_file_in_place_of_the_folder_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a file"
    path.write_text("x")
    store = DiskStore(tmp_path / "own", precomputed=PrecomputedResults(path, MODEL))
    assert store.load(KEY) == {}
    assert "no manifest that can be read" in store.notices()[0]


def test_further_scores_are_written_to_the_store(precomputed: Path) -> None:
    before = contents(precomputed)
    store = open_both(precomputed)
    assert store.save(KEY, {**store.load(KEY), **MORE})
    assert contents(precomputed) == before
    assert open_both(precomputed).load(KEY).keys() == ITEMS.keys() | MORE.keys()


def test_missing_folder_counts_as_empty(tmp_path: Path) -> None:
    store = open_both(tmp_path / "none")
    assert store.load(KEY) == {}
    assert store.notices() == ()
    assert not (tmp_path / "none").exists()


def test_empty_folder_gives_no_notice(tmp_path: Path) -> None:
    (tmp_path / "precomputed").mkdir()
    store = open_both(tmp_path / "precomputed")
    assert store.load(KEY) == {}
    assert store.notices() == ()


@pytest.mark.parametrize("what", ["another intact file", "a changed bit", "gone", "not named"])
def test_file_without_the_manifests_digest_is_ignored_with_a_notice(
    precomputed: Path, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    key = KEY
    path = precomputed / cache_file_name(KEY)
    if what == "another intact file":
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
    (notice,) = store.notices()
    assert "not those their manifest names" in notice
    assert len(caplog.records) == 1
    assert f"{key.digest}.safetensors" in caplog.text
    assert str(precomputed.parent) not in caplog.text
    assert store.save(key, ITEMS), "stored as if there were no precomputed results"
    assert open_both(precomputed).load(key).keys() == ITEMS.keys()


@pytest.mark.parametrize("what", NOT_REGULAR)
@pytest.mark.parametrize("of", ["manifest", "cache"])
def test_what_is_no_regular_file_is_not_opened(precomputed: Path, of: str, what: str) -> None:
    aside = precomputed.with_name("aside")
    path = precomputed / (MANIFEST if of == "manifest" else cache_file_name(KEY))
    aside.write_bytes(path.read_bytes())  # the right content, but outside
    make_irregular(what, path, aside)
    store = open_both(precomputed)
    assert store.load(KEY) == {}
    (notice,) = store.notices()
    assert ("no manifest" if of == "manifest" else "not those their manifest names") in notice


def test_the_manifest_lists_only_regular_files(precomputed: Path) -> None:
    for what in NOT_REGULAR:
        name = f"ab/{what}.safetensors"
        make_irregular(what, precomputed / name, precomputed / cache_file_name(KEY))
    write_manifest(precomputed, MODEL, "a command", {})
    manifest = json.loads((precomputed / MANIFEST).read_text())
    assert list(manifest["files"]) == [cache_file_name(KEY)]


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "{",
        "[]",
        '{"files": {}}',
        '{"files": 1, "model": 2}',
        f'{{"files": 1, "model": "{MODEL}"}}',
    ],
)
def test_files_without_a_manifest_are_ignored_with_a_notice(
    precomputed: Path, text: str | None
) -> None:
    manifest = precomputed / MANIFEST
    manifest.unlink() if text is None else manifest.write_text(text)
    store = open_both(precomputed)
    assert store.load(KEY) == {}
    (notice,) = store.notices()
    assert "no manifest" in notice


def test_results_of_another_model_are_ignored_without_a_notice(
    precomputed: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = open_both(precomputed, model="6" * 64)
    with caplog.at_level(logging.INFO):
        assert store.load(KEY) == {}
    assert store.notices() == ()
    assert [record.levelname for record in caplog.records] == ["INFO"]


def test_open_disk_store_uses_store_limit_and_precomputed_results(
    precomputed: Path, tmp_path: Path
) -> None:
    settings = Settings(store=tmp_path / "own", precomputed=precomputed, store_limit=1)
    store = open_disk_store(settings, MODEL)
    assert store.load(KEY).keys() == ITEMS.keys()
    store.save(FOREIGN, ITEMS)
    store.save(THIRD, ITEMS)
    assert store.removed == 1, "the limit of the settings holds"


def test_default_folder_of_precomputed_results() -> None:
    assert Settings().precomputed == PRECOMPUTED
    assert PRECOMPUTED.parts[-2:] == ("assets", "explanations")
