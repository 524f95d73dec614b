"""Why the model said so: one file per class activation mapping method, the formula and no more.

This room knows neither Streamlit nor files.  A new method is one file and one line here.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from xai_core.cam.base import (
    CamMethod,
    CamOptions,
    CamResult,
    Evidence,
    MaskedPixel,
    MaskOrder,
)
from xai_core.cam.eigen_cam import EigenCam
from xai_core.cam.grad_cam import GradCam
from xai_core.cam.grad_cam_plus_plus import GradCamPlusPlus
from xai_core.cam.hybrid_cam import HybridCam
from xai_core.cam.layer_cam import LayerCam
from xai_core.cam.score_cam import ScoreCam

METHODS: Mapping[str, CamMethod] = MappingProxyType(
    {
        method.name: method
        for method in (
            ScoreCam(),
            GradCam(),
            HybridCam(),
            GradCamPlusPlus(),
            LayerCam(),
            EigenCam(),
        )
    }
)
"""Every method by name: the paper's three in its order, then the others."""

__all__ = [
    "METHODS",
    "CamMethod",
    "CamOptions",
    "CamResult",
    "EigenCam",
    "Evidence",
    "GradCam",
    "GradCamPlusPlus",
    "HybridCam",
    "LayerCam",
    "MaskOrder",
    "MaskedPixel",
    "ScoreCam",
]
