"""Training images: cached phantom backgrounds, into which new lesions are inserted at every draw.

No training image is blurred in patches, as the images of insertion and deletion curves and of
Hybrid-CAM's levels are: a network that was trained on the very perturbation that a metric uses is
flattered by that metric.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from xai_core.files import whole_file, writing
from xai_core.phantom.anatomy import Breast
from xai_core.phantom.generate import SPLIT_SEEDS, Phantom, insert_lesions
from xai_core.phantom.lesion import LesionPlan
from xai_core.phantom.lexicon import CALCIFICATIONS, DISTORTION
from xai_core.phantom.plan import plan_lesions
from xai_core.phantom.tissue import SLABS, Background, draw_background
from xai_core.preprocessing.letterbox import fit, letterbox, letterbox_mask
from xai_core.training.sample import Sample, descriptor_labels
from xai_core.types import Pathology

# --- Backgrounds on disk ----------------------------------------------------------------------

_SHARD = 50  # backgrounds per file
_CLASS_MIX = {Pathology.NORMAL: 0.2, Pathology.BENIGN: 0.38, Pathology.MALIGNANT: 0.42}
VIEWS = ("CC", "MLO")
_LESION_ROOM = 48  # px that stay around a chosen pixel of a lesion in a large crop
_ON_LESION = 0.85  # share of crops on the lesion, of images with a lesion


def make_backgrounds(folder: Path, split: str, count: int, workers: int = 2) -> list[Background]:
    """``count`` backgrounds of a split, drawn once and stored in ``folder`` in shards.

    Existing shards are read, so that an interrupted call can be repeated and continues.

    Raises:
        BadRequest: the folder cannot be written.
    """
    starts = range(0, count, _SHARD)
    missing = [s for s in starts if not _shard(folder, split, s).exists()]
    if missing:
        with ProcessPoolExecutor(workers, initializer=one_thread) as pool:
            jobs = [pool.submit(_draw_shard, folder, split, s) for s in missing]
            for job in jobs:
                with writing(folder, "--work"):
                    job.result()
    return [b for s in starts for b in _read_shard(_shard(folder, split, s))][:count]


def one_thread() -> None:
    """Use one thread in this process for PyTorch and for NumPy's matrix products, where processes
    share the cores: more threads than cores wait for each other."""
    torch.set_num_threads(1)
    threadpool_limits(1)


def _shard(folder: Path, split: str, start: int) -> Path:
    return folder / f"backgrounds-{split}-{start:05d}.npz"


def _height(i: int) -> int:
    """The height of background ``i``, px.  Resized to the network's input, pictures of different
    heights differ in noise and sharpness, as images from different sources do."""
    return 768 if i % 3 == 2 else 512


def _draw_shard(folder: Path, split: str, start: int) -> None:
    arrays = {}
    for i in range(start, start + _SHARD):
        seed = SPLIT_SEEDS[split] + i
        b = draw_background(seed, VIEWS[i % 2], _height(i))
        nipple = f"{b.nipple[0]:.2f}|{b.nipple[1]:.2f}"
        arrays[f"{i}|{b.view}|{b.density}|{b.scale}|{nipple}|{b.plates:.4f}|{seed}"] = (
            np.concatenate([b.slabs, np.stack([b.thickness, b.skin, b.depth, b.breast])]).astype(
                np.float16
            )
        )
    path = _shard(folder, split, start)
    # Through a stream, since NumPy appends .npz to a file name.
    with whole_file(path) as stream:
        np.savez(stream, **arrays)  # type: ignore[arg-type]


def _read_shard(path: Path) -> list[Background]:
    out = []
    with np.load(path) as shard:
        for name in shard.files:
            _, view, density, scale, nipple_x, nipple_y, plates, seed = name.split("|")
            stored = shard[name]
            thickness, skin, depth, breast = stored[SLABS:]
            # The recombined image is not drawn in training: nothing of it is kept.
            none = np.broadcast_to(np.float32(0), breast.shape)
            out.append(
                Background(
                    slabs=stored[:SLABS].copy(),
                    thickness=thickness.copy(),
                    skin=skin.copy(),
                    uptake=none,
                    blood=none,
                    breast=breast > 0,
                    depth=depth.astype(np.float32),
                    glands=none,
                    nipple=(float(nipple_x), float(nipple_y)),
                    view=view,
                    density=density,
                    scale=float(scale),
                    plates=float(plates),
                    seed=int(seed),
                    anatomy=Breast.draw(int(seed)),
                )
            )
    return out


# --- Images and crops -------------------------------------------------------------------------


def draw_pathology(rng: np.random.Generator) -> Pathology:
    """A random pathology with the frequencies of the training set."""
    return Pathology(str(rng.choice([p.value for p in _CLASS_MIX], p=list(_CLASS_MIX.values()))))


def draw_seed(rng: np.random.Generator) -> int:
    """A seed for :func:`xai_core.phantom.generate.insert_lesions`."""
    return int(rng.integers(2**62))


def to_sample(phantom: Phantom, size: int) -> Sample:
    """A phantom as a training sample, with the same preparation as in the classifier."""
    grey = (phantom.image / 255).astype(np.float32)
    geometry = fit(grey, size)
    mask = (
        letterbox_mask(phantom.mask, geometry)
        if phantom.mask.any()
        else np.zeros((size, size), bool)
    )
    labels = descriptor_labels(phantom.plans)
    return Sample(letterbox(grey, geometry), mask, _target(phantom), labels=labels)


def _target(phantom: Phantom) -> float:
    """The target probability of malignancy.  The label is one random draw with the probability that
    the descriptors determine; learning from the probability itself is like learning from many
    draws.  The label has a quarter of the weight, for what the probability does not include, such
    as the number of lesions."""
    label = float(phantom.pathology is Pathology.MALIGNANT)
    probability = max((plan.probability for plan in phantom.plans), default=0.0)
    return 0.75 * probability + 0.25 * label


def draw_image(
    rng: np.random.Generator, backgrounds: list[Background], size: int, gain: float,
    pathology: Pathology | None = None,
) -> Sample:  # fmt: skip
    """One whole image: a random background with newly drawn lesions.

    ``gain`` multiplies the lesion's contrast: above 1 early in training.
    """
    background = backgrounds[int(rng.integers(len(backgrounds)))]
    pathology = pathology or draw_pathology(rng)
    plans = None
    if pathology is not Pathology.NORMAL and rng.random() < _SMALL_CUES:
        plans = _small_cues(rng, pathology, gain)
    phantom = insert_lesions(draw_seed(rng), background, pathology, "L", gain, plans=plans)
    return to_sample(phantom, size)


# Calcifications and distortions are an eighth and a fifteenth of the phantoms with lesions, and
# their cues cover a few pixels: they are drawn more often and, early, with more contrast.
_SMALL_CUES = 0.3  # share of images with lesions whose lesion is one of them


def _small_cues(
    rng: np.random.Generator, pathology: Pathology, gain: float
) -> tuple[LesionPlan, ...]:
    while True:
        plans = plan_lesions(np.random.default_rng(draw_seed(rng)), pathology, gain**2)
        if plans[0].kind in (CALCIFICATIONS, DISTORTION):
            return plans


def draw_crop(rng: np.random.Generator, whole: Sample, crop: int) -> Sample:
    """A crop of ``crop`` px from an image: mostly on its lesion, if it has one.

    A crop without a lesion counts as not malignant, since the loss must not require what is not
    visible.  With only a small part of a lesion the class does not count in the loss.
    """
    size = whole.image.shape[0]
    lesion, tissue = whole.lesion_pixels, whole.tissue_pixels
    parts, whole_size = whole.parts
    on_lesion = len(lesion) > 0 and rng.random() < _ON_LESION
    at = lesion if on_lesion or not len(tissue) else tissue
    # Larger crops show a lesion at any place, so that its place tells nothing.
    off = max(crop // 8, crop // 2 - _LESION_ROOM)
    cy, cx = at[int(rng.integers(len(at)))] + rng.integers(-off, off + 1, 2)
    y, x = (int(np.clip(c - crop // 2, 0, size - crop)) for c in (cy, cx))
    here = np.s_[y : y + crop, x : x + crop]
    seen = np.bincount(parts[here].ravel(), minlength=len(whole_size) + 1)[1:]
    most = float((seen / whole_size.clip(1)).max(initial=0.0))
    image, mask = whole.image[here], whole.mask[here]
    if most >= 0.5 or seen.sum() > (crop // 2) ** 2:
        return Sample(image, mask, whole.target, whole.class_counts, whole.labels)
    return Sample(image, mask, 0.0, whole.class_counts and most < 0.15)
