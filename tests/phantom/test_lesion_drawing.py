"""Drawn lesions have the properties of their descriptors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage as ndi
from skimage.measure import regionprops

from xai_core.phantom.asymmetry import draw_asymmetry
from xai_core.phantom.calcification import draw_calcifications
from xai_core.phantom.distortion import draw_distortion
from xai_core.phantom.lesion import LesionPlan
from xai_core.phantom.lexicon import (
    ASYMMETRY,
    CALCIFICATION_DISTRIBUTION,
    CALCIFICATION_MORPHOLOGY,
    CALCIFICATIONS,
    DISTORTION,
    MASS,
    MASS_DENSITY,
    MASS_MARGIN,
    MASS_SHAPE,
    SCAR,
)
from xai_core.phantom.mass import draw_mass
from xai_core.phantom.shapes import Drawing
from xai_core.types import Pathology

SHAPE, CENTRE, RADIUS = (420, 420), (210.0, 210.0), 32.0
PLAN = LesionPlan(MASS, Pathology.MALIGNANT, 30.0, 1.0, {}, 0.5)


def mass(
    seed: int, shape: str = "round", margin: str = "circumscribed", density: str = "equal density"
) -> Drawing:
    terms = {"mass shape": shape, "mass margin": margin, "mass density": density}
    plan = replace(PLAN, descriptors=terms)
    return draw_mass(np.random.default_rng(seed), plan, SHAPE, CENTRE, RADIUS, 1.0)


def calcifications(seed: int, morphology: str, distribution: str = "grouped") -> Drawing:
    terms = {"calcification morphology": morphology, "calcification distribution": distribution}
    plan = replace(PLAN, kind=CALCIFICATIONS, descriptors=terms)
    return draw_calcifications(np.random.default_rng(seed), plan, SHAPE, CENTRE, RADIUS, 1.0)


def average(values: list[float]) -> float:
    return float(np.mean(values))


@pytest.mark.parametrize("shape", MASS_SHAPE)
@pytest.mark.parametrize("margin", MASS_MARGIN)
@pytest.mark.parametrize("density", MASS_DENSITY)
def test_every_mass_can_be_drawn(shape: str, margin: str, density: str) -> None:
    drawn = mass(1, shape, margin, density)
    assert np.isfinite(drawn.added).all()
    assert drawn.mask.any()
    assert np.abs(drawn.added)[drawn.mask].max() > 0.2


@pytest.mark.parametrize("morphology", CALCIFICATION_MORPHOLOGY)
@pytest.mark.parametrize("distribution", CALCIFICATION_DISTRIBUTION)
def test_every_group_of_calcifications_can_be_drawn(morphology: str, distribution: str) -> None:
    drawn = calcifications(1, morphology, distribution)
    assert np.isfinite(drawn.added).all()
    assert drawn.mask[drawn.added > 0.7].mean() > 0.9


def props(seed: int, shape: str) -> object:
    drawn = mass(seed, shape)
    return regionprops((drawn.added > 0.25).astype(int))[0]


def test_an_oval_mass_is_longer_than_wide_and_an_irregular_one_not_convex() -> None:
    found = {
        shape: [props(seed, shape) for seed in range(8)] for shape in ("oval", "round", "irregular")
    }
    stretch = {
        s: average([p.axis_major_length / p.axis_minor_length for p in ps])  # type: ignore[attr-defined]
        for s, ps in found.items()
    }
    solidity = {s: average([p.solidity for p in ps]) for s, ps in found.items()}  # type: ignore[attr-defined]
    assert stretch["oval"] > 1.25 > 1.12 > stretch["round"]
    assert solidity["irregular"] < solidity["round"] - 0.02
    assert solidity["irregular"] < solidity["oval"] - 0.02


def faint(drawn: Drawing) -> float:
    """The area of the margin in px: neither clearly lesion nor tissue."""
    return float(((drawn.added > 0.05) & (drawn.added < 0.4)).sum())


def test_a_circumscribed_margin_is_sharper_than_an_indistinct_one() -> None:
    sharp = average([faint(mass(s, margin="circumscribed")) for s in range(6)])
    soft = average([faint(mass(s, margin="indistinct")) for s in range(6)])
    assert soft > 2 * sharp


def test_spicules_leave_the_mass_and_an_obscured_margin_is_partly_hidden() -> None:
    def beyond(drawn: Drawing) -> float:
        return float((drawn.added[drawn.window.radius > 1.35 * RADIUS] > 0.08).mean())

    assert average([beyond(mass(s, margin="spiculated")) for s in range(6)]) > 0.006
    assert average([beyond(mass(s)) for s in range(6)]) == 0

    def border(drawn: Drawing) -> float:
        ring = np.abs(drawn.window.radius - 0.85 * RADIUS) < 3
        return float((drawn.added[ring] < 0.25).mean())

    hidden = average([border(mass(s, margin="obscured")) for s in range(6)])
    assert hidden > average([border(mass(s)) for s in range(6)]) + 0.1


def test_fat_is_darker_than_its_surroundings() -> None:
    drawn = mass(2, density="fat-containing")
    assert drawn.added[drawn.window.radius < 0.5 * RADIUS].mean() < -0.2


def test_linear_distribution_of_calcifications_is_elongated() -> None:
    def stretch(distribution: str, seed: int) -> float:
        drawn = calcifications(seed, "round", distribution)
        rows, columns = np.nonzero(drawn.added > 0.5)
        spread = np.linalg.eigvalsh(np.cov(np.stack([rows, columns]).astype(float)))
        return float(np.sqrt(spread[1] / spread[0]))

    lines = [stretch("linear", s) for s in range(8)]
    groups = [stretch("grouped", s) for s in range(8)]
    assert np.median(lines) > 2 * np.median(groups)


def test_coarse_particles_are_few_and_large() -> None:
    def size(morphology: str) -> float:
        sizes = []
        for seed in range(5):
            labels, n = ndi.label(calcifications(seed, morphology).added > 0.5)
            sizes.append(float((labels > 0).sum()) / max(n, 1))
        return average(sizes)

    assert size("coarse (popcorn)") > 2 * size("round")


def test_distortion_pulls_tissue_in_and_a_scar_has_a_lucent_centre() -> None:
    drawn = {}
    for kind in (DISTORTION, SCAR):
        plan = replace(PLAN, kind=kind)
        drawn[kind] = draw_distortion(np.random.default_rng(3), plan, SHAPE, CENTRE, RADIUS, 1.0)
        pull = drawn[kind].pull
        assert pull is not None
        assert pull.max() > 3
        assert pull[drawn[kind].window.radius > 3 * RADIUS].max() < 0.5
    centre = {kind: d.added[d.window.radius < 0.15 * RADIUS].mean() for kind, d in drawn.items()}
    assert centre[SCAR] < centre[DISTORTION]


def test_an_asymmetry_has_no_solid_body() -> None:
    plan = replace(PLAN, kind=ASYMMETRY, descriptors={"asymmetry type": "focal"})
    drawn = draw_asymmetry(np.random.default_rng(4), plan, SHAPE, CENTRE, RADIUS, 1.0)
    assert drawn.solid is not None
    assert not drawn.solid.any()
    assert drawn.added.max() <= 1.2
