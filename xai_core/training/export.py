"""Export of a trained network: safetensors, float16 but for the head, and their specification."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import Any

from safetensors.torch import save
from torch import nn

from xai_core.files import whole_files
from xai_core.model.layers import explainable_layers
from xai_core.model.spec import ModelSpec
from xai_core.training.loop import MEAN, STD
from xai_core.training.validate import HEAD
from xai_core.types import CLASS_NAMES, MALIGNANT


def export(
    trunk: nn.Module, path: Path, *, command: str, timm_name: str, size: int,
    metrics: dict[str, Any], calibration: dict[str, Any] | None = None, real_images: int = 0,
    parent: str | None = None,
) -> ModelSpec:  # fmt: skip
    """Write a network that was trained here (dense heads dropped) and its specification, see
    :func:`write`.  The larger logit decides.

    ``calibration``: what was folded into the head.  ``real_images``: number of CDD-CESM images used
    in training.  ``parent``: digest of the weights that the run started from.
    """
    spec = ModelSpec(
        timm_name=timm_name,
        input_size=size,
        mean=(MEAN,) * 3,
        std=(STD,) * 3,
        threshold=0.5,
        class_names=CLASS_NAMES,
        layers=tuple(layer.name for layer in explainable_layers(trunk, size)),
        sha256="",  # known once the weights are written
        training_command=command,
        training_data=_data(real_images, parent),
        licence="Apache-2.0",
        trained_on_phantoms=True,
        real_images=real_images,
        positive=MALIGNANT,
        metrics=metrics,
        calibration=calibration or {},
    )
    return write(trunk, path, spec)


def write(trunk: nn.Module, path: Path, spec: ModelSpec) -> ModelSpec:
    """Write ``path`` (.safetensors) and ``spec`` with its digest beside it.

    float16 halves the file.  The head's linear layer stays float32, which holds what calibration
    has fitted and costs a few kilobytes.  Both files are replaced, or none.

    Raises:
        OSError: see :func:`xai_core.files.whole_file`.
    """
    tensors = {
        name: (value.float() if name.startswith(HEAD) else value.half()).contiguous().cpu()
        for name, value in trunk.state_dict().items()
    }
    data = save(tensors)
    spec = dataclasses.replace(spec, sha256=hashlib.sha256(data).hexdigest())
    with whole_files(path, path.with_suffix(".json")) as (weights, specification):
        weights.write(data)
        specification.write(spec.text().encode("utf-8"))
    return spec


def _data(real_images: int, parent: str | None) -> str:
    text = "phantoms of this project's generator, training split"
    if real_images:
        text += (
            f", and {real_images} low-energy images of odd-numbered patients of CDD-CESM "
            "(Khaled et al., Scientific Data 2022; The Cancer Imaging Archive; CC BY 4.0)"
        )
    else:
        text += "; no patient data"
    return text + (f". Begun with the weights of SHA-256 {parent[:16]}" if parent else "")
