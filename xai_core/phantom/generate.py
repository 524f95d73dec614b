"""One phantom case from one seed: background, lesions, exposure, ground truth.

A new kind of lesion is one file with a ``draw_`` function and its line in :func:`_draw`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xai_core.phantom.background import Background, draw_background
from xai_core.phantom.calcification import draw_calcifications
from xai_core.phantom.descriptors import MASS, MM_PER_PIXEL_AT_512, LesionPlan, plan_lesion
from xai_core.phantom.mass import draw_mass
from xai_core.phantom.tone import draw_tone_curve, expose
from xai_core.phantom.window import Drawing
from xai_core.types import BoolArray, FloatArray, Pathology

# Texture seeds of the three splits never meet: a split owns its own million.
SPLIT_SEEDS = {"train": 1_000_000, "validation": 2_000_000, "test": 3_000_000}
SPLIT_SIZE = 1_000_000

_BIRADS = {Pathology.NORMAL: (1,), Pathology.BENIGN: (2, 3, 4), Pathology.MALIGNANT: (4, 5)}


@dataclass(frozen=True, eq=False)
class Phantom:
    """A synthetic mammogram with its truth.

    ``image``: float32 (H, W), grey 0..255, chest wall at the left edge for a left breast.
    ``mask``: bool (H, W), True on lesions; all False for a normal breast.
    """

    image: FloatArray
    mask: BoolArray
    pathology: Pathology
    laterality: str
    view: str
    density: str
    birads: int
    plans: tuple[LesionPlan, ...]


def generate(
    seed: int, pathology: Pathology, view: str, laterality: str = "L", height: int = 512
) -> Phantom:
    """The phantom of ``seed``: the same arguments always give the same pixels."""
    rng = np.random.default_rng(seed)
    return dress(rng, draw_background(rng, view, height), pathology, laterality)


def dress(
    rng: np.random.Generator, background: Background, pathology: Pathology,
    laterality: str = "L", contrast_gain: float = 1.0,
) -> Phantom:  # fmt: skip
    """A background with lesions of ``pathology`` put in, exposed: fast beside drawing tissue.

    Training dresses one background many times; the library dresses each once.
    """
    curve = draw_tone_curve(rng, background)
    tissue = background.tissue
    mask = np.zeros(tissue.shape, bool)
    plans: tuple[LesionPlan, ...] = ()
    if pathology is not Pathology.NORMAL:
        plans = (plan_lesion(rng, pathology, contrast_gain),)
        for plan in plans:
            tissue, found = _insert(rng, background, tissue, plan)
            mask |= found
    image = expose(rng, curve, background, tissue)
    if laterality == "R":
        image, mask = image[:, ::-1].copy(), mask[:, ::-1].copy()
    birads = int(rng.choice(_BIRADS[pathology]))
    return Phantom(
        image, mask, pathology, laterality, background.view, background.density, birads, plans
    )


def _insert(
    rng: np.random.Generator, background: Background, tissue: FloatArray, plan: LesionPlan
) -> tuple[FloatArray, BoolArray]:
    """Tissue with the lesion added where it fits, and the lesion's mask."""
    radius = 0.5 * plan.diameter / MM_PER_PIXEL_AT_512 * background.scale
    centre = _place(rng, background, radius)
    drawing = _draw(rng, plan, background, centre, radius)
    window = drawing.window
    here = (window.rows, window.columns)
    inside = background.breast[here] & (background.depth[here] > 2 * background.scale)
    around = inside & ~drawing.mask & (window.radius < 2.2 * radius + 6)
    spread = float(tissue[here][around].std()) if around.sum() > 30 else 12.0
    spread = float(np.clip(spread, 10, 24))
    added = np.where(inside, drawing.added, 0)
    level = float(tissue[here][around].mean()) if around.sum() > 30 else float(tissue[here].mean())
    # A solid mass displaces the tissue it grows in: half of the texture goes, density comes.
    kept = tissue[here] - 0.5 * np.clip(added, 0, 1) * (tissue[here] - level)
    out = tissue.copy()
    out[here] = kept + added * spread * plan.contrast
    mask = np.zeros(tissue.shape, bool)
    mask[here] = drawing.mask & inside
    return out, mask


def _place(rng: np.random.Generator, background: Background, radius: float) -> tuple[float, float]:
    """A centre (column, row) at least 0.8 radii under the skin; shallower in a small breast."""
    depth = background.depth
    for need in (0.8 * radius + 6 * background.scale, 0.4 * radius, 0.0):
        rows, columns = np.nonzero(depth > need)
        margin = 0.6 * radius
        keep = (rows > margin) & (rows < depth.shape[0] - margin) & (columns > margin)
        if keep.sum() > 50:
            k = int(rng.choice(np.flatnonzero(keep)))
            return float(columns[k]), float(rows[k])
    row, column = np.unravel_index(int(depth.argmax()), depth.shape)
    return float(column), float(row)


def _draw(
    rng: np.random.Generator, plan: LesionPlan, background: Background,
    centre: tuple[float, float], radius: float,
) -> Drawing:  # fmt: skip
    shape = background.tissue.shape
    if plan.kind == MASS:
        return draw_mass(rng, plan, (shape[0], shape[1]), centre, radius)
    return draw_calcifications(rng, plan, (shape[0], shape[1]), centre, radius, background.scale)
