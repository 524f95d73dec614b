"""Makes ``import timm`` work with a torchvision whose compiled extension cannot be loaded.

The public torchvision wheel is built for CUDA.  Beside a CPU-only torch its extension cannot be
loaded, ``torchvision.ops`` then registers fake kernels for operators that do not exist, and the
import dies with ``operator torchvision::nms does not exist``.  timm imports torchvision for its
data transforms, none of which this project uses, so declaring the two operators' signatures is
enough.  Where the extension loads (a CUDA torch, or a matching CPU build) nothing is declared.
"""

from __future__ import annotations

import importlib.util
import threading
from pathlib import Path

import torch

_OPERATORS = {
    "nms": "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}
_lock = threading.Lock()
_library: torch.library.Library | None = None  # the declarations exist as long as this object


def extension_loads() -> bool:
    """Whether torchvision's compiled operators can be loaded into this process."""
    spec = importlib.util.find_spec("torchvision")
    if spec is None or spec.origin is None:
        return False
    candidates = sorted(Path(spec.origin).parent.glob("_C*.so")) + sorted(
        Path(spec.origin).parent.glob("_C*.pyd")
    )
    for path in candidates:
        try:
            torch.ops.load_library(str(path))
        except OSError:
            continue
        return True
    return False


def install() -> bool:
    """Declare the missing operators, once; returns whether they had to be declared.

    Safe to call from any thread, any number of times.
    """
    global _library
    with _lock:
        if _library is not None:
            return True
        if extension_loads() or hasattr(torch.ops.torchvision, "nms"):
            return False
        library = torch.library.Library("torchvision", "FRAGMENT")
        for schema in _OPERATORS.values():
            library.define(schema)
        _library = library
        return True
