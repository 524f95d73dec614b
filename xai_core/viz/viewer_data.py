"""The data that the viewer is sent about a case, its map and its curves.

Plain values that can be written as JSON; arrays are base64 text.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xai_core.cam import METHODS
from xai_core.cam.hybrid_cam import positive_area
from xai_core.faithfulness.baseline import blurred
from xai_core.faithfulness.curves import ORDERS
from xai_core.faithfulness.patches import GRID, edges, relevance
from xai_core.faithfulness.perturbation import CurvePair, patches_changed
from xai_core.preprocessing.identity import array_tag
from xai_core.preprocessing.letterbox import Geometry
from xai_core.types import (
    TIES,
    BoolArray,
    Case,
    FloatArray,
    Heatmap,
    LevelResult,
    MapState,
    PerturbationCurve,
)
from xai_core.viz.colormap import DIVERGING, TABLES
from xai_core.viz.panel import shown_box
from xai_core.viz.pictures import array_text, png_text

# --- the curve stepper ---


def stepper_images(grey: FloatArray) -> dict[str, Any]:
    """The network's input and its blurred baseline, for stepping along a curve.

    Both are 8-bit PNG, so what is shown differs from what was scored by at most half a grey level.
    ``images``: identifies them.  ``size``: side in px.  ``grid``: patches per side.  ``edges``: the
    ``grid`` + 1 edges of the patches on either axis, px.

    Args:
        grey: float32 (S, S) in [0, 1].
    """
    return {
        "image": png_text(_grey_levels(grey)),
        "blurred": png_text(_grey_levels(blurred(grey))),
        "images": array_tag(grey),
        "size": grey.shape[-1],
        "grid": GRID,
        "edges": edges(grey.shape[-1]).tolist(),
    }


def stepper_data(
    images: dict[str, Any], geometry: Geometry, values: FloatArray, curves: CurvePair, name: str,
    ties: str = TIES[0],
) -> dict[str, Any]:  # fmt: skip
    """The data of the curve stepper: the images, the order of patches and the curves so far.

    ``order``: uint16, the patches from the most to the least relevant; the first where P is the
    mean over several orders.  ``tied``: pairs (a, b): after more than a and fewer than b patches, P
    is such a mean; none where the lower index decides ties.  Each curve has ``counts``
    (numbers of changed patches) and ``p`` (the probability of the class at each).

    Args:
        images: of :func:`stepper_images`.
        geometry: how the case lies in the network's square.
        values: the map, float32 (S, S).
        curves: measured so far.
        name: of the class.
        ties: of the request, see :class:`xai_core.explain.request.ExplainRequest`.
    """
    patches = relevance(values)
    orders = np.atleast_2d(ORDERS[ties](patches))
    order = orders[0]
    ends = np.concatenate([[0], np.flatnonzero(np.diff(patches[order])) + 1, [len(order)]])
    tied = [[int(a), int(b)] for a, b in itertools.pairwise(ends) if b - a > 1 and len(orders) > 1]
    return {
        **images,
        "order": array_text(order.astype(np.uint16)),
        "tied": tied,
        "insertion": _points(curves.insertion, len(order)),
        "deletion": _points(curves.deletion, len(order)),
        "score": f"P({name})",
        "geometry": geometry.as_json(),
    }


def _points(curve: PerturbationCurve, patches: int) -> dict[str, list[float]]:
    counts = patches_changed(curve, patches)
    return {"counts": counts.tolist(), "p": [round(float(p), 6) for p in curve.probability]}


def _grey_levels(grey: FloatArray) -> Any:
    return np.rint(grey * 255).astype(np.uint8)


# --- colour tables, cases and maps ---


def tables() -> dict[str, Any]:
    """The colour tables, (256, 3) bytes each: see :mod:`xai_core.viz.colormap`."""
    return {
        "tables": [{"name": name, "colours": array_text(table)} for name, table in TABLES.items()],
        "diverging": array_text(DIVERGING),
    }


def case_data(case: Case, geometry: Geometry, *, truth: bool = True) -> dict[str, Any]:
    """The pictures of a case at native resolution, each with its own mask.

    ``box``: (x0, y0, x1, y1) of the part to show, in the picture's pixels.  ``spacing``: mm per
    pixel from left to right, as the scale bar lies, or None.  ``digest``: identifies the low-energy
    image.

    Args:
        case: its images and masks are sent.
        geometry: how the case lies in the network's square.
        truth: False leaves out the masks, and keeps the boxes independent of them.
    """
    h, w = case.image.shape
    mask = case.lesion_mask if truth else None
    low = _picture(case.image, mask)
    low["box"] = list(shown_box((h, w), geometry, mask))
    low["spacing"] = float(case.pixel_spacing[1]) if case.pixel_spacing else None
    data = {"low": low, "digest": array_tag(case.image)}
    if case.recombined is not None:
        rows, columns = case.recombined.shape
        recombined = _picture(case.recombined, case.recombined_mask if truth else None)
        box = [v * s for v, s in zip(low["box"], (columns / w, rows / h) * 2, strict=True)]
        data["recombined"] = {**recombined, "box": box, "spacing": None}
    return data


def heat_data(
    heatmap: Heatmap, method: str, geometry: Geometry, levels: tuple[LevelResult, ...],
    known: tuple[LevelResult, ...] = (), breast: BoolArray | None = None,
) -> dict[str, Any] | None:  # fmt: skip
    """The map as the viewer takes it, or None if there is none to draw.

    ``raw``: the signed map at the layer's resolution, float32.  Hybrid-CAM adds ``area`` (A,
    float32 (S, S)); ``levels``, pairs (percent, delta) from which the browser computes the map;
    ``known``, further pairs that it may use; and ``of``, which identifies the map that the deltas
    belong to.  ``breast``: the run lengths of the breast's pixels in row-major order, uint32,
    outside first; None where no breast was found.

    Args:
        heatmap: so far.
        method: its name.
        geometry: how the case lies in the network's square.
        levels: of the map; empty for methods without levels and before they are scored.
        known: further levels whose deltas are known.
        breast: the breast's pixels, (S, S); None, or none True, where it was not found.
    """
    # If no level raises the score there is no map, but the levels are sent so that the user can
    # switch others on.
    drawable = heatmap.state.ranked or (levels and heatmap.state is MapState.NO_LEVEL)
    if not drawable or (METHODS[method].uses_levels and not levels):
        return None  # before the levels are scored, the heatmap is only the area map
    data: dict[str, Any] = {
        "raw": array_text(heatmap.raw),
        "rows": heatmap.raw.shape[0],
        "columns": heatmap.raw.shape[1],
        "size": heatmap.values.shape[0],
        "scale": heatmap.scale,
        "unit": METHODS[method].unit,
        "geometry": geometry.as_json(),
        "digest": map_digest(heatmap),
        "breast": None if breast is None or not breast.any() else array_text(run_lengths(breast)),
    }
    if levels:
        data["area"] = array_text(positive_area(heatmap))
        data["levels"] = [[level.percent, level.delta] for level in levels]
        data["known"] = [[level.percent, level.delta] for level in known]
        data["of"] = map_digest(heatmap, of_raw=True)
    return data


def run_lengths(mask: BoolArray) -> NDArray[np.uint32]:
    """The lengths of the runs of equal pixels of ``mask``, row-major, the first of False pixels (0
    where the first pixel is True)."""
    flat = np.concatenate([[False], mask.ravel()])
    starts = np.flatnonzero(flat[1:] != flat[:-1])
    return np.diff(np.concatenate([[0], starts, [mask.size]])).astype(np.uint32)


def map_digest(heatmap: Heatmap, of_raw: bool = False) -> str:
    """Identifies a map's values, or with ``of_raw`` its signed map: 16 hex digits."""
    return array_tag(heatmap.raw if of_raw else heatmap.values)


def _picture(image: FloatArray, mask: BoolArray | None) -> dict[str, Any]:
    return {
        "png": png_text(_grey_levels(image)),
        "mask": _mask_text(mask) if mask is not None and mask.any() else None,
    }


def _mask_text(mask: BoolArray) -> str:
    return png_text(np.where(mask, np.uint8(255), np.uint8(0)))
