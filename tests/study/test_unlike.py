"""Known answers: pictures drawn from one distribution, and some from others."""

from __future__ import annotations

import numpy as np
import pytest

from xai_core.study.realism.quantities import IMAGE_KEYS
from xai_core.study.unlike import Reference, Values


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
