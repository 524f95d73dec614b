"""Export of a trained network: float16 safetensors and their specification."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from torch import nn

from xai_core.files import whole_file
from xai_core.model.layers import explainable_layers
from xai_core.model.spec import ModelSpec, file_digest
from xai_core.training.loop import MEAN, STD
from xai_core.types import CLASS_NAMES, MALIGNANT


def export(
    trunk: nn.Module, path: Path, *, command: str, timm_name: str, size: int, threshold: float,
    metrics: dict[str, Any], real_images: int = 0, parent: str | None = None,
) -> ModelSpec:  # fmt: skip
    """Write ``path`` (.safetensors, float16, dense heads dropped) and its specification beside it.

    ``real_images``: number of CDD-CESM images used in training.  ``parent``: digest of the weights
    that the run started from.

    The weights are written before the specification; an interrupted export is detected by the
    digest in the specification.
    """
    with whole_file(path) as partial:
        save_file({k: v.half().contiguous().cpu() for k, v in trunk.state_dict().items()}, partial)
        partial.chmod(0o644)  # the library makes it readable only by its owner
    spec = ModelSpec(
        timm_name=timm_name,
        input_size=size,
        mean=(MEAN,) * 3,
        std=(STD,) * 3,
        threshold=threshold,
        class_names=CLASS_NAMES,
        layers=tuple(layer.name for layer in explainable_layers(trunk, size)),
        sha256=file_digest(path),
        training_command=command,
        training_data=_data(real_images, parent),
        licence="Apache-2.0",
        trained_on_phantoms=True,
        real_images=real_images,
        positive=MALIGNANT,
        metrics=metrics,
    )
    spec.write(path.with_suffix(".json"))
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
