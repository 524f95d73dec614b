"""The plan of a training run: its phases, for a budget in minutes."""

from __future__ import annotations

import math
import time
from collections.abc import Collection
from dataclasses import dataclass

import torch

from xai_core.errors import BadRequest
from xai_core.model.layers import INPUT_MULTIPLE
from xai_core.training.network import FAMILY, TIMM_NAME, is_convnext_v2
from xai_core.training.real_samples import SHARES

SIZE = 384  # px, the network's input
EVIDENCE = "evidence"
PARTS = (*SHARES, EVIDENCE)
"""What a run can leave out: ways of showing real tissue, and the loss on the class evidence."""
_DETAIL_CROP = 64  # px
_LESION_CROP = 128


@dataclass(frozen=True)
class Phase:
    """One phase, with pictures of ``crop`` px (the whole image where crop == size).

    ``steps``, ``minutes``: the phase ends at whichever is reached first.  ``rate``: peak learning
    rate.  ``naming_weight``: weight of the descriptor loss.  ``shrink``: images are reduced to a
    ``shrink``-th of the network's input size, so that edges and blobs are learned at a quarter of
    the cost.  ``frozen``: the stem and this number of stages are not trained: their maps are the
    largest and take half of a step's time.  ``fresh``: the share of new images in a batch; the
    others were drawn for earlier steps, since drawing takes time as well.
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
    real: float = 0.0  # share of samples with real tissue in a batch
    shrink: int = 1
    frozen: int = 0
    fresh: float = 1.0
    evidence_weight: float = 0.0  # see xai_core.training.evidence

    def fraction(self, step: int, time_share: float) -> float:
        """The progress of the phase, 1 at its end; ``time_share``: the share of its time that has
        passed."""
        return max(step / self.steps, time_share)

    def gain_at(self, fraction: float) -> float:
        """The factor on the lesions' contrast, annealed over seven tenths of the phase."""
        start, end = self.gain
        return end + (start - end) * max(0.0, 1 - fraction / 0.7)


@dataclass(frozen=True)
class Plan:
    """The plan of a run; stored in the checkpoint and compared when a run is resumed."""

    phases: tuple[Phase, ...]
    seed: int = 0
    size: int = SIZE
    timm_name: str = TIMM_NAME
    ema_decay: float = 0.99
    low_precision: bool = True  # bfloat16 autocast
    workers: int = 1  # sample workers, which draw the batches in turn
    ways: tuple[str, ...] = tuple(SHARES)  # of samples with real tissue


def plan_for(
    minutes: float, seed: int = 0, gpu: bool = False, steps: int | None = None,
    pretrained: bool = False, real: bool = False, workers: int = 1,
    timm_name: str = TIMM_NAME, size: int = SIZE, left_out: Collection[str] = (),
) -> Plan:  # fmt: skip
    """The plan for a budget in minutes: crops around lesions, small ones first, then whole images.

    ``steps``: the maximum number of steps per phase, so that a run can be reproduced; None for no
    limit besides the time.  ``pretrained``: the network starts from trained weights, so the initial
    contrast is lower.  ``real``: include a share of real images.  ``gpu``: without small pictures
    and frozen stages, which save time only on a processor.  ``timm_name``: any ConvNeXt V2 of timm.
    ``size``: side of its input, px.  ``left_out``: of :data:`PARTS`, to see what each is worth.

    Raises:
        BadRequest: another network, a size that is not a multiple of 32 from 128 to 1024, an
            unknown part, or real images without any way to show them.
    """
    if not is_convnext_v2(timm_name):
        raise BadRequest(
            f"The network is {timm_name!r}; give the name of a ConvNeXt V2 in timm, which begins "
            f"with {FAMILY}, such as {TIMM_NAME}."
        )
    if not _LESION_CROP <= size <= 1024 or size % INPUT_MULTIPLE:
        raise BadRequest(
            f"The size is {size} px; give a multiple of {INPUT_MULTIPLE} from {_LESION_CROP} to "
            "1024."
        )
    if unknown := sorted(set(left_out) - set(PARTS)):
        raise BadRequest(
            f"The part to leave out is {unknown[0]!r}; allowed are {', '.join(PARTS)}."
        )
    ways = tuple(way for way in SHARES if way not in left_out)
    if real and not ways:
        raise BadRequest("All samples with real tissue are left out; then leave out --real.")
    evidence = 0.0 if EVIDENCE in left_out else 0.3
    steps = steps or 100_000
    gain = (1.5 if pretrained else 2.5, 1.0)
    phases: tuple[Phase, ...]
    if gpu:
        phases = (
            Phase("lesions", _LESION_CROP, 256, steps, 0.5 * minutes, 1.5e-3, gain, 0.5, 1.0, 2.0,
                  0.25 * real, fresh=0.08),
            Phase("images", size, 64, steps, 0.5 * minutes, 1e-3, (1.0, 1.0), 0.4, 1.0, 0.5,
                  0.35 * real, fresh=0.5, evidence_weight=evidence),
        )  # fmt: skip
        return Plan(phases, seed, size, timm_name, workers=workers, ways=ways)
    if pretrained:
        # Small pictures show many lesions in little time: what particles and margins look like is
        # learned from the smallest; the larger ones mostly teach the late stages to find lesions.
        phases = (
            Phase("details", _DETAIL_CROP, 96, steps, 0.42 * minutes, 1e-3, (2.0, 1.0), 0.5, 1.0,
                  2.0, 0.15 * real, fresh=0.05),
            Phase("lesions", _LESION_CROP, 32, steps, 0.20 * minutes, 8e-4, (1.0, 1.0), 0.5, 1.0,
                  2.0, 0.18 * real, fresh=0.1),
            Phase("regions", size * 7 // 12 // 32 * 32, 12, steps, 0.14 * minutes, 6e-4, (1.0, 1.0),
                  0.5, 1.0, 1.0, 0.3 * real, frozen=2, fresh=0.2, evidence_weight=evidence),
            Phase("images", size, 8, steps, 0.24 * minutes, 4e-4, (1.0, 1.0), 0.4, 1.0, 0.5,
                  0.35 * real, frozen=2, fresh=0.5, evidence_weight=evidence),
        )  # fmt: skip
    else:
        phases = (
            Phase("small lesions", 64, 64, steps, 0.38 * minutes, 2e-3, gain, 0.5, 1.0, 1.5,
                  0.2 * real, shrink=2, fresh=0.06),
            Phase("lesions", _LESION_CROP, 24, steps, 0.42 * minutes, 2e-3, gain, 0.5, 1.0, 2.0,
                  0.2 * real, fresh=0.08),
            Phase("images", size, 8, steps, 0.2 * minutes, 5e-4, (1.0, 1.0), 0.4, 1.0, 0.5,
                  0.35 * real, frozen=2, fresh=0.5, evidence_weight=evidence),
        )  # fmt: skip
    return Plan(
        phases, seed, size, timm_name, low_precision=bfloat16_is_faster(), workers=workers,
        ways=ways,
    )  # fmt: skip


def bfloat16_is_faster() -> bool:
    """Whether the processor multiplies bfloat16 matrices clearly faster than float32 ones.

    Measured, since the reported capabilities do not tell: some processors with AVX512-BF16 are
    slower with bfloat16, others faster.
    """

    def seconds(dtype: torch.dtype) -> float:
        a, b = (torch.ones(512, 512, dtype=dtype) for _ in range(2))
        best = math.inf
        for _ in range(3):
            begin = time.perf_counter()
            a @ b
            best = min(best, time.perf_counter() - begin)
        return best

    return seconds(torch.bfloat16) < 0.7 * seconds(torch.float32)
