"""What the viewer in the browser needs of a case and its map: plain values, arrays as base64."""

from __future__ import annotations

from typing import Any

import numpy as np

from xai_core.cam import METHODS
from xai_core.cam.hybrid_cam import positive_area
from xai_core.model.geometry import Geometry
from xai_core.preprocessing.identity import array_tag
from xai_core.types import BoolArray, Case, FloatArray, Heatmap, LevelResult, MapState
from xai_core.viz.colormap import DIVERGING, TABLES
from xai_core.viz.encoded import array_text, png_text
from xai_core.viz.screen import shown_box


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
