"""What a training run does: its phases, for a budget in minutes."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import torch

from xai_core.errors import BadRequest
from xai_core.model.layers import INPUT_MULTIPLE
from xai_core.training.network import FAMILY, TIMM_NAME, known

SIZE = 384  # px, the network's input
_LESION_CROP = 128  # px


@dataclass(frozen=True)
class Phase:
    """One phase: ``crop`` px pictures (the whole image where crop == size), annealed contrast.

    ``shrink``: the images are drawn at a ``shrink``-th of the network's input: edges and blobs are
    learned at a quarter of the cost.  ``frozen``: so many stages, and the stem, stay as they are:
    their maps are the largest, and learning on them costs half of a step.  ``fresh``: this share of
    a step's images is new, the others were drawn for a step before: drawing costs time as well.
    """

    name: str
    crop: int
    batch: int
    steps: int
    minutes: float
    rate: float
    gain: tuple[float, float]  # lesion contrast at the start and at the end of the annealing
    dense_weight: float
    class_weight: float
    naming_weight: float = 0.0
    real: float = 0.0  # share of real images in a batch
    shrink: int = 1
    frozen: int = 0
    fresh: float = 1.0

    def fraction(self, step: int, passed: float) -> float:
        """How much of the phase is over, where ``passed`` of its time is: 1 at its end."""
        return max(step / self.steps, passed)

    def gain_at(self, fraction: float) -> float:
        """What multiplies the lesions' contrast: annealed over the phase's first seven tenths."""
        start, end = self.gain
        return end + (start - end) * max(0.0, 1 - fraction / 0.7)


@dataclass(frozen=True)
class Plan:
    """What a run does; kept in the checkpoint and compared on resume."""

    phases: tuple[Phase, ...]
    seed: int = 0
    size: int = SIZE
    timm_name: str = TIMM_NAME
    ema_decay: float = 0.99
    low_precision: bool = True  # bfloat16 autocast
    drawers: int = 1  # that take turns in drawing the steps' pictures


def plan_for(
    minutes: float, seed: int = 0, gpu: bool = False, steps: int | None = None,
    warm: bool = False, real: bool = False, drawers: int = 1,
    timm_name: str = TIMM_NAME, size: int = SIZE,
) -> Plan:  # fmt: skip
    """The recipe for a budget in minutes: crops about lesions, small at first, then
    whole images.

    ``steps`` ends a phase as well, where given: then a run on the same machine can be repeated.
    ``warm``: the network starts from trained weights, so the contrast is annealed less.  ``real``:
    a share of the images is real.  ``gpu``: no small pictures and nothing held still, for both save
    a processor's time alone.  ``timm_name``: any ConvNeXt V2 of timm.  ``size``: side of its input,
    px.

    Raises:
        BadRequest: another network, or a size that is no multiple of 32 from 128 to 1024.
    """
    if not known(timm_name):
        raise BadRequest(
            f"The network is {timm_name!r}; give the name of a ConvNeXt V2 in timm, which begins "
            f"with {FAMILY}, such as {TIMM_NAME}."
        )
    if not _LESION_CROP <= size <= 1024 or size % INPUT_MULTIPLE:
        raise BadRequest(
            f"The size is {size} px; give a multiple of {INPUT_MULTIPLE} from {_LESION_CROP} to "
            "1024."
        )
    steps = steps or 100_000
    gain = (1.5 if warm else 2.5, 1.0)
    phases: tuple[Phase, ...]
    if gpu:
        phases = (
            Phase("lesions", _LESION_CROP, 256, steps, 0.5 * minutes, 1.5e-3, gain, 0.5, 1.0, 2.0,
                  0.06 * real, fresh=0.08),
            Phase("images", size, 64, steps, 0.5 * minutes, 1e-3, (1.0, 1.0), 0.4, 1.0, 0.5,
                  0.1 * real, fresh=0.5),
        )  # fmt: skip
        return Plan(phases, seed, size, timm_name, drawers=drawers)
    rate = 1e-3 if warm else 2e-3
    phases = (
        Phase("small lesions", 64, 64, steps, 0.38 * minutes, rate, gain, 0.5, 1.0, 1.5,
              0.04 * real, shrink=2, fresh=0.06),
        Phase("lesions", _LESION_CROP, 24, steps, 0.42 * minutes, rate, gain, 0.5, 1.0, 2.0,
              0.06 * real, fresh=0.08),
        Phase("images", size, 8, steps, 0.2 * minutes, 5e-4, (1.0, 1.0), 0.4, 1.0, 0.5,
              0.1 * real, frozen=2, fresh=0.5),
    )  # fmt: skip
    return Plan(phases, seed, size, timm_name, low_precision=multiplies_bfloat16(), drawers=drawers)


def multiplies_bfloat16() -> bool:
    """Whether the processor multiplies matrices of bfloat16 faster than those of float32.

    It is measured, for what a processor says of itself does not tell: some that have AVX512-BF16
    are slower with it, others faster.
    """

    def seconds(dtype: torch.dtype) -> float:
        a, b = (torch.ones(1024, 1024, dtype=dtype) for _ in range(2))
        best = math.inf
        for _ in range(5):
            begin = time.perf_counter()
            a @ b
            best = min(best, time.perf_counter() - begin)
        return best

    return seconds(torch.bfloat16) < 0.7 * seconds(torch.float32)
