from __future__ import annotations

import math

import numpy as np
import pytest

from tests.study.realism.pictures import RADIUS, disc, half_disc
from xai_core.study.realism.measure import (
    SKIN_BAND,
    Square,
    main_region,
    measure_region,
    skin_depth,
)

LESION = disc(90, 200, 30)


def measure(square: Square):
    return measure_region(square, skin_depth(square))


@pytest.mark.parametrize(("radius", "contrast"), [(10, 25), (30, 40), (60, -15)])
def test_disc_is_measured_with_its_size_and_contrast(radius: int, contrast: float) -> None:
    marked = disc(90, 230, radius)
    noise = np.random.default_rng(0).normal(0, 12, marked.shape)
    square = half_disc(marked=marked)
    grey = (square.grey + contrast * marked + noise * square.breast).astype(np.float32)
    found = measure(half_disc(grey=grey, marked=marked))
    assert found.diameter == pytest.approx(2 * radius, rel=0.05)
    assert found.contrast == pytest.approx(contrast, abs=2)
    assert found.cnr == pytest.approx(contrast / 12, abs=0.25)
    assert found.area == pytest.approx(2 * radius**2 / RADIUS**2, rel=0.05)
    assert found.across == pytest.approx(90 / RADIUS, abs=0.01)
    assert found.down == pytest.approx(0.5 - 26 / (2 * RADIUS), abs=0.01)
    assert found.regions == 1


def test_unmarked_picture_has_no_region() -> None:
    assert measure(half_disc()) is None


def test_largest_region_is_measured_and_area_is_of_all() -> None:
    other = disc(60, 330, 15)
    speck = disc(120, 120, 3)
    found = measure(half_disc(marked=LESION | other | speck))
    alone = measure(half_disc(marked=LESION))
    assert found.regions == 2
    assert (found.diameter, found.across, found.down) == (alone.diameter, alone.across, alone.down)
    assert found.area == pytest.approx(alone.area * 1.25, rel=0.05)


def test_band_of_skin_is_used_only_without_other_regions() -> None:
    depth = skin_depth(half_disc())
    band = (depth < 0.8 * SKIN_BAND) & half_disc().breast
    assert band.sum() > LESION.sum()
    assert (main_region(LESION | band, depth) == LESION).all()
    assert (main_region(band, depth) == band).all()


def test_other_marked_regions_are_excluded_from_the_surroundings() -> None:
    neighbour = disc(90, 248, 14)  # touches the ring, not the lesion
    square = half_disc(marked=LESION | neighbour)
    grey = (square.grey + 40 * LESION + 200 * neighbour).astype(np.float32)
    assert measure(half_disc(grey=grey, marked=square.marked)).contrast == pytest.approx(40)


def test_contrast_without_surroundings_is_nan() -> None:
    square = half_disc()
    found = measure(half_disc(marked=square.breast))
    assert math.isnan(found.contrast)
    assert math.isnan(found.cnr)
    assert found.area == 1
    # Surroundings without any variation: a contrast, but no noise to compare it with.
    flat = measure(half_disc(marked=LESION))
    assert flat.contrast == 0
    assert math.isnan(flat.cnr)
