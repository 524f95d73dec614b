"""The recombined image: its own grid, its own masks, and what enhances is brighter there."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage as ndi

from xai_core.phantom.background import draw_background
from xai_core.phantom.generate import dress
from xai_core.phantom.lexicon import CONSPICUITY_TERM, MASS
from xai_core.types import Pathology

HEIGHT = 256


@pytest.fixture(scope="module")
def pairs() -> list:  # type: ignore[type-arg]
    out = []
    for seed in range(24):
        rng = np.random.default_rng(seed)
        background = draw_background(rng, ("CC", "MLO")[seed % 2], HEIGHT)
        pathology = (Pathology.MALIGNANT, Pathology.BENIGN, Pathology.NORMAL)[seed % 3]
        out.append(dress(rng, background, pathology, "LR"[seed % 2], recombined=True))
    return out


def test_the_grids_differ_by_a_few_percent(pairs: list) -> None:  # type: ignore[type-arg]
    zooms = [p.recombined.image.shape[0] / p.image.shape[0] for p in pairs]
    assert all(0.965 <= zoom <= 1.035 for zoom in zooms)
    assert len(set(zooms)) > 5


def test_grey_levels_and_masks(pairs: list) -> None:  # type: ignore[type-arg]
    for p in pairs:
        image = p.recombined.image
        assert 0 <= image.min() < image.max() <= 255
        assert len(p.recombined.masks) == len(p.lesions)
        assert all(m.shape == image.shape for m in p.recombined.masks)
        assert not (p.recombined.mask & (image == 0)).mean() > 0.01
        if p.pathology is Pathology.NORMAL:
            assert not p.recombined.mask.any()


def test_a_mask_is_there_exactly_where_something_enhances(pairs: list) -> None:  # type: ignore[type-arg]
    kinds = set()
    for p in pairs:
        for lesion, mask in zip(p.lesions, p.recombined.masks, strict=True):
            enhances = CONSPICUITY_TERM in lesion.plan.descriptors
            assert mask.any() == enhances
            kinds.add(enhances)
    assert kinds == {True, False}


def test_a_mass_of_high_conspicuity_is_bright(pairs: list) -> None:  # type: ignore[type-arg]
    seen = 0
    for p in pairs:
        for lesion, mask in zip(p.lesions, p.recombined.masks, strict=True):
            terms = lesion.plan.descriptors
            bright = terms.get(CONSPICUITY_TERM) == "high"
            if lesion.plan.kind != MASS or not bright or terms["mass enhancement"] == "rim":
                continue
            seen += 1
            image = p.recombined.image
            ring = ndi.binary_dilation(mask, iterations=8) & ~p.recombined.mask & (image > 0)
            assert image[mask].mean() > image[ring].mean() + 10
    assert seen >= 3
