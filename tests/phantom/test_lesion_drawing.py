"""Drawn lesions have the properties of their descriptors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage as ndi
from skimage.measure import regionprops

from xai_core.phantom.asymmetry import draw_asymmetry
from xai_core.phantom.benign import draw_lymph_node, draw_oil_cyst
from xai_core.phantom.calcification import draw_calcifications
from xai_core.phantom.distortion import draw_distortion
from xai_core.phantom.enhancement import draw_enhancement
from xai_core.phantom.lesion import LesionPlan
from xai_core.phantom.lexicon import (
    ASYMMETRY,
    CALCIFICATION_DISTRIBUTION,
    CALCIFICATION_MORPHOLOGY,
    CALCIFICATIONS,
    DISTORTION,
    LYMPH_NODE,
    MASS,
    MASS_DENSITY,
    MASS_ENHANCEMENT,
    MASS_MARGIN,
    MASS_SHAPE,
    NON_MASS_ENHANCEMENT,
    OIL_CYST,
    SCAR,
)
from xai_core.phantom.mass import draw_mass
from xai_core.phantom.place import Tissue, insert
from xai_core.phantom.solid import Site, Solid
from xai_core.phantom.tissue import Background, draw_background
from xai_core.types import Pathology

RADIUS = 10.0  # mm
SITE = Site(
    "CC", slice(0, 240), slice(0, 240), (120.0, 120.0), 0.0, 2.8, (0.95, -0.2, 0.24), 15.0, 1.3
)
PLAN = LesionPlan(MASS, Pathology.MALIGNANT, 20.0, 1.0, {}, 0.5)


def mass(
    seed: int, shape: str = "round", margin: str = "circumscribed", density: str = "equal density"
) -> Solid:
    terms = {"mass shape": shape, "mass margin": margin, "mass density": density}
    return draw_mass(np.random.default_rng(seed), replace(PLAN, descriptors=terms), SITE, RADIUS)


def calcifications(
    seed: int, morphology: str, distribution: str = "grouped", site: Site = SITE
) -> Solid:
    terms = {"calcification morphology": morphology, "calcification distribution": distribution}
    plan = replace(PLAN, kind=CALCIFICATIONS, descriptors=terms)
    return draw_calcifications(np.random.default_rng(seed), plan, site, RADIUS)


def calcium(drawn: Solid) -> np.ndarray:
    assert drawn.calcium is not None
    return drawn.calcium


def average(values: list[float]) -> float:
    return float(np.mean(values))


# --- Masses -----------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", MASS_SHAPE)
@pytest.mark.parametrize("margin", MASS_MARGIN)
@pytest.mark.parametrize("density", MASS_DENSITY)
def test_every_mass_can_be_drawn(shape: str, margin: str, density: str) -> None:
    drawn = mass(1, shape, margin, density)
    assert np.isfinite(drawn.body).all()
    assert drawn.mask().any()
    assert (drawn.thin is not None) == (margin == "spiculated")
    assert (drawn.front is not None) == (margin == "obscured")


def test_the_mask_is_as_wide_as_the_visible_mass() -> None:
    for seed in range(6):
        drawn = mass(seed)
        wide = 2 * np.sqrt(drawn.mask().sum() / np.pi) / SITE.px_per_mm
        assert 1.5 * RADIUS < wide < 2.2 * RADIUS


def test_shapes_differ_in_how_long_and_how_smooth_they_are() -> None:
    def measured(shape: str, seed: int) -> tuple[float, float]:
        (found,) = regionprops(ndi.label(mass(seed, shape).mask())[0])[:1]
        return found.axis_major_length / found.axis_minor_length, found.solidity

    found = {
        shape: np.mean([measured(shape, s) for s in range(10)], axis=0)
        for shape in ("round", "oval", "irregular")
    }
    assert found["oval"][0] > found["round"][0] + 0.12
    assert found["round"][0] < 1.2
    assert found["irregular"][1] < found["round"][1] - 0.015


def test_margins_differ_in_sharpness_and_roughness() -> None:
    def slope(margin: str) -> float:
        """How fast the chord rises at the border, in shares per mm."""
        values = []
        for seed in range(5):
            chord = mass(seed, margin=margin).chord()
            rows, columns = np.gradient(chord / chord.max())
            values.append(float(np.percentile(np.hypot(rows, columns), 99)) * SITE.px_per_mm)
        return average(values)

    assert slope("circumscribed") > 1.15 * slope("indistinct")

    def wiggle(margin: str) -> float:
        found = []
        for seed in range(5):
            (region,) = regionprops(ndi.label(mass(seed, margin=margin).mask())[0])[:1]
            found.append(region.perimeter**2 / (4 * np.pi * region.area))
        return average(found)

    assert wiggle("microlobulated") > wiggle("circumscribed") + 0.02


def test_spicules_taper_and_leave_the_mass() -> None:
    for seed in range(4):
        drawn = mass(seed, "irregular", "spiculated")
        assert drawn.thin is not None
        assert drawn.pull is not None
        near = drawn.thin[(SITE.radius > 1.0 * RADIUS) & (SITE.radius < 1.4 * RADIUS)].mean()
        away = drawn.thin[(SITE.radius > 2.0 * RADIUS) & (SITE.radius < 2.4 * RADIUS)].mean()
        assert near > 3 * away > 0
        assert drawn.thin_mask().any()


def test_an_obscured_margin_is_hidden_on_one_side() -> None:
    drawn = mass(2, margin="obscured")
    assert drawn.front is not None
    ring = np.abs(SITE.radius - RADIUS) < 2
    values = drawn.front[ring]
    assert values.max() > 0.5 * RADIUS
    assert np.percentile(values, 20) < 0.2 * values.max()


def test_densities_are_in_order_and_fat_is_the_least() -> None:
    path = {
        density: float((mass(3, density=density).body * mass(3, density=density).density).sum())
        for density in MASS_DENSITY
    }
    assert (
        path["fat-containing"] < path["low density"] < path["equal density"] < path["high density"]
    )


# --- Calcifications ---------------------------------------------------------------------------


@pytest.mark.parametrize("morphology", CALCIFICATION_MORPHOLOGY)
@pytest.mark.parametrize("distribution", CALCIFICATION_DISTRIBUTION)
def test_every_calcification_can_be_drawn(morphology: str, distribution: str) -> None:
    drawn = calcifications(1, morphology, distribution)
    assert calcium(drawn).max() > 0.003
    assert calcium(drawn).min() >= 0
    assert drawn.mask().any()


def test_a_speck_smaller_than_a_pixel_keeps_its_calcium() -> None:
    """The same particles on a grid of half the resolution hold the same calcium in all."""
    coarse = replace(
        SITE, rows=slice(0, 120), columns=slice(0, 120), centre=(60.0, 60.0), px_per_mm=1.4
    )
    fine, rough = (calcium(calcifications(4, "round", site=s)).sum() for s in (SITE, coarse))
    assert fine / SITE.px_per_mm**2 == pytest.approx(rough / coarse.px_per_mm**2, rel=0.02)


def test_linear_distribution_is_elongated_towards_the_nipple() -> None:
    def stretch(distribution: str, seed: int) -> float:
        rows, columns = np.nonzero(calcium(calcifications(seed, "round", distribution)) > 0.02)
        spread = np.linalg.eigvalsh(np.cov(np.stack([rows, columns]).astype(float)))
        return float(np.sqrt(spread[1] / spread[0]))

    lines = [stretch("linear", s) for s in range(8)]
    groups = [stretch("grouped", s) for s in range(8)]
    assert np.median(lines) > 2 * np.median(groups)


def test_coarse_particles_are_few_and_large_and_amorphous_ones_faint() -> None:
    def size(morphology: str) -> float:
        sizes = []
        for seed in range(5):
            labels, n = ndi.label(calcium(calcifications(seed, morphology)) > 0.02)
            sizes.append(float((labels > 0).sum()) / max(n, 1))
        return average(sizes)

    assert size("coarse (popcorn)") > 2 * size("round")
    faint, bright = (
        average([float(calcium(calcifications(s, m)).max()) for s in range(5)])
        for m in ("amorphous", "coarse heterogeneous")
    )
    assert faint < 0.4 * bright


def test_a_rim_is_hollow() -> None:
    near = replace(
        SITE, rows=slice(0, 480), columns=slice(0, 480), centre=(240.0, 240.0), px_per_mm=6.0
    )
    drawn = calcium(calcifications(3, "rim", site=near))
    pieces, n = ndi.label(drawn > 0.3 * drawn.max())
    largest = pieces == 1 + int(np.argmax(np.bincount(pieces.ravel())[1:]))
    assert n >= 1
    assert ndi.binary_fill_holes(largest).sum() > 1.15 * largest.sum()


def test_milk_of_calcium_differs_between_views() -> None:
    from_above, aside = (
        calcium(calcifications(2, "milk of calcium", site=replace(SITE, view=view)))
        for view in ("CC", "MLO")
    )
    assert aside.max() > 1.5 * from_above.max(), "a crescent is sharper than a smudge"


# --- The others -------------------------------------------------------------------------------


def test_distortion_pulls_tissue_in_and_a_scar_has_a_lucent_centre() -> None:
    centre = {}
    for kind in (DISTORTION, SCAR):
        plan = replace(PLAN, kind=kind)
        drawn = draw_distortion(np.random.default_rng(3), plan, SITE, RADIUS)
        assert drawn.pull is not None
        shift = drawn.pull.shift(np.array([0.0, 0.6, 3.0]) * RADIUS)
        assert shift[1] > 2 > shift[2]
        assert shift[0] == 0
        assert drawn.thin is not None
        whole = drawn.body * drawn.density
        middle = whole[:, whole.shape[1] // 2, whole.shape[2] // 2]
        centre[kind] = float(middle[len(middle) // 2])
    assert centre[SCAR] < centre[DISTORTION]


def test_an_asymmetry_adds_tissue_and_replaces_none() -> None:
    plan = replace(PLAN, kind=ASYMMETRY, descriptors={"asymmetry type": "focal"})
    drawn = draw_asymmetry(np.random.default_rng(4), plan, SITE, RADIUS)
    assert not drawn.replaces
    (region,) = regionprops(ndi.label(drawn.mask())[0])[:1]
    assert region.solidity < 0.93, "its borders are concave"


def test_a_fatty_hilum_is_lucent_and_an_oil_cyst_is_fat_in_a_shell() -> None:
    paths = []
    for hilum in ("fatty", "effaced"):
        plan = replace(PLAN, kind=LYMPH_NODE, descriptors={"node hilum": hilum})
        drawn = draw_lymph_node(np.random.default_rng(1), plan, SITE, 5.0)
        paths.append(float(drawn.body.sum()))
    assert paths[0] < 0.9 * paths[1]
    plan = replace(PLAN, kind=OIL_CYST, descriptors={"oil cyst wall": "calcified"})
    drawn = draw_oil_cyst(np.random.default_rng(1), plan, SITE, 8.0)
    dense = (drawn.body * drawn.density).sum(0)
    rows, columns = dense.shape
    assert dense[rows // 2, columns // 2] < 0.5 * dense.max()
    assert calcium(drawn).max() > 0


# --- Enhancement ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def background() -> Background:
    return draw_background(2, "CC", 160)


@pytest.mark.parametrize("pattern", [p for p in MASS_ENHANCEMENT if p != "none"])
def test_every_pattern_of_a_mass_enhances_in_its_solid(
    pattern: str, background: Background
) -> None:
    terms = {
        "mass shape": "round", "mass margin": "circumscribed", "mass density": "equal density",
        "mass enhancement": pattern, "enhancement conspicuity": "high",
    }  # fmt: skip
    plan = replace(PLAN, descriptors=terms)
    lesion = insert(
        np.random.default_rng(0), background, Tissue.of(background), plan, (45, 0.0, 0.0), 11.0
    )
    added, region = draw_enhancement(np.random.default_rng(1), background, lesion)
    assert region.any()
    assert (region & lesion.mask).sum() > 0.6 * region.sum()
    row, column = (round(c) for c in lesion.centre[::-1])
    middle = added[row - 1 : row + 2, column - 1 : column + 2].mean()
    if pattern == "rim":
        assert middle < 0.75 * added.max()
    else:
        assert added[region].mean() > 10


@pytest.mark.parametrize("pattern", [p for p in NON_MASS_ENHANCEMENT if p != "none"])
def test_every_pattern_of_a_non_mass_lesion_enhances(pattern: str, background: Background) -> None:
    terms = {"non-mass enhancement": pattern, "enhancement conspicuity": "high"}
    plan = replace(PLAN, kind=DISTORTION, descriptors=terms)
    lesion = insert(
        np.random.default_rng(0), background, Tissue.of(background), plan, (45, 0.0, 0.0), 11.0
    )
    added, region = draw_enhancement(np.random.default_rng(1), background, lesion)
    assert region.any()
    assert added[region].mean() > 5
