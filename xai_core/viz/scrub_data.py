"""What the viewer needs to step through the curves: two images, an order of patches, the points."""

from __future__ import annotations

from typing import Any

import numpy as np

from xai_core.faithfulness.baseline import blurred
from xai_core.faithfulness.patches import GRID, edges, patch_order
from xai_core.faithfulness.perturbation import CurvePair, patches_changed
from xai_core.model.geometry import Geometry
from xai_core.preprocessing.identity import array_tag
from xai_core.types import FloatArray, PerturbationCurve
from xai_core.viz.encoded import array_text, png_text


def scrub_images(grey: FloatArray) -> dict[str, Any]:
    """The image as the network sees it, float32 (S, S) in [0, 1], and its blurred baseline, both as
    8-bit PNG: what is shown is at most half a grey level from what was scored.

    ``grid``: patches per side.  ``edges``: their edges on either axis, px, ``grid`` + 1 of them.
    """
    return {
        "image": png_text(_bytes(grey)),
        "blurred": png_text(_bytes(blurred(grey))),
        "images": array_tag(grey),
        "size": grey.shape[-1],
        "grid": GRID,
        "edges": edges(grey.shape[-1]).tolist(),
    }


def scrub_data(
    images: dict[str, Any], geometry: Geometry, values: FloatArray, curves: CurvePair, name: str
) -> dict[str, Any]:
    """``images`` of :func:`scrub_images`, and the curves so far of a map (S, S) for class ``name``.

    ``order``: uint16, the patches from the most to the least relevant.  Each curve has ``counts``,
    patches changed, and ``p``, the probability of the class there.
    """
    order = patch_order(values)
    return {
        **images,
        "order": array_text(order.astype(np.uint16)),
        "insertion": _points(curves.insertion, len(order)),
        "deletion": _points(curves.deletion, len(order)),
        "score": f"P({name})",
        "geometry": geometry.as_json(),
    }


def _points(curve: PerturbationCurve, patches: int) -> dict[str, list[float]]:
    counts = patches_changed(curve, patches)
    return {"counts": counts.tolist(), "p": [round(float(p), 6) for p in curve.probability]}


def _bytes(grey: FloatArray) -> Any:
    return np.rint(grey * 255).astype(np.uint8)
