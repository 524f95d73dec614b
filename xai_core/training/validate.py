"""Validation of a trained network on phantoms with new textures, and choice of the threshold."""

from __future__ import annotations

import copy
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from xai_core.phantom.generate import insert_lesions
from xai_core.phantom.tissue import Background
from xai_core.statistics.auc import auc_interval, roc_auc
from xai_core.training.data import draw_pathology, to_sample
from xai_core.training.loop import MEAN, STD
from xai_core.training.sample import Sample
from xai_core.types import FloatArray, Pathology

TARGET_SENSITIVITY = 0.9  # at the threshold, on the validation phantoms, at least


@dataclass(frozen=True)
class Validation:
    """AUC of malignant against the rest with its 95 % interval, and the threshold on P(malignant)
    with a sensitivity of at least :data:`TARGET_SENSITIVITY`."""

    images: int
    auc: float
    low: float
    high: float
    threshold: float
    sensitivity: float
    specificity: float


def validation_logits(
    trunk: nn.Module, backgrounds: list[Background], seed: int, size: int, device: torch.device
) -> tuple[FloatArray, FloatArray]:
    """The logits (n, 2) and the truth (0 or 1, (n,)) of one phantom with new lesions per
    background, float32.

    The same backgrounds and seed give the same phantoms.
    """
    trunk.eval()
    rows, truth = [], []

    def drawn(i: int) -> tuple[Sample, Pathology]:
        rng = np.random.default_rng((seed, i))
        pathology = draw_pathology(rng)
        return to_sample(insert_lesions(rng, backgrounds[i], pathology), size), pathology

    with ThreadPoolExecutor() as pool:
        for sample, pathology in pool.map(drawn, range(len(backgrounds))):
            x = torch.from_numpy((sample.image - MEAN) / STD)[None, None].expand(1, 3, -1, -1)
            with torch.inference_mode():
                logits = trunk(x.to(device, memory_format=torch.channels_last)).float()
            rows.append(logits[0].cpu().numpy())
            truth.append(float(pathology is Pathology.MALIGNANT))
    return np.array(rows, np.float32), np.array(truth, np.float32)


def probabilities(logits: FloatArray) -> FloatArray:
    """P(malignant) of logits (n, 2): float32 (n,)."""
    return np.asarray(1 / (1 + np.exp(logits[:, 0] - logits[:, 1])), np.float32)


def as_exported(trunk: nn.Module) -> nn.Module:
    """A copy with its weights rounded to float16, as in the exported file, computing in float32."""
    return copy.deepcopy(trunk).half().float()


def validate(p: FloatArray, truth: FloatArray) -> Validation:
    """The figures of a set of predictions.  The threshold is the highest with a sensitivity of at
    least :data:`TARGET_SENSITIVITY`, since a missed cancer costs more than a recall."""
    label = truth > 0.5
    auc = roc_auc(label, p)
    low, high = auc_interval(label, p, np.arange(len(p)), seed=0)  # a phantom is a patient
    if np.isnan(low):
        low, high = 0.0, 1.0  # too few to tell anything; a specification holds numbers
    cuts = np.unique(p)
    sensitivity = np.array([(p[label] >= c).mean() for c in cuts])
    specificity = np.array([(p[~label] < c).mean() for c in cuts])
    k = int(np.flatnonzero(sensitivity >= TARGET_SENSITIVITY)[-1])
    below = cuts[k - 1] if k else 0.0
    threshold = float(np.clip((cuts[k] + below) / 2, 0.01, 0.99))
    return Validation(
        len(p), float(auc), float(low), float(high), round(threshold, 4),
        float(sensitivity[k]), float(specificity[k]),
    )  # fmt: skip
