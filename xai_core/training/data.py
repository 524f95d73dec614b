"""Training images: cached phantom backgrounds, into which new lesions are inserted at every draw.

Some training images are partly blurred, like those of insertion and deletion curves and of
Hybrid-CAM's levels: a network that was never trained on such images may call the blurred image
malignant, and the curves would then measure its response to unfamiliar images.  Where the lesion is
blurred away the image counts as not malignant.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from scipy import ndimage as ndi

from xai_core.files import whole_file
from xai_core.phantom.generate import SPLIT_SEEDS, Phantom, insert_lesions
from xai_core.phantom.tissue import Background, draw_background
from xai_core.preprocessing.letterbox import fit, letterbox, letterbox_mask
from xai_core.training.sample import NO_LABELS, Sample, descriptor_labels
from xai_core.types import Pathology

# --- Partly blurred images --------------------------------------------------------------------

_PATCH = 16  # px, as the curves' patches
_HIDDEN, _SHOWN = 0.25, 0.75  # visible share of the lesion below or above which the class is clear


def partly_blurred(rng: np.random.Generator, sample: Sample) -> Sample:
    """``sample`` with some or all patches blurred, with a sigma of 12 to 35 px.

    The mask keeps only the visible part of the lesion.  Where about half of the lesion is visible
    the class does not count in the loss.
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
    return Sample(mixed, mask, 0.0, sample.class_counts and bool(seen <= _HIDDEN), NO_LABELS)


def _shown(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """The visible patches, in clumps, as bool (H, W); none in one case of four."""
    if rng.random() < 0.25:
        return np.zeros(shape, bool)
    h, w = (-(-n // _PATCH) for n in shape)
    field = ndi.gaussian_filter(rng.standard_normal((h, w)), float(rng.uniform(0.3, 3)))
    cut = np.quantile(field, rng.uniform(0.05, 0.95))
    patches = np.repeat(np.repeat(field > cut, _PATCH, 0), _PATCH, 1)
    return np.asarray(patches[: shape[0], : shape[1]])


# --- Backgrounds on disk ----------------------------------------------------------------------

_SHARD = 50  # backgrounds per file
_CLASS_MIX = {Pathology.NORMAL: 0.2, Pathology.BENIGN: 0.38, Pathology.MALIGNANT: 0.42}
VIEWS = ("CC", "MLO")
_ON_LESION = 0.85  # share of crops on the lesion, of images with a lesion
_BLURRED = 0.12  # share of partly blurred images


def make_backgrounds(folder: Path, split: str, count: int, workers: int = 2) -> list[Background]:
    """``count`` backgrounds of a split, drawn once and stored in ``folder`` in shards.

    Existing shards are read, so that an interrupted call can be repeated and continues.
    """
    folder.mkdir(parents=True, exist_ok=True)
    starts = range(0, count, _SHARD)
    missing = [s for s in starts if not _shard(folder, split, s).exists()]
    if missing:
        with ProcessPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            jobs = [pool.submit(_draw_shard, folder, split, s) for s in missing]
            for job in jobs:
                job.result()
    return [b for s in starts for b in _read_shard(_shard(folder, split, s))][:count]


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
        b = draw_background(np.random.default_rng(seed), VIEWS[i % 2], _height(i))
        nipple = f"{b.nipple[0]:.1f}|{b.nipple[1]:.1f}"
        arrays[f"{i}|{b.view}|{b.density}|{b.scale}|{nipple}"] = np.stack(
            [b.tissue, b.depth, b.breast, b.glands]
        ).astype(np.float16)
    path = _shard(folder, split, start)
    # Through a stream, since NumPy appends .npz to a file name.
    with whole_file(path) as partial, partial.open("wb") as stream:
        np.savez(stream, **arrays)  # type: ignore[arg-type]


def _read_shard(path: Path) -> list[Background]:
    out = []
    with np.load(path) as shard:
        for name in shard.files:
            _, view, density, scale, nipple_x, nipple_y = name.split("|")
            tissue, depth, breast, glands = shard[name]
            out.append(
                Background(
                    tissue.astype(np.float32),
                    breast > 0,
                    depth.astype(np.float32),
                    glands.astype(np.float32),
                    (float(nipple_x), float(nipple_y)),
                    view,
                    density,
                    float(scale),
                )
            )
    return out


# --- Images and crops -------------------------------------------------------------------------


def draw_pathology(rng: np.random.Generator) -> Pathology:
    """A random pathology with the frequencies of the training set."""
    return Pathology(str(rng.choice([p.value for p in _CLASS_MIX], p=list(_CLASS_MIX.values()))))


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
    """One whole image: a random background with newly drawn lesions, sometimes partly blurred.

    ``gain`` multiplies the lesion's contrast: above 1 early in training.
    """
    background = backgrounds[int(rng.integers(len(backgrounds)))]
    phantom = insert_lesions(rng, background, pathology or draw_pathology(rng), "L", gain)
    out = to_sample(phantom, size)
    return partly_blurred(rng, out) if rng.random() < _BLURRED else out


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
    cy, cx = at[int(rng.integers(len(at)))] + rng.integers(-crop // 8, crop // 8 + 1, 2)
    y, x = (int(np.clip(c - crop // 2, 0, size - crop)) for c in (cy, cx))
    here = np.s_[y : y + crop, x : x + crop]
    seen = np.bincount(parts[here].ravel(), minlength=len(whole_size) + 1)[1:]
    most = float((seen / whole_size.clip(1)).max(initial=0.0))
    image, mask = whole.image[here], whole.mask[here]
    if most >= 0.5 or seen.sum() > (crop // 2) ** 2:
        return Sample(image, mask, whole.target, whole.class_counts, whole.labels)
    return Sample(image, mask, 0.0, whole.class_counts and most < 0.15)
