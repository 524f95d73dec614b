from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.cases.builders import make_library
from xai_core.cases.library import PhantomLibrary
from xai_core.study import typical
from xai_core.study.realism.measure import measure_square
from xai_core.study.realism.quantities import IMAGE_KEYS
from xai_core.study.realism.square import to_square


def test_what_is_kept_is_read_for_the_same_library_alone(tmp_path: Path) -> None:
    folder = make_library(tmp_path / "library", 3)
    digest = typical.library_digest(folder)
    pictures = [{key: 1 / (i + 3 * n) for i, key in enumerate(IMAGE_KEYS, 1)} for n in range(3)]
    path = tmp_path / "kept.json"
    assert typical.read(path, digest) is None
    typical.write(path, pictures, digest)
    found = typical.read(path, digest)
    assert found is not None
    for one, other in zip(found, pictures, strict=True):
        assert one == pytest.approx(other, rel=1e-5)
    make_library(folder, 2)
    assert typical.read(path, typical.library_digest(folder)) is None
    path.write_text("{")
    assert typical.read(path, digest) is None


def test_every_picture_is_measured(tmp_path: Path) -> None:
    source = PhantomLibrary(make_library(tmp_path / "library", 2))
    found = typical.measured(source)
    assert [set(one) for one in found] == [set(IMAGE_KEYS)] * 2


def test_the_file_that_comes_along_is_true_of_its_library() -> None:
    kept = typical.read(typical.KEPT, typical.library_digest())
    if kept is None:
        pytest.skip("the library was drawn anew: its figures are measured at start")
    source = PhantomLibrary()
    records = source.records()
    assert len(kept) == len(records)
    for place in (0, len(records) // 2, len(records) - 1):
        case = source.load(records[place].id)
        fresh = measure_square(to_square(case.image, case.lesion_mask, case.laterality))
        for key in IMAGE_KEYS:
            np.testing.assert_allclose(kept[place][key], fresh[key], rtol=1e-4)
