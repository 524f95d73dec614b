"""The contract of every source of cases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.cases.conftest import EXAMPLES
from xai_core.cases import CaseSource, FolderSource
from xai_core.cases.sources.open_source import ALLOWED, SOURCES
from xai_core.errors import CaseNotFound
from xai_core.types import CaseRecord


def test_every_source_has_an_example() -> None:
    assert {name.split(",")[0] for name in EXAMPLES} == {source.__name__ for source in SOURCES}, (
        "give every source of SOURCES an example in EXAMPLES of tests/cases/conftest.py"
    )
    assert SOURCES[-1] is FolderSource, "it takes everything: nothing after it is ever asked"
    assert all(source.allowed in ALLOWED for source in SOURCES)


def test_it_opens_what_is_its_own(
    opened: tuple[str, Path], source: CaseSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, path = opened
    assert type(source).__name__ == name
    monkeypatch.setattr(Image, "open", None)  # by names and tables, never by pixels
    assert type(source).accepts(path)  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", SOURCES[:-1])
def test_what_is_not_its_own_is_left_to_others(kind: Any, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    assert not kind.accepts(tmp_path)
    assert not kind.accepts(tmp_path / "a.txt")


def test_source_has_the_documented_attributes(source: CaseSource) -> None:
    assert isinstance(source, CaseSource)
    assert source.name
    assert "/" not in source.name
    assert all(isinstance(w, str) for w in source.warnings)


def test_records_have_unique_ids_and_agree_with_the_source(source: CaseSource) -> None:
    records = source.records()
    assert records
    assert len({r.id for r in records}) == len(records)
    assert all(type(r) is CaseRecord for r in records)
    assert {r.source for r in records} == {source.name}
    assert {r.is_phantom for r in records} == {source.is_phantom}
    assert source.records() == records


def test_records_open_no_image(source: CaseSource, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("an image was opened")

    monkeypatch.setattr(Image, "open", refuse)
    assert source.records()


def test_every_case_loads_and_agrees_with_its_record(source: CaseSource) -> None:
    for record in source.records():
        case = source.load(record.id)
        for field in ("id", "source", "patient_id", "pathology", "density", "birads", "findings"):
            assert getattr(case, field) == getattr(record, field)
        assert case.is_phantom == source.is_phantom
        assert set(record.warnings) <= set(case.warnings)
        assert case.image.dtype == np.float32
        assert not case.image.flags.writeable
        assert np.ptp(case.image) > 0.5


def test_loading_twice_gives_the_same_pixels(source: CaseSource) -> None:
    key = source.records()[0].id
    assert np.array_equal(source.load(key).image, source.load(key).image)


@pytest.mark.parametrize("bad", ["", "nope", "../a", "/etc/passwd", "a\0b", "x" * 5000])
def test_unknown_id_raises_case_not_found_naming_it(source: CaseSource, bad: str) -> None:
    with pytest.raises(CaseNotFound) as caught:
        source.load(bad)
    sentence = str(caught.value)
    assert bad[:20] in sentence or repr(bad)[1:-1] in sentence
    assert source.records()[0].id in sentence  # what to do: one that exists
    assert len(sentence) < 300


def test_path_given_as_id_is_not_read(source: CaseSource, tmp_path: Path) -> None:
    victim = next(p for p in sorted(tmp_path.rglob("*")) if p.is_file())
    with pytest.raises(CaseNotFound):
        source.load(str(victim))
