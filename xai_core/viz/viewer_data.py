"""What the viewer in the browser needs of a case, its map and its curves.

What the viewer needs to step through the curves: two images, an order of patches, the points.

What the viewer in the browser needs of a case and its map: plain values, arrays as base64."""

from __future__ import annotations

from typing import Any

import numpy as np

from xai_core.cam import METHODS
from xai_core.cam.hybrid_cam import positive_area
from xai_core.faithfulness.baseline import blurred
from xai_core.faithfulness.patches import GRID, edges, patch_order
from xai_core.faithfulness.perturbation import CurvePair, patches_changed
from xai_core.preprocessing.identity import array_tag
from xai_core.preprocessing.letterbox import Geometry
from xai_core.types import (
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


def stepper_images(grey: FloatArray) -> dict[str, Any]:
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


def stepper_data(
    images: dict[str, Any], geometry: Geometry, values: FloatArray, curves: CurvePair, name: str
) -> dict[str, Any]:
    """``images`` of :func:`stepper_images`, and the curves so far of a map (S, S) for a class.

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


def tables() -> dict[str, Any]:
    """The colour tables: (256, 3) bytes each, from no evidence to the most; ``diverging`` from the
    most negative over none to the most positive."""
    return {
        "tables": [{"name": name, "colours": array_text(table)} for name, table in TABLES.items()],
        "diverging": array_text(DIVERGING),
    }


def case_data(case: Case, geometry: Geometry, *, truth: bool = True) -> dict[str, Any]:
    """The pictures of a case at native resolution, each with its own mask, and where to look.

    ``truth``: False leaves out what was marked, and what can be guessed of it.

    ``box``: (x0, y0, x1, y1) of the part to show, in the picture's pixels.  ``spacing``: mm per
    pixel, or None.  ``digest``: names the content.
    """
    h, w = case.image.shape
    mask = case.lesion_mask if truth else None
    low = _picture(case.image, mask)
    low["box"] = list(shown_box((h, w), geometry, mask))
    low["spacing"] = float(case.pixel_spacing[0]) if case.pixel_spacing else None
    data = {"low": low, "digest": array_tag(case.image)}
    if case.recombined is not None:
        rows, columns = case.recombined.shape
        second = _picture(case.recombined, case.recombined_mask if truth else None)
        box = [v * s for v, s in zip(low["box"], (columns / w, rows / h) * 2, strict=True)]
        data["recombined"] = {**second, "box": box, "spacing": None}
    return data


def heat_data(
    heatmap: Heatmap, method: str, geometry: Geometry, levels: tuple[LevelResult, ...],
    known: tuple[LevelResult, ...] = (),
) -> dict[str, Any] | None:  # fmt: skip
    """The map as the browser draws it, or None where there is none to draw.

    ``raw``: the signed map at the layer's resolution, float32.  Hybrid-CAM adds ``area`` (A,
    float32 (S, S)), ``levels`` as pairs (percent, delta), of which the browser makes the map,
    ``known``, further pairs that it may use, and ``of``, a name of what the gains belong to.
    """
    # Where no level raises the score there is no map, but there are levels to choose others from.
    drawn = (MapState.OK, MapState.NO_LEVEL) if levels else (MapState.OK,)
    if heatmap.state not in drawn or (METHODS[method].uses_levels and not levels):
        return None  # what there is before the levels are scored is not yet the map
    data: dict[str, Any] = {
        "raw": array_text(heatmap.raw),
        "rows": heatmap.raw.shape[0],
        "columns": heatmap.raw.shape[1],
        "size": heatmap.values.shape[0],
        "scale": heatmap.scale,
        "unit": METHODS[method].unit,
        "geometry": geometry.as_json(),
        "digest": map_digest(heatmap),
    }
    if levels:
        data["area"] = array_text(positive_area(heatmap))
        data["levels"] = [[level.percent, level.delta] for level in levels]
        data["known"] = [[level.percent, level.delta] for level in known]
        data["of"] = map_digest(heatmap, of_raw=True)
    return data


def map_digest(heatmap: Heatmap, of_raw: bool = False) -> str:
    """A name of a map's values, or of the signed map under them: 16 hex digits."""
    return array_tag(heatmap.raw if of_raw else heatmap.values)


def _picture(image: FloatArray, mask: BoolArray | None) -> dict[str, Any]:
    grey = np.rint(image * 255).astype(np.uint8)
    marked = mask is not None and bool(mask.any())
    return {
        "png": png_text(grey),
        "mask": _mask(mask) if mask is not None and marked else None,
    }


def _mask(mask: BoolArray) -> str:
    return png_text(np.where(mask, np.uint8(255), np.uint8(0)))
