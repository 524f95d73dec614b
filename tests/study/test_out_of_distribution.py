from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.cases.builders import make_library
from xai_core.cases.sources.library import PhantomLibrary
from xai_core.study import out_of_distribution
from xai_core.study.out_of_distribution import Reference, Values
from xai_core.study.realism.measure import IMAGE_KEYS, measure_square, to_square


def test_what_is_kept_is_read_for_the_same_library_alone(tmp_path: Path) -> None:
    folder = make_library(tmp_path / "library", 3)
    digest = out_of_distribution.library_digest(folder)
    pictures = [{key: 1 / (i + 3 * n) for i, key in enumerate(IMAGE_KEYS, 1)} for n in range(3)]
    path = tmp_path / "kept.json"
    assert out_of_distribution.read_reference(path, digest) is None
    out_of_distribution.write_reference(path, pictures, digest)
    found = out_of_distribution.read_reference(path, digest)
    assert found is not None
    for one, other in zip(found, pictures, strict=True):
        assert one == pytest.approx(other, rel=1e-5)
    make_library(folder, 2)
    assert (
        out_of_distribution.read_reference(path, out_of_distribution.library_digest(folder)) is None
    )
    path.write_text("{")
    assert out_of_distribution.read_reference(path, digest) is None


def test_every_picture_is_measured(tmp_path: Path) -> None:
    source = PhantomLibrary(make_library(tmp_path / "library", 2))
    found = out_of_distribution.measure_reference(source)
    assert [set(one) for one in found] == [set(IMAGE_KEYS)] * 2


def test_the_file_that_comes_along_is_true_of_its_library() -> None:
    kept = out_of_distribution.read_reference(
        out_of_distribution.REFERENCE_FILE, out_of_distribution.library_digest()
    )
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


def drawn(rng: np.random.Generator, shift: float = 0.0) -> Values:
    """A picture whose quantities hang together, each about its place in the list."""
    common = rng.normal()
    return {key: i + 0.1 * (common + rng.normal()) + shift for i, key in enumerate(IMAGE_KEYS)}


@pytest.fixture(scope="module")
def reference() -> Reference:
    rng = np.random.default_rng(0)
    return Reference([drawn(rng) for _ in range(150)])


def test_pictures_of_the_same_kind_are_anywhere_among_them(reference: Reference) -> None:
    rng = np.random.default_rng(1)
    found = [reference.compare(drawn(rng)) for _ in range(200)]
    nearer = np.array([one.nearer for one in found if one is not None])
    assert len(nearer) == 200
    # A share that says how usual a picture is must be near to even for usual ones.
    assert 0.35 < nearer.mean() < 0.65
    assert 0.1 < (nearer > 0.75).mean() < 0.45


def test_another_kind_is_further_than_all(reference: Reference) -> None:
    found = reference.compare(drawn(np.random.default_rng(2), shift=5.0))
    assert found is not None
    assert found.nearer == 1
    assert len(found.odd) == len(IMAGE_KEYS)


def test_one_odd_quantity_is_named_with_what_is_usual(reference: Reference) -> None:
    picture = {key: float(i) for i, key in enumerate(IMAGE_KEYS)} | {IMAGE_KEYS[3]: 9.0}
    found = reference.compare(picture)
    assert found is not None
    assert [odd.key for odd in found.odd] == [IMAGE_KEYS[3]]
    assert found.odd[0].value == 9
    assert 2.6 < found.odd[0].low < 3 < found.odd[0].high < 3.4
    middle = reference.compare({key: float(i) for i, key in enumerate(IMAGE_KEYS)})
    assert middle is not None
    assert middle.distance < found.distance


def test_what_goes_together_counts_once(reference: Reference) -> None:
    # All quantities share a part: moving all of them is less odd than moving them apart.
    together = {key: i + 0.2 for i, key in enumerate(IMAGE_KEYS)}
    apart = {key: i + 0.2 * (-1) ** i for i, key in enumerate(IMAGE_KEYS)}
    one, other = reference.compare(together), reference.compare(apart)
    assert one is not None
    assert other is not None
    assert one.distance < 0.5 * other.distance


def test_what_cannot_be_measured_is_not_compared(reference: Reference) -> None:
    picture = dict(drawn(np.random.default_rng(3))) | {"exponent": float("nan")}
    assert reference.compare(picture) is None
    with pytest.raises(ValueError, match="too few"):
        Reference([picture] * 50)
