"""Loading of a network's weights; a file that differs from its specification is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from xai_core.errors import BadWeights, WeightsNotFound
from xai_core.files import not_a_file
from xai_core.model.layers import explainable_layers
from xai_core.model.spec import ModelSpec, file_digest, read_spec, shown_names
from xai_core.model.torchvision_shim import import_timm

NETWORKS = "convnextv2_"
"""How the names of all networks begin that can be loaded; the largest has 660 million weights."""

_DTYPES = (torch.float16, torch.bfloat16, torch.float32)


def build(spec: ModelSpec) -> nn.Module:
    """The untrained network of a specification, float32, in evaluation mode.

    Raises:
        BadWeights: not one of timm's ConvNeXt V2.
    """
    timm = import_timm()
    known = timm.list_models(f"{NETWORKS}*")
    if spec.timm_name not in known:
        raise BadWeights(
            f"The specification's timm_name is {spec.timm_name!r}; allowed are {', '.join(known)}."
        )
    network: nn.Module = timm.create_model(
        spec.timm_name, pretrained=False, num_classes=len(spec.class_names)
    )
    return network.eval()


def load(path: Path) -> tuple[ModelSpec, nn.Module]:
    """The specification and the network with its weights, float32, in evaluation mode.

    Only safetensors files are read: a pickle could run code.

    Raises:
        WeightsNotFound: the file or its specification is missing.
        BadWeights: not a safetensors file, a wrong digest, a truncated file, wrong keys, shapes or
            types, values that are not finite or all zero, or a specification that names other
            layers than the network has.
    """
    fault = not_a_file(path)
    if fault:
        raise WeightsNotFound(
            f"The weights file {path.name or path} {fault}; give a .safetensors file, "
            "or leave XAI_WEIGHTS and --weights out for the built-in model."
        )
    if path.suffix != ".safetensors":
        raise BadWeights(
            f"{path.name} is not a .safetensors file; other formats can hold code and are not read."
        )
    spec = read_spec(path)
    try:
        digest = file_digest(path)
    except OSError as problem:
        raise BadWeights(
            f"{path.name} cannot be read ({problem.strerror or 'input or output error'}); check "
            "its permissions, or copy it again."
        ) from problem
    if digest != spec.sha256.lower():
        raise BadWeights(
            f"{path.name} has the digest {digest[:12]}..., its specification promises "
            f"{shown_names([spec.sha256[:12]])}...; the file is damaged or belongs to another "
            "specification."
        )
    try:
        tensors = load_file(path)
    except (SafetensorError, ValueError, OSError) as problem:
        raise BadWeights(
            f"{path.name} is truncated or not a safetensors file; copy it again from the place it "
            "came from."
        ) from problem
    with torch.device("meta"):  # without memory, until the file is known to fit
        network = build(spec)
    own = tuple(layer.name for layer in explainable_layers(network, spec.input_size))
    if spec.layers != own:
        raise BadWeights(
            f"The specification of {path.name} names as layers "
            f"{shown_names(spec.layers) or 'none'}; those of {spec.timm_name} are "
            f"{', '.join(own)}: put these into the specification."
        )
    _check(path.name, tensors, network)
    network.load_state_dict({k: v.float() for k, v in tensors.items()}, assign=True)
    return spec, network


def _check(name: str, tensors: dict[str, Tensor], network: nn.Module) -> None:
    expected: dict[str, Any] = network.state_dict()
    missing = sorted(expected.keys() - tensors.keys())
    extra = sorted(tensors.keys() - expected.keys())
    shapes = [
        f"{k} is {tuple(tensors[k].shape)}, must be {tuple(expected[k].shape)}"
        for k in sorted(expected.keys() & tensors.keys())
        if tensors[k].shape != expected[k].shape
    ]
    faults = []
    for label, found in (("missing", missing), ("unknown", extra), ("wrong shape", shapes)):
        if found:
            faults.append(f"{label}: {shown_names(found)}")
    if faults:
        raise BadWeights(f"{name} does not fit the network; {'; '.join(faults)}.")
    for key, tensor in tensors.items():
        if tensor.dtype not in _DTYPES:
            allowed = ", ".join(str(dtype).removeprefix("torch.") for dtype in _DTYPES)
            raise BadWeights(
                f"{name} holds {str(tensor.dtype).removeprefix('torch.')} in {key}; allowed are "
                f"{allowed}."
            )
        # Biases and GRN's parameters begin at 0; a whole matrix of zeros was never trained.
        if tensor.ndim > 1 and not tensor.any():
            raise BadWeights(f"{name} holds nothing but zeros in {key}, so it was never trained.")
        if not torch.isfinite(tensor).all():
            raise BadWeights(f"{name} holds values that are not finite (NaN or infinity) in {key}.")
