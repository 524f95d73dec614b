"""Phantoms are reproducible, masks lie in the breast, parts are independent, views agree."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from xai_core.phantom.anatomy import Breast, from_view, stream, to_view
from xai_core.phantom.fields import power_law
from xai_core.phantom.generate import SPLIT_SEEDS, SPLIT_SIZE, generate, insert_lesions
from xai_core.phantom.kinds import LESION_KINDS
from xai_core.phantom.lesion import LesionPlan
from xai_core.phantom.lexicon import ASYMMETRY, MASS
from xai_core.phantom.place import Tissue, draw_place, insert, lesion_radius, site_of
from xai_core.phantom.teaching import teaching_note
from xai_core.phantom.tissue import Background, compress, draw_background, realised_density
from xai_core.types import Pathology

HEIGHT = 160
SPICULATED = {
    "mass margin": "spiculated", "mass shape": "irregular", "mass density": "high density",
    "mass enhancement": "rim", "enhancement conspicuity": "high",
}  # fmt: skip
PLAN = LesionPlan(MASS, Pathology.MALIGNANT, 22.0, 1.0, SPICULATED, 0.9)


@pytest.fixture(scope="module")
def views() -> dict[str, Background]:
    return {view: draw_background(11, view, HEIGHT) for view in ("CC", "MLO")}


# --- One phantom ------------------------------------------------------------------------------


@pytest.mark.parametrize(("view", "pathology"), [("CC", "malignant"), ("MLO", "benign")])
def test_the_same_seed_gives_the_same_pixels(view: str, pathology: str) -> None:
    a, b = (generate(5, Pathology(pathology), view, height=HEIGHT, recombined=True) for _ in "ab")
    assert np.array_equal(a.image, b.image)
    assert np.array_equal(a.mask, b.mask)
    assert a.plans == b.plans
    assert a.recombined is not None
    assert b.recombined is not None
    assert np.array_equal(a.recombined.image, b.recombined.image)
    other = generate(6, Pathology(pathology), view, height=HEIGHT)
    assert a.image.shape != other.image.shape or not np.array_equal(a.image, other.image)


def test_the_recombined_image_changes_nothing_in_the_low_energy_one(
    views: dict[str, Background],
) -> None:
    alone = insert_lesions(5, views["CC"], Pathology.MALIGNANT)
    paired = insert_lesions(5, views["CC"], Pathology.MALIGNANT, recombined=True)
    assert np.array_equal(alone.image, paired.image)
    assert alone.recombined is None


@pytest.mark.parametrize("seed", range(6))
def test_masks_are_not_empty_and_inside_the_breast(seed: int, views: dict[str, Background]) -> None:
    background = views[("CC", "MLO")[seed % 2]]
    for pathology in (Pathology.BENIGN, Pathology.MALIGNANT):
        phantom = insert_lesions(seed, background, pathology)
        assert all(lesion.mask.any() for lesion in phantom.lesions)
        assert not (phantom.mask & ~background.breast).any()
        assert not (phantom.thin_mask & ~background.breast).any()
    normal = insert_lesions(seed, background, Pathology.NORMAL)
    assert not normal.mask.any()
    assert normal.plans == ()


def test_grey_range_and_side_of_the_chest_wall(views: dict[str, Background]) -> None:
    left = insert_lesions(3, views["CC"], Pathology.BENIGN)
    right = insert_lesions(3, views["CC"], Pathology.BENIGN, "R")
    assert left.image.min() >= 0
    assert left.image.max() <= 255
    assert left.image[:, :5].mean() > 10 > left.image[:, -5:].mean()
    assert np.array_equal(left.image[:, ::-1], right.image)


# --- What depends on what ---------------------------------------------------------------------


def test_a_lesion_changes_nothing_outside_its_box(views: dict[str, Background]) -> None:
    background = views["CC"]
    without = insert_lesions(4, background, Pathology.NORMAL)
    lesion = insert_lesions(4, background, Pathology.MALIGNANT, plans=(PLAN,))
    radius = lesion_radius(PLAN, background)
    place = draw_place(stream(4, "place", 0), background, radius)
    site = site_of(background, place, radius * LESION_KINDS[MASS].reach + 2, radius)
    outside = np.ones_like(background.breast)
    margin = 8  # blur and the fine structure's mean
    outside[
        max(0, site.rows.start - margin) : site.rows.stop + margin,
        max(0, site.columns.start - margin) : site.columns.stop + margin,
    ] = False
    assert outside[background.breast].mean() > 0.2
    assert np.array_equal(without.image[outside], lesion.image[outside])
    assert (without.image != lesion.image)[lesion.mask].mean() > 0.9


def test_another_descriptor_changes_nothing_outside_the_box(views: dict[str, Background]) -> None:
    background = views["CC"]
    smooth = replace(PLAN, descriptors=SPICULATED | {"mass margin": "circumscribed"})
    a, b = (insert_lesions(4, background, Pathology.MALIGNANT, plans=(p,)) for p in (PLAN, smooth))
    assert a.lesions[0].centre == b.lesions[0].centre
    changed = np.argwhere(a.image != b.image)
    reach = LESION_KINDS[MASS].reach * a.lesions[0].radius + 14
    far = np.abs(changed - np.array(a.lesions[0].centre[::-1])).max()
    assert far < reach


def test_lesion_is_brighter_than_the_same_tissue_without_it(views: dict[str, Background]) -> None:
    background = views["CC"]
    brighter = []
    for seed in range(8):
        with_lesion = insert_lesions(seed, background, Pathology.MALIGNANT, plans=(PLAN,))
        without = insert_lesions(seed, background, Pathology.NORMAL)
        mask = with_lesion.mask
        brighter.append(float(with_lesion.image[mask].mean() - without.image[mask].mean()))
    assert min(brighter) > 0
    assert np.median(brighter) > 8


def test_spicules_lie_outside_the_body(views: dict[str, Background]) -> None:
    drawn = insert_lesions(1, views["CC"], Pathology.MALIGNANT, plans=(PLAN,))
    assert (drawn.thin_mask & ~drawn.mask).sum() > 30


def test_a_lesion_that_cannot_be_seen_counts_as_occult(views: dict[str, Background]) -> None:
    faint = replace(PLAN, gain=0.02)
    for plan, occult in ((PLAN, False), (faint, True)):
        drawn = insert_lesions(2, views["CC"], Pathology.MALIGNANT, plans=(plan,))
        assert drawn.lesions[0].plan.occult == occult
        assert (drawn.birads <= 2) == occult


# --- Two views --------------------------------------------------------------------------------


def test_views_turn_and_return() -> None:
    rng = np.random.default_rng(0)
    lateral, up = rng.normal(0, 30, (2, 50))
    for view in ("CC", "MLO"):
        found = from_view(view, *to_view(view, lateral, up))
        assert np.allclose(found, (lateral, up))
    row, _ = to_view("MLO", 0.0, 20.0)
    assert row < 0, "what lies higher is higher in the picture"


def test_both_views_show_the_lesion_equally_far_behind_the_nipple(
    views: dict[str, Background],
) -> None:
    for seed in range(10):
        found = {}
        for view, background in views.items():
            drawn = insert_lesions(seed, background, Pathology.MALIGNANT, plans=(PLAN,))
            lesion = drawn.lesions[0]
            found[view] = background.nipple[0] - lesion.centre[0]
            assert lesion.behind == pytest.approx(found[view] / background.px_per_mm, abs=0.01)
            assert lesion.mask.sum() > 20
            row, column = (round(c) for c in lesion.centre[::-1])
            assert background.depth[row, column] > 3, "under the skin in both views"
        assert found["CC"] == pytest.approx(found["MLO"], abs=0.5)


def test_a_plain_asymmetry_is_seen_in_the_first_view_alone(views: dict[str, Background]) -> None:
    for kind, seen in (("asymmetry", 0), ("focal", 1)):
        plan = LesionPlan(
            ASYMMETRY, Pathology.BENIGN, 30.0, 1.0,
            {"asymmetry type": kind, "non-mass enhancement": "none"}, 0.2,
        )  # fmt: skip
        first = insert_lesions(0, views["CC"], Pathology.BENIGN, plans=(plan,))
        second = insert_lesions(0, views["MLO"], Pathology.BENIGN, plans=(plan,), first_view=False)
        assert len(first.lesions) == 1
        assert len(second.lesions) == seen
        assert [p.kind for p in second.hidden] == [ASYMMETRY] * (1 - seen)
        if second.hidden:
            assert second.birads in (1, 2)
            assert "other view" in teaching_note(Pathology.BENIGN, second.plans, second.hidden)


def test_sides_are_alike_and_not_equal() -> None:
    left, right = Breast.draw(3, "L"), Breast.draw(3, "R")
    assert left.density == right.density
    assert left.shape != right.shape
    assert left.shape.reach == pytest.approx(right.shape.reach, abs=0.06)
    values = (left.glandular[0].values, right.glandular[0].values)
    assert 0.4 < np.corrcoef(values[0].ravel(), values[1].ravel())[0, 1] < 0.95


@pytest.mark.slow
def test_density_follows_the_gland_that_is_there() -> None:
    found = [
        float(compress(Breast.draw(2, "L", density), "CC", 160).glands.mean()) for density in "ABCD"
    ]
    assert found == sorted(found)
    letters = [
        realised_density(compress(Breast.draw(2, "L", density), "CC", 160)) for density in "AD"
    ]
    assert letters[0] < letters[1]


# --- Tissue that is changed -------------------------------------------------------------------


def test_tissue_is_a_copy(views: dict[str, Background]) -> None:
    background = views["CC"]
    before = background.slabs.copy()
    tissue = Tissue.of(background)
    assert np.array_equal(tissue.shown, background.tissue)
    insert(np.random.default_rng(0), background, tissue, PLAN, (40.0, 5.0, 4.0), 10.0)
    assert np.array_equal(background.slabs, before)
    assert not np.array_equal(tissue.slabs, before)


# --- Fields -----------------------------------------------------------------------------------


@pytest.mark.parametrize("beta", [2.0, 3.0])
def test_field_has_the_requested_exponent(beta: float) -> None:
    values = power_law(np.random.default_rng(0), 512, beta).values
    n = values.shape[0]
    power = np.abs(np.fft.fft2(values)) ** 2
    frequency = np.hypot(np.fft.fftfreq(n)[:, None], np.fft.fftfreq(n)[None])
    bins = np.digitize(frequency, np.geomspace(0.01, 0.4, 20))
    mean = np.array([power[bins == k].mean() for k in range(1, 20)])
    centre = np.array([frequency[bins == k].mean() for k in range(1, 20)])
    slope = -np.polyfit(np.log(centre), np.log(mean), 1)[0]
    assert slope == pytest.approx(beta, abs=0.15)


def test_field_is_periodic() -> None:
    field = power_law(np.random.default_rng(0), 64, 3.0)
    n = field.values.shape[0]
    x = np.array([0.25, 10.5], np.float32)
    assert np.allclose(field.at(x, x), field.at(x + n, x - n), atol=1e-4)


def test_seed_ranges_of_the_splits_do_not_overlap() -> None:
    starts = sorted(SPLIT_SEEDS.values())
    assert all(b - a >= SPLIT_SIZE for a, b in itertools.pairwise(starts))
