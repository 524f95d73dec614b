"""Generation of a phantom: normal tissue, nuisances, lesions, grey levels, and the ground truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from xai_core.phantom.lesion import LesionPlan
from xai_core.phantom.nuisance import draw_nuisances
from xai_core.phantom.place import Lesion, insert
from xai_core.phantom.plan import assessment, plan_lesions
from xai_core.phantom.recombined import Recombined, draw_recombined
from xai_core.phantom.tissue import Background, draw_background
from xai_core.phantom.tone import draw_tone_curve, expose
from xai_core.types import BoolArray, FloatArray, Pathology

# The texture seeds of the three splits do not overlap: each split has a range of one million.
SPLIT_SEEDS = {"train": 1_000_000, "validation": 2_000_000, "test": 3_000_000}
SPLIT_SIZE = 1_000_000


@dataclass(frozen=True, eq=False)
class Phantom:
    """A synthetic mammogram with its ground truth.

    ``image``: float32 (H, W), grey 0..255, chest wall at the left edge for a left breast.
    ``lesions``: the inserted lesions; none in a normal breast.  ``nuisances``: names of structures
    that were added independently of the class.  ``recombined``: the recombined image on its own
    grid, None where it was not drawn.
    """

    image: FloatArray
    lesions: tuple[Lesion, ...]
    pathology: Pathology
    laterality: str
    view: str
    density: str
    birads: int
    nuisances: tuple[str, ...]
    recombined: Recombined | None = None

    @property
    def mask(self) -> BoolArray:
        """bool (H, W), True on any lesion."""
        union = np.zeros(self.image.shape, bool)
        for lesion in self.lesions:
            union |= lesion.mask
        return union

    @property
    def plans(self) -> tuple[LesionPlan, ...]:
        """The lesions' descriptors."""
        return tuple(lesion.plan for lesion in self.lesions)


def generate(
    seed: int, pathology: Pathology, view: str, laterality: str = "L", height: int = 512,
    recombined: bool = False,
) -> Phantom:  # fmt: skip
    """The phantom of ``seed``: the same arguments always give the same pixels."""
    rng = np.random.default_rng(seed)
    background = draw_background(rng, view, height)
    return insert_lesions(rng, background, pathology, laterality, recombined=recombined)


def insert_lesions(
    rng: np.random.Generator, background: Background, pathology: Pathology,
    laterality: str = "L", contrast_gain: float = 1.0, recombined: bool = False,
) -> Phantom:  # fmt: skip
    """The phantom of ``background`` with newly drawn lesions of ``pathology``.

    Much faster than drawing a background: training inserts lesions into each background many
    times, the library once.
    """
    # Tone curve and nuisances are drawn before the pathology is used, so they cannot depend on it.
    curve = draw_tone_curve(rng, background)
    nuisances = draw_nuisances(rng.spawn(1)[0], background)
    plans = plan_lesions(rng, pathology, contrast_gain)
    tissue = background.tissue + nuisances.added
    lesions = []
    for plan in plans:
        tissue, lesion = insert(rng, background, tissue, plan, curve)
        lesions.append(lesion)
    image = expose(rng, curve, background, tissue, nuisances)
    birads = assessment(rng, plans)
    second = (
        draw_recombined(rng.spawn(1)[0], background, tuple(lesions), nuisances)
        if recombined
        else None
    )
    phantom = Phantom(
        image, tuple(lesions), pathology, "L", background.view, background.density, birads,
        nuisances.names, second,
    )  # fmt: skip
    return phantom if laterality == "L" else _mirrored(phantom)


def _mirrored(left: Phantom) -> Phantom:
    """The right breast that is the mirror image of a left one."""
    width = left.image.shape[1]
    lesions = tuple(
        Lesion(x.plan, (width - 1 - x.centre[0], x.centre[1]), x.radius, _flip(x.mask))
        for x in left.lesions
    )
    second = left.recombined
    if second is not None:
        second = Recombined(_flip(second.image), tuple(_flip(m) for m in second.masks))
    return Phantom(
        _flip(left.image), lesions, left.pathology, "R", left.view, left.density, left.birads,
        left.nuisances, second,
    )  # fmt: skip


def _flip(picture: Any) -> Any:
    return picture[:, ::-1].copy()
