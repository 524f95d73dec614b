"""What every test shares: the torchvision shim before anything imports timm; the real sample."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import settings
from safetensors.torch import save_file

from tests.support.networks import wide_random
from xai_core.model import torchvision_shim
from xai_core.model.spec import ModelSpec, file_digest
from xai_core.types import CLASS_NAMES, LAYERS, Case, Pathology

pytest_plugins = ["tests.support.repeated"]

torchvision_shim.install()
settings.register_profile("untimed", deadline=None)  # a busy machine is no failure
settings.load_profile("untimed")

SAMPLE = Path(__file__).resolve().parents[2] / "shared" / "data" / "cdd_cesm_sample"


@pytest.fixture(scope="session")
def sample_folder() -> Path:
    """The real CDD-CESM sample beside the checkout; skips, and says why, where it is absent."""
    if not SAMPLE.is_dir():
        pytest.skip("the CDD-CESM sample (../shared/data/cdd_cesm_sample) is not on this machine")
    return SAMPLE


TINY = (
    "convnextv2_atto"  # the same family, 3.4 M parameters: its stages are split at the same names
)
TINY_SIZE = 96  # a multiple of the curves' 24 patches a side


@pytest.fixture(scope="session")
def tiny_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights and specification of a small random network whose answers depend on its input."""
    import timm

    torch.manual_seed(0)
    network = wide_random(timm.create_model(TINY, pretrained=False, num_classes=2))
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_file({k: v.contiguous() for k, v in network.state_dict().items()}, path)
    ModelSpec(
        timm_name=TINY,
        input_size=TINY_SIZE,
        mean=(0.25,) * 3,
        std=(0.2,) * 3,
        threshold=0.5,
        class_names=CLASS_NAMES,
        layers=LAYERS,
        sha256=file_digest(path),
        training_command="none: random",
        training_data="none",
        licence="Apache-2.0",
        trained_on_phantoms=True,
    ).write(path.with_suffix(".json"))
    return path


def make_case(case_id: str = "case", seed: int = 0, **fields: object) -> Case:
    """A small case: a bright half disc of noise with a brighter blob, its mask, and a truth."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:120, :90].astype(np.float32)
    image = np.where(np.hypot(x, y - 60) < 70, 0.3 + 0.15 * rng.random((120, 90)), 0)
    blob = np.hypot(x - 35, y - 50 - seed % 20) < 9
    image = np.where(blob, image + 0.4, image).astype(np.float32)
    known: dict[str, object] = {
        "image": image, "source": "test", "patient_id": f"patient of {case_id}",
        "pathology": Pathology.MALIGNANT, "laterality": "L", "view": "CC", "lesion_mask": blob,
    }  # fmt: skip
    return Case(id=case_id, **{**known, **fields})  # type: ignore[arg-type]
