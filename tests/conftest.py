"""Fixtures of all tests: the torchvision shim before timm is imported, the real sample, and one
browser per run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from hypothesis import settings
from safetensors.torch import save_file

from tests.support.networks import wide_random
from xai_core.cases.readers import raster
from xai_core.cases.readers.child_process import Answer
from xai_core.model import torchvision_shim
from xai_core.model.spec import ModelSpec, file_digest
from xai_core.types import CLASS_NAMES, Case, Pathology

if TYPE_CHECKING:
    from playwright.sync_api import Browser

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


@pytest.fixture
def decoded_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """PNG, JPEG and TIFF files are decoded in this process instead of in a child each, which takes
    a third of a second longer: for tests that read hundreds of them."""

    def run_here(program: str, content: Path | bytes, name: str) -> Answer:
        assert program == "xai_core.cases.readers.picture_child"
        found = raster.decode_picture(content, name)
        facts = {"warnings": found.warnings, "header": found.header, "windowed": found.windowed}
        return Answer(found.image(), facts)

    monkeypatch.setattr(raster, "run_child", run_here)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium.  On the build machine its absence is a failure, elsewhere a reason to skip."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not path:
        why = "no Chromium here; install it, or name it in the variable CHROMIUM"
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    # Late: tests that need no browser do without Playwright.
    from playwright.sync_api import sync_playwright

    from tests.e2e.conftest import chromium

    with sync_playwright() as play:
        found = chromium(play)
        yield found
        found.close()


BUILT_IN_LAYERS = ("stages.2.blocks.8", "stages.3.blocks.2")  # of the shipped weights
TINY = "convnextv2_atto"  # the same family, 3.4 M parameters
TINY_LAYERS = ("stages.2.blocks.5", "stages.3.blocks.1")
TINY_SIZE = 96  # a multiple of the curves' 24 patches a side


@pytest.fixture(scope="session")
def tiny_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights and specification of a small random network whose logits depend on its input."""
    return random_weights(tmp_path_factory.mktemp("weights") / "tiny.safetensors")


def random_weights(
    path: Path,
    name: str = TINY,
    size: int = TINY_SIZE,
    layers: tuple[str, ...] = TINY_LAYERS,
    class_names: tuple[str, ...] = CLASS_NAMES,
    positive: int = 1,
) -> Path:
    """Write random weights of timm's network ``name``, and their specification beside them."""
    torch.manual_seed(0)
    network = wide_random(
        torchvision_shim.import_timm().create_model(
            name, pretrained=False, num_classes=len(class_names)
        )
    )
    save_file({k: v.contiguous() for k, v in network.state_dict().items()}, path)
    ModelSpec(
        timm_name=name,
        input_size=size,
        mean=(0.25,) * 3,
        std=(0.2,) * 3,
        threshold=0.5,
        class_names=class_names,
        layers=layers,
        sha256=file_digest(path),
        training_command="none: random",
        training_data="none",
        licence="Apache-2.0",
        trained_on_phantoms=True,
        positive=positive,
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
