from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import make_case
from tests.study.realism.pictures import RADIUS, half_disc
from tests.support.sources import MemorySource
from xai_core.cases.sources.cdd_cesm import CddCesm
from xai_core.errors import CaseError
from xai_core.study.realism.compare import compare
from xai_core.study.realism.measure import (
    CROP,
    CROPS,
    HALVED,
    IMAGE_KEYS,
    KEYS,
    KINDS,
    LESION_KEYS,
    LOW_ENERGY,
    RECOMBINED,
    crops,
    measurable,
    measure_case,
    measure_source,
    measure_square,
)


def test_grey_levels_and_shape_of_a_known_breast() -> None:
    square = half_disc()
    grey = np.where(square.breast, np.linspace(50, 150, 512)[:, None], 0).astype(np.float32)
    values = measure_square(half_disc(grey=grey))
    inside = grey[square.breast]
    assert values["p50"] == pytest.approx(100, abs=1)
    assert values["p5"] == pytest.approx(np.percentile(inside, 5))
    assert (values["mean"], values["sd"]) == pytest.approx((inside.mean(), inside.std()), rel=1e-5)
    assert values["breast"] == pytest.approx(np.pi * RADIUS**2 / 2 / 512**2, rel=0.01)
    assert values["width_height"] == pytest.approx(0.5, abs=0.01)
    assert all(math.isnan(values[key]) for key in LESION_KEYS)


def test_every_key_is_there_and_an_empty_picture_has_no_value() -> None:
    assert tuple(measure_square(half_disc(marked=half_disc().breast))) == KEYS
    empty = measure_square(half_disc(breast=np.zeros((512, 512), bool)))
    assert tuple(empty) == KEYS
    assert all(math.isnan(v) for v in empty.values())
    assert set(IMAGE_KEYS).isdisjoint(LESION_KEYS)


def test_each_kind_has_its_own_picture_and_mask() -> None:
    case = make_case()
    both = make_case(recombined=case.image[:100] * 0.5)  # without a mask of its own
    low, recombined = measure_case(both)
    assert (low.kind, recombined.kind) == KINDS
    assert low.values["regions"] == 1
    assert math.isnan(recombined.values["regions"])
    assert recombined.values["mean"] < 0.7 * low.values["mean"]
    assert [m.kind for m in measure_case(case)] == [LOW_ENERGY]
    assert measure_case(case, [RECOMBINED]) == []
    assert measure_case(make_case(pathology=None)) == []


def test_source_is_measured_in_order_with_errors() -> None:
    cases = [make_case(f"c{i}", i) for i in range(5)]
    source = MemorySource([*cases, make_case("unknown", pathology=None)], unreadable=["c2"])
    assert [r.id for r in measurable(source)] == [f"c{i}" for i in range(5)]
    found = list(measure_source(source, measurable(source, 4), [LOW_ENERGY]))
    assert [f[0].case_id for f in found if not isinstance(f, CaseError)] == ["c0", "c1", "c3"]
    assert str(found[2]) == "c2.png is damaged."


def test_crops_lie_inside_the_breast_and_are_averaged() -> None:
    square = half_disc()
    rows = np.where(square.breast, np.arange(512)[:, None] // 2, 255).astype(np.float32)
    found = crops(half_disc(grey=rows))
    assert found is not None
    assert found.shape == (CROPS, CROP // HALVED, CROP // HALVED)
    assert found.max() < 255  # nothing from outside
    # Each row of a crop is the mean of two equal rows, one grey level below the next.
    np.testing.assert_array_equal(np.diff(found.astype(int), axis=1), 1)
    assert len({int(crop[0, 0]) for crop in found}) > 3  # from different places
    np.testing.assert_array_equal(found, crops(half_disc(grey=rows)))


def test_few_places_for_crops_are_repeated_and_none_gives_none() -> None:
    breast = np.zeros((512, 512), bool)
    breast[:CROP, :CROP] = True
    grey = np.random.default_rng(0).uniform(0, 255, (512, 512)).astype(np.float32)
    found = crops(half_disc(breast=breast, grey=grey))
    assert found is not None
    expected = grey[:CROP, :CROP].reshape(CROP // 2, 2, CROP // 2, 2).mean((1, 3))
    assert np.abs(found - expected).max() <= 0.501  # all of them the same place, rounded
    breast[CROP - 1, CROP - 1] = False
    assert crops(half_disc(breast=breast, grey=grey)) is None


def test_even_patients_can_be_measured_alone() -> None:
    cases = [make_case(f"c{i}", i, patient_id=f"P{i}") for i in range(6)]
    source = MemorySource([*cases, make_case("nobody", patient_id="nobody")])
    assert [r.id for r in measurable(source, even_patients=True)] == ["c0", "c2", "c4"]
    assert [r.id for r in measurable(source, 2, even_patients=True)] == ["c0", "c2"]


@pytest.mark.slow
@pytest.mark.sample
@pytest.mark.usefixtures("decoded_here")
def test_real_images_give_the_releases_figures(sample_folder: Path) -> None:
    """Medians over 326 malignant images of the whole release; a part of the sample is near them."""
    known = {
        LOW_ENERGY: {
            "exponent": (2.91, 0.2), "p5": (22, 5), "p50": (67, 9), "p95": (152, 20),
            "mean": (76, 9), "sd": (41, 5), "breast": (0.411, 0.05), "area": (0.117, 0.06),
            "contrast": (38, 12), "cnr": (1.26, 0.4), "skin0": (21, 6), "skin3": (66, 12),
            "skin15": (58, 12), "skin59": (96, 20), "across": (0.49, 0.1), "down": (0.54, 0.1),
        },
        RECOMBINED: {
            "exponent": (1.85, 0.35), "p50": (56, 7), "p95": (109, 20), "mean": (63, 8),
            "sd": (26, 6), "area": (0.093, 0.06), "contrast": (20, 12), "cnr": (1.29, 0.5),
            "skin1": (79, 15), "skin15": (58, 8), "skin59": (91, 20),
        },
    }  # fmt: skip
    source = CddCesm(sample_folder)
    found = [m for r in measurable(source)[::6] for m in measure_case(source.load(r.id))]
    for kind, figures in known.items():
        lines = {x.quantity.key: x for x in compare([m for m in found if m.kind == kind], [])}
        for key, (value, within) in figures.items():
            assert lines[key].real.median == pytest.approx(value, abs=within), (kind, key)
