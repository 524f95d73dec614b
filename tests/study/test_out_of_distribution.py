from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.cases.builders import make_library
from xai_core.cases.sources.library import PhantomLibrary
from xai_core.study import out_of_distribution
from xai_core.study.out_of_distribution import Reference, Values
from xai_core.study.realism.measure import IMAGE_KEYS, measure_square, to_square


def test_stored_measurements_are_read_only_for_the_same_library(tmp_path: Path) -> None:
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


def test_shipped_measurements_match_the_shipped_library() -> None:
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
    """A picture whose quantities are correlated, each around its index in the list."""
    common = rng.normal()
    return {key: i + 0.1 * (common + rng.normal()) + shift for i, key in enumerate(IMAGE_KEYS)}


@pytest.fixture(scope="module")
def reference() -> Reference:
    rng = np.random.default_rng(0)
    return Reference([drawn(rng) for _ in range(150)])


def test_pictures_of_the_same_kind_have_evenly_distributed_shares(reference: Reference) -> None:
    rng = np.random.default_rng(1)
    found = [reference.compare(drawn(rng)) for _ in range(200)]
    nearer = np.array([one.nearer for one in found if one is not None])
    assert len(nearer) == 200
    # For pictures of the same kind the share must be about uniformly distributed.
    assert 0.35 < nearer.mean() < 0.65
    assert 0.1 < (nearer > 0.75).mean() < 0.45


def test_picture_of_another_kind_is_further_than_all(reference: Reference) -> None:
    found = reference.compare(drawn(np.random.default_rng(2), shift=5.0))
    assert found is not None
    assert found.nearer == 1
    assert len(found.unusual) == len(IMAGE_KEYS)


def test_unusual_quantity_is_listed_with_its_usual_range(reference: Reference) -> None:
    picture = {key: float(i) for i, key in enumerate(IMAGE_KEYS)} | {IMAGE_KEYS[3]: 9.0}
    found = reference.compare(picture)
    assert found is not None
    assert [quantity.key for quantity in found.unusual] == [IMAGE_KEYS[3]]
    assert found.unusual[0].value == 9
    assert 2.6 < found.unusual[0].low < 3 < found.unusual[0].high < 3.4
    middle = reference.compare({key: float(i) for i, key in enumerate(IMAGE_KEYS)})
    assert middle is not None
    assert middle.distance < found.distance


def test_correlated_quantities_count_once(reference: Reference) -> None:
    # All quantities are correlated: a common shift is less unusual than opposite shifts.
    together = {key: i + 0.2 for i, key in enumerate(IMAGE_KEYS)}
    apart = {key: i + 0.2 * (-1) ** i for i, key in enumerate(IMAGE_KEYS)}
    one, other = reference.compare(together), reference.compare(apart)
    assert one is not None
    assert other is not None
    assert one.distance < 0.5 * other.distance


def test_picture_with_an_undefined_quantity_has_no_score(reference: Reference) -> None:
    picture = dict(drawn(np.random.default_rng(3))) | {"exponent": float("nan")}
    assert reference.compare(picture) is None
    with pytest.raises(ValueError, match="too few"):
        Reference([picture] * 50)
