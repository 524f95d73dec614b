"""The identity of a model and of how images are prepared for it.

Scores, maps and tables may be used again, or stand in one table, only where all of this is equal.
It is in the key of every stored file, and in every manifest, run and row.
"""

from __future__ import annotations

import hashlib
import json
import platform
from importlib.metadata import version
from typing import Any

from xai_core import __version__
from xai_core.faithfulness import baseline
from xai_core.model.spec import ModelSpec
from xai_core.preprocessing import letterbox

_PACKAGES = ("torch", "timm", "numpy", "scipy", "pillow", "pydicom", "safetensors")


def model_identity(spec: ModelSpec) -> dict[str, Any]:
    """Everything that the logits of an image depend on besides the image, as JSON values.

    The threshold and the names of the classes are not part of it: they do not change a logit.
    """
    return {
        "weights": spec.sha256,
        "network": spec.timm_name,
        "input_size": spec.input_size,
        "mean": list(spec.mean),
        "std": list(spec.std),
        "preparation": letterbox.VERSION,
        "baseline": baseline.DESCRIPTION,
    }


def model_digest(spec: ModelSpec) -> str:
    """SHA-256 (hex) of :func:`model_identity`."""
    return hashlib.sha256(json.dumps(model_identity(spec), sort_keys=True).encode()).hexdigest()


def decision_fields(spec: ModelSpec) -> dict[str, Any]:
    """:func:`model_identity` with the operating point, for results that contain decisions."""
    return {**model_identity(spec), "threshold": spec.threshold}


def software() -> dict[str, str]:
    """The versions of this software, of Python and of the packages that results depend on."""
    return {
        "xai_core": __version__,
        "python": platform.python_version(),
        **{name: version(name) for name in _PACKAGES},
    }


def software_line() -> str:
    """:func:`software` in one line, for a column of a table."""
    return "; ".join(f"{name} {number}" for name, number in software().items())
