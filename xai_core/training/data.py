"""The phantoms that the network is trained on.

Partly blurred pictures, as insertion and deletion curves and Hybrid-CAM's levels show them.

A network that never saw one may call the blurred picture malignant, and then those curves measure
its surprise.  So some training pictures are blurred in part: where the lesion is blurred away the
picture counts as not malignant.

Training images: cached phantom backgrounds, dressed with new lesions at every draw."""

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
from xai_core.training.sample import NOTHING, Sample, words_of
from xai_core.types import Pathology

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


_SHARD = 50
_CLASS_MIX = {Pathology.NORMAL: 0.2, Pathology.BENIGN: 0.38, Pathology.MALIGNANT: 0.42}
VIEWS = ("CC", "MLO")
_ON_LESION = 0.85  # share of the crops, of images that have one
_BLURRED = 0.12  # share of the pictures that are partly blurred


def make_backgrounds(folder: Path, split: str, count: int, workers: int = 2) -> list[Background]:
    """``count`` backgrounds of a split, drawn once and kept in ``folder`` in shards.

    A shard that is there is read, so an interrupted call goes on where it stopped.
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
    """Pictures of several heights: fitted to the network they differ in noise and in sharp edges,
    as images from several sources do."""
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
    # A stream, since NumPy appends .npz to a name.
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


def draw_pathology(rng: np.random.Generator) -> Pathology:
    """A pathology by the training mix."""
    return Pathology(str(rng.choice([p.value for p in _CLASS_MIX], p=list(_CLASS_MIX.values()))))


def to_sample(phantom: Phantom, size: int) -> Sample:
    """A phantom as the network will see it: the same preparation as the classifier's."""
    grey = (phantom.image / 255).astype(np.float32)
    geometry = fit(grey, size)
    mask = (
        letterbox_mask(phantom.mask, geometry)
        if phantom.mask.any()
        else np.zeros((size, size), bool)
    )
    return Sample(letterbox(grey, geometry), mask, _target(phantom), words=words_of(phantom.plans))


def _target(phantom: Phantom) -> float:
    """The label is one throw of a die whose odds the descriptors fix: learning from the odds
    themselves is learning from many throws.  The label keeps a quarter of the weight, for what
    the odds leave out, such as the number of lesions."""
    label = float(phantom.pathology is Pathology.MALIGNANT)
    odds = max((plan.probability for plan in phantom.plans), default=0.0)
    return 0.75 * odds + 0.25 * label


def draw_image(
    rng: np.random.Generator, backgrounds: list[Background], size: int, gain: float,
    pathology: Pathology | None = None,
) -> Sample:  # fmt: skip
    """One whole image: a random background, dressed anew.

    ``gain`` multiplies the lesion's contrast: above 1 early in training.
    """
    background = backgrounds[int(rng.integers(len(backgrounds)))]
    phantom = insert_lesions(rng, background, pathology or draw_pathology(rng), "L", gain)
    out = to_sample(phantom, size)
    return partly_blurred(rng, out) if rng.random() < _BLURRED else out


def draw_crop(rng: np.random.Generator, whole: Sample, crop: int) -> Sample:
    """A crop of ``crop`` px from an image: mostly on its lesion, if it has one.

    A crop that shows no lesion counts as not malignant: the loss must not ask for what is unseen.
    Where a part of one is seen, but no whole one, the class does not count.
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
        return Sample(image, mask, whole.target, whole.classed, whole.words)
    return Sample(image, mask, 0.0, whole.classed and most < 0.15)
