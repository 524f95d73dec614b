"""Validation of a trained network on phantoms with new textures, and its calibration.

The temperature and the bias that are fitted to the validation phantoms are folded into the head's
linear layer, so that the probabilities agree with how often such phantoms are malignant, and the
larger logit is the operating point.  Both logits are divided by the temperature; half of the bias
is added to the positive class's logit and half is taken from the other one, so that neither class
is preferred where one of the two is explained.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from torch import nn

from xai_core.phantom.generate import insert_lesions
from xai_core.phantom.tissue import Background
from xai_core.statistics.auc import auc_interval, roc_auc
from xai_core.statistics.calibration import calibration, calibration_error
from xai_core.statistics.recalibration import Recalibration, recalibrate
from xai_core.training.data import draw_pathology, draw_seed, to_sample
from xai_core.training.loop import MEAN, STD
from xai_core.training.sample import Sample
from xai_core.types import MALIGNANT, FloatArray, Pathology

Logits = tuple[FloatArray, FloatArray]
"""Logits (n, 2) and truth (n,), see :func:`validation_logits`."""

HEAD = "head.fc"  # timm's name of a ConvNeXt's last linear layer


@dataclass(frozen=True)
class Validation:
    """AUC of malignant against the rest with its 95 % interval; sensitivity and specificity where a
    case is called malignant if P(malignant) is at least ``threshold``; the expected calibration
    error of P(malignant)."""

    images: int
    auc: float
    low: float
    high: float
    threshold: float
    sensitivity: float
    specificity: float
    calibration_error: float


def validation_logits(
    trunk: nn.Module, backgrounds: list[Background], seed: int, size: int, device: torch.device,
    mean: Sequence[float] = (MEAN,), std: Sequence[float] = (STD,),
) -> Logits:  # fmt: skip
    """The logits (n, 2) and the truth (0 or 1, (n,)) of one phantom with new lesions per
    background, float32.

    The same backgrounds and seed give the same phantoms.  ``mean`` and ``std``: of the network's
    input, one value, or one for each of the three channels.
    """
    trunk.eval()
    centre, spread = (torch.tensor(values).view(-1, 1, 1) for values in (mean, std))
    rows, truth = [], []

    def drawn(i: int) -> tuple[Sample, Pathology]:
        rng = np.random.default_rng((seed, i))
        pathology = draw_pathology(rng)
        return to_sample(insert_lesions(draw_seed(rng), backgrounds[i], pathology), size), pathology

    with ThreadPoolExecutor() as pool:
        for sample, pathology in pool.map(drawn, range(len(backgrounds))):
            grey = torch.from_numpy(sample.image).expand(1, 3, -1, -1)
            x = (grey - centre) / spread
            with torch.inference_mode():
                logits = trunk(x.to(device, memory_format=torch.channels_last)).float()
            rows.append(logits[0].cpu().numpy())
            truth.append(float(pathology is Pathology.MALIGNANT))
    return np.array(rows, np.float32), np.array(truth, np.float32)


def probabilities(logits: FloatArray, positive: int = MALIGNANT) -> FloatArray:
    """P(positive) of logits (n, 2): float32 (n,)."""
    difference = logits[:, positive] - logits[:, 1 - positive]
    return np.asarray(1 / (1 + np.exp(-difference)), np.float32)


def as_exported(trunk: nn.Module) -> nn.Module:
    """A copy with its weights rounded to float16, as in the exported file, computing in float32.

    The head's linear layer is not rounded: it is stored in float32, since rounding it would change
    what calibration has fitted.
    """
    rounded = copy.deepcopy(trunk).half().float()
    rounded.get_submodule(HEAD).load_state_dict(trunk.get_submodule(HEAD).state_dict())
    return rounded


def validate(
    logits: FloatArray, truth: FloatArray, threshold: float = 0.5, positive: int = MALIGNANT
) -> Validation:
    """The figures of logits (n, 2), where ``threshold`` on P(positive) decides; 0.5 is the same as
    the larger logit."""
    label, p = truth > 0.5, probabilities(logits, positive)
    called = p >= threshold
    low, high = auc_interval(label, p, np.arange(len(p)), seed=0)  # a phantom is a patient
    if np.isnan(low):
        low, high = 0.0, 1.0  # too few to tell anything; a specification holds numbers
    return Validation(
        len(p), roc_auc(label, p), low, high, threshold,
        float(called[label].mean()), float((~called[~label]).mean()),
        calibration_error(calibration(label, p)),
    )  # fmt: skip


@dataclass(frozen=True)
class Calibrated:
    """What :func:`calibrate` found.

    ``recalibration``: the temperature and the bias that were fitted.  ``logits``: of the validation
    phantoms after it, float32 (n, 2).  ``before``, ``after``: the figures on the phantoms that it
    was fitted to.
    """

    recalibration: Recalibration
    logits: FloatArray
    before: Validation
    after: Validation


def calibrate(
    logits: FloatArray, truth: FloatArray, threshold: float = 0.5, positive: int = MALIGNANT
) -> Calibrated:
    """Fit a temperature and a bias to validation logits (n, 2).

    Args:
        logits, truth: see :func:`validation_logits`.
        threshold: on P(positive), which decided before.
        positive: the index of the class whose truth is 1.

    Raises:
        CannotCalibrate: see :func:`xai_core.statistics.recalibration.recalibrate`.
    """
    found = recalibrate(truth > 0.5, logits[:, positive] - logits[:, 1 - positive])
    after = np.asarray(logits / found.temperature + shares(found, positive), np.float32)
    return Calibrated(
        found, after, validate(logits, truth, threshold, positive),
        validate(after, truth, positive=positive),
    )  # fmt: skip


def shares(found: Recalibration, positive: int = MALIGNANT) -> FloatArray:
    """What the bias adds to each of the two logits: half to the positive class's, minus half to the
    other one's.  Float32 (2,)."""
    out = np.full(2, -found.bias / 2, np.float32)
    out[positive] = found.bias / 2
    return out


def fold(trunk: nn.Module, found: Recalibration, positive: int = MALIGNANT) -> None:
    """Put a temperature and a bias into the head's linear layer of a network with two classes, so
    that its logits z become z / T + :func:`shares`."""
    head = cast(Any, trunk.get_submodule(HEAD))
    with torch.no_grad():
        head.weight.div_(found.temperature)
        head.bias.div_(found.temperature).add_(
            torch.from_numpy(shares(found, positive)).to(head.bias)
        )
