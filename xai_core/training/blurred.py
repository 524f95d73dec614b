"""Partly blurred pictures, as insertion and deletion curves and Hybrid-CAM's levels show them.

A network that never saw one may call the blurred picture malignant, and then those curves measure
its surprise.  So some training pictures are blurred in part: where the lesion is blurred away the
picture counts as not malignant.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import ndimage as ndi

from xai_core.training.sample import Sample
from xai_core.training.words import NOTHING

_PATCH = 16  # px, as the curves' patches
_HIDDEN, _SHOWN = 0.25, 0.75  # of the lesion


def partly_blurred(rng: np.random.Generator, sample: Sample) -> Sample:
    """``sample`` with all, most or some patches blurred; sigma 12 to 35 px.

    The mask keeps what is still seen of the lesion.  Its class does not count where about half of
    the lesion is seen.
    """
    image = sample.image
    shown = _shown(rng, image.shape)
    blur = ndi.gaussian_filter(image, float(rng.uniform(12, 35)), mode="reflect", truncate=3)
    mixed = np.where(shown, image, blur).astype(np.float32)
    mask = sample.mask & shown
    seen = mask.sum() / max(1, int(sample.mask.sum()))
    if not sample.mask.any():
        return replace(sample, image=mixed)
    if seen >= _SHOWN:
        return replace(sample, image=mixed, mask=mask)
    return Sample(mixed, mask, 0.0, sample.classed and bool(seen <= _HIDDEN), NOTHING)


def _shown(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """bool (H, W): patches in clumps, none at all in one case of four."""
    if rng.random() < 0.25:
        return np.zeros(shape, bool)
    h, w = (-(-n // _PATCH) for n in shape)
    field = ndi.gaussian_filter(rng.standard_normal((h, w)), float(rng.uniform(0.3, 3)))
    cut = np.quantile(field, rng.uniform(0.05, 0.95))
    patches = np.repeat(np.repeat(field > cut, _PATCH, 0), _PATCH, 1)
    return np.asarray(patches[: shape[0], : shape[1]])
