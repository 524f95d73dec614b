"""Generation of a phantom: normal tissue, nuisances, lesions, grey levels, and the ground truth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from xai_core.phantom.anatomy import stream
from xai_core.phantom.kinds import LESION_KINDS
from xai_core.phantom.lesion import LesionPlan
from xai_core.phantom.nuisance import draw_nuisances
from xai_core.phantom.place import (
    Lesion,
    Place,
    Tissue,
    draw_place,
    insert,
    lesion_radius,
)
from xai_core.phantom.plan import assessment, plan_lesions
from xai_core.phantom.recombined import Recombined, draw_recombined
from xai_core.phantom.tissue import Background, draw_background
from xai_core.phantom.tone import draw_tone_curve, expose, picture_with
from xai_core.types import BoolArray, FloatArray, Pathology

# The texture seeds of the splits do not overlap: each split has a range of one million.  "study" is
# of phantoms that are drawn to ask a model, by no library and never to fit anything.
SPLIT_SEEDS = {
    "train": 1_000_000, "validation": 2_000_000, "test": 3_000_000, "study": 4_000_000,
}  # fmt: skip
SPLIT_SIZE = 1_000_000


@dataclass(frozen=True, eq=False)
class Phantom:
    """A synthetic mammogram with its ground truth.

    ``image``: float32 (H, W), grey 0..255, chest wall at the left edge for a left breast.
    ``lesions``: those that this view shows; none in a normal breast.  ``hidden``: plans of those
    that only the other view shows.  ``nuisances``: names of structures that were added
    independently of the class.  ``recombined``: the recombined image on its own grid, None where
    it was not drawn.
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
    hidden: tuple[LesionPlan, ...] = ()

    @property
    def mask(self) -> BoolArray:
        """bool (H, W), True on any lesion."""
        union = np.zeros(self.image.shape, bool)
        for lesion in self.lesions:
            union |= lesion.mask
        return union

    @property
    def thin_mask(self) -> BoolArray:
        """bool (H, W), True on the spicules and strands of any lesion."""
        union = np.zeros(self.image.shape, bool)
        for lesion in self.lesions:
            union |= lesion.thin
        return union

    @property
    def plans(self) -> tuple[LesionPlan, ...]:
        """The lesions' descriptors."""
        return tuple(lesion.plan for lesion in self.lesions)


def generate(
    seed: int, pathology: Pathology, view: str, laterality: str = "L", height: int = 512,
    recombined: bool = False, first_view: bool = True,
) -> Phantom:  # fmt: skip
    """The phantom of ``seed``: the same arguments always give the same pixels.

    The two views of a seed show the same breast with the same lesions; ``first_view``: whether
    lesions are shown that only one view shows.
    """
    background = draw_background(seed, view, height, side=laterality)
    return insert_lesions(
        seed, background, pathology, laterality, recombined=recombined, first_view=first_view
    )


def insert_lesions(
    seed: int, background: Background, pathology: Pathology, laterality: str = "L",
    gain: float = 1.0, recombined: bool = False, first_view: bool = True,
    plans: tuple[LesionPlan, ...] | None = None, placed_as: tuple[LesionPlan, ...] = (),
) -> Phantom:  # fmt: skip
    """The phantom of ``background`` with the lesions of ``seed`` and ``pathology``.

    Much faster than drawing a background: training inserts lesions into each background many
    times, the library once.

    Exposure, nuisances, plans and each lesion have random streams of their own: another plan for
    one lesion changes pixels in the box about it and nowhere else.

    Args:
        seed: of everything but the background.
        background: see :func:`xai_core.phantom.tissue.draw_background`.
        pathology: the class that plans are drawn for.
        laterality: "R" shows the mirror image, chest wall at the right.
        gain: factor on what lesions add to the attenuation.
        recombined: whether to draw the recombined image too.
        first_view: whether lesions are shown that only one view shows.
        plans: the lesions, instead of drawn ones.
        placed_as: lesions of other sizes in whose places the first of ``plans`` are put.
    """
    view = background.view
    if plans is None:
        plans = plan_lesions(stream(seed, "plan"), pathology, gain)
    nuisances = draw_nuisances(stream(seed, "nuisances", view), background)
    tissue = Tissue.of(background)
    lesions, hidden, taken = [], list[LesionPlan](), list[Place]()
    for k, plan in enumerate(plans):
        radius = lesion_radius(plan, background)
        room = lesion_radius(placed_as[k], background) if k < len(placed_as) else radius
        place = draw_place(stream(seed, "place", k), background, room, taken)
        taken.append(place)
        only = LESION_KINDS[plan.kind].one_view
        if only is not None and only(plan.descriptors) and not first_view:
            hidden.append(plan)
            continue
        before = tissue.shown.copy()
        lesion = insert(stream(seed, "lesion", k), background, tissue, plan, place, radius)
        if not _stands_out(lesion, before, tissue.shown, background):
            lesion = replace(lesion, plan=replace(plan, occult=True))
        lesions.append(lesion)
    clips = np.asarray(np.maximum(nuisances.metal, tissue.metal), np.float32)
    if background.anatomy is None:
        image = picture_with(background, tissue.shown, clips)
    else:
        image = expose(
            stream(seed, "noise", view), draw_tone_curve(stream(seed, "tone", view), background),
            background, tissue.shown + nuisances.added, replace(nuisances, metal=clips),
        )  # fmt: skip
    second = None
    if recombined:
        streams = [stream(seed, "iodine", k) for k in range(len(lesions))]
        second = draw_recombined(
            stream(seed, "recombined", view), background, tissue.shown, tuple(lesions), streams,
            nuisances,
        )  # fmt: skip
    birads = assessment(stream(seed, "assessment"), tuple(x.plan for x in lesions))
    phantom = Phantom(
        image, tuple(lesions), pathology, "L", view, background.density, birads, nuisances.names,
        second, tuple(hidden),
    )  # fmt: skip
    return phantom if laterality == "L" else _mirrored(phantom)


_SEEN = 0.5  # standard deviations of the tissue around it by which a visible lesion changes it


def _stands_out(
    lesion: Lesion, before: FloatArray, after: FloatArray, background: Background
) -> bool:
    """Whether a lesion can be seen in the tissue around it; dense tissue hides some."""
    px = max(4, round(3 * background.px_per_mm))
    rows, columns = (np.flatnonzero(lesion.mask.any(axis)) for axis in (1, 0))
    part = np.s_[max(rows[0] - px, 0) : rows[-1] + px, max(columns[0] - px, 0) : columns[-1] + px]
    mask, around = lesion.mask[part], background.breast[part] & ~lesion.mask[part]
    if around.sum() < 20:
        return True
    change = float(np.percentile(np.abs(after - before)[part][mask], 97))
    return change > _SEEN * float(before[part][around].std())


def _mirrored(left: Phantom) -> Phantom:
    """The right breast that is the mirror image of a left one."""
    width = left.image.shape[1]
    lesions = tuple(
        Lesion(
            x.plan, (width - 1 - x.centre[0], x.centre[1]), x.radius, x.beam, x.behind,
            _flip(x.mask), _flip(x.thin),
        )
        for x in left.lesions
    )  # fmt: skip
    second = left.recombined
    if second is not None:
        second = Recombined(_flip(second.image), tuple(_flip(m) for m in second.masks))
    return Phantom(
        _flip(left.image), lesions, left.pathology, "R", left.view, left.density, left.birads,
        left.nuisances, second, left.hidden,
    )  # fmt: skip


def _flip(picture: Any) -> Any:
    return picture[:, ::-1].copy()
