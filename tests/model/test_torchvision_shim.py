"""timm without torchvision, and beside a torchvision whose compiled part does not load."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from xai_core.model import torchvision_shim

_CPU = """
from xai_core.model import torchvision_shim
declared = torchvision_shim.install()
assert torchvision_shim.install() == declared, "a second call changes nothing"
import timm
import torch
assert hasattr(torch.ops.torchvision, "nms")
print("declared" if declared else "native", timm.is_model("convnextv2_tiny"))
"""

# A torchvision whose extension loads: the operator is there before the shim looks.
_NATIVE = """
import torch
library = torch.library.Library("torchvision", "DEF")
library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
from xai_core.model import torchvision_shim
torchvision_shim.extension_loads = lambda: True
print(torchvision_shim.install())
"""

# The network, and what torchvision is afterwards.
_NETWORK = """
import sys
import torch
from xai_core.model.torchvision_shim import import_timm, install
{imported}
torch.manual_seed(0)
network = timm.create_model("convnextv2_atto", pretrained=False, num_classes=2).eval()
with torch.no_grad():
    print(network(torch.rand(1, 3, 64, 64)).tolist(), len(timm.list_models()))
print([name for name in ("torchvision", "torch._dynamo") if name in sys.modules])
install()
import torchvision
print(torchvision.ops.misc.FrozenBatchNorm2d.__module__)
"""


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.slow
def test_timm_imports_in_a_fresh_process() -> None:
    state, known = run(_CPU).split()
    assert state in ("declared", "native")
    assert known == "True"


@pytest.mark.parametrize("spec", [None, SimpleNamespace(origin=None)])
def test_no_extension_loads_where_torchvision_is_missing(
    monkeypatch: pytest.MonkeyPatch, spec: object
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    assert not torchvision_shim.extension_loads()


def test_an_extension_that_cannot_be_loaded_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "_C.so").write_text("built for another torch")
    spec = SimpleNamespace(origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    assert not torchvision_shim.extension_loads()


def test_stand_ins_are_found_first_while_timm_is_imported_and_nothing_of_them_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    system = SimpleNamespace(modules={}, meta_path=["one finder", "another"])
    disable, seen = torch.compiler.disable, []

    def import_module(name: str) -> None:
        first, replaced = system.meta_path[0], torch.compiler.disable is not disable
        seen.append((name, isinstance(first, torchvision_shim._Finder), replaced))
        system.modules |= {"timm": None, "torchvision": None, "torchvision.ops": None}

    monkeypatch.setattr(torchvision_shim, "sys", system)
    monkeypatch.setattr(torchvision_shim, "importlib", SimpleNamespace(import_module=import_module))
    torchvision_shim.import_timm()
    assert seen[0] == ("timm", True, True)
    assert system.meta_path == ["one finder", "another"]
    assert system.modules.keys() - {"torchvision", "torchvision.ops"} == {"timm"}
    assert torch.compiler.disable is disable


def test_only_modules_of_torchvision_have_stand_ins() -> None:
    assert torchvision_shim._left_as_it_is(run) is run
    finder = torchvision_shim._Finder()
    assert finder.find_spec("torchvision.ops", None) is not None
    assert finder.find_spec("torch", None) is None


def test_nothing_is_declared_where_the_extension_loads() -> None:
    assert run(_NATIVE) == "False"


@pytest.mark.slow
def test_timm_without_torchvision_makes_the_same_networks() -> None:
    without = run(_NETWORK.format(imported="timm = import_timm()")).splitlines()
    beside = run(_NETWORK.format(imported="install()\nimport timm")).splitlines()
    assert without[0] == beside[0]
    assert without[1] == "[]", "neither is imported"
    assert without[2] == beside[2] == "torchvision.ops.misc", "the true one, where it is wanted"
