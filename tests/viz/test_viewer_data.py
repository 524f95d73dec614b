"""The data sent to the viewer agree with the case and the map in Python."""

from __future__ import annotations

import base64
import dataclasses
import io
import json

import numpy as np
import torch
from PIL import Image

from tests.conftest import make_case
from xai_core.cam.normalise import empty, heatmap
from xai_core.preprocessing.letterbox import fit
from xai_core.types import LevelResult, MapState
from xai_core.viz.viewer_data import case_data, heat_data, map_digest, run_lengths, tables

RAW = torch.from_numpy(np.random.default_rng(0).normal(size=(12, 12)).astype(np.float32))


def floats(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), np.float32)


def test_the_pictures_hold_the_cases_pixels() -> None:
    case = make_case()
    data = case_data(case, fit(case.image, 96))
    with Image.open(io.BytesIO(base64.b64decode(data["low"]["png"]))) as png:
        np.testing.assert_array_equal(np.asarray(png), np.rint(case.image * 255).astype(np.uint8))
    json.dumps(data)  # plain values only
    assert "recombined" not in data or case.recombined is not None


def test_the_scale_bar_has_the_spacing_of_the_columns() -> None:
    case = dataclasses.replace(make_case(), pixel_spacing=(0.2, 0.1))  # mm: row, column
    assert case_data(case, fit(case.image, 96))["low"]["spacing"] == 0.1


def test_a_map_is_sent_at_its_layers_resolution() -> None:
    found = heatmap(RAW, 96)
    geometry = fit(make_case().image, 96)
    data = heat_data(found, "grad-cam", geometry, ())
    assert data is not None
    np.testing.assert_array_equal(floats(data["raw"]).reshape(12, 12), found.raw)
    assert (data["rows"], data["columns"], data["size"]) == (12, 12, 96)
    assert data["digest"] == map_digest(found)
    assert "area" not in data


def test_the_breast_is_sent_as_run_lengths() -> None:
    breast = np.zeros((96, 96), bool)
    breast[1, 2:5] = breast[95, 90:] = True
    found, geometry = heatmap(RAW, 96), fit(make_case().image, 96)
    data = heat_data(found, "grad-cam", geometry, (), breast=breast)
    assert data is not None
    runs = np.frombuffer(base64.b64decode(data["breast"]), np.uint32)
    assert runs.tolist() == [98, 3, 93 * 96 + 91 + 90, 6]
    assert run_lengths(~breast)[:2].tolist() == [0, 98]
    for none in (None, breast & False):
        sent = heat_data(found, "grad-cam", geometry, (), breast=none)
        assert sent is not None
        assert sent["breast"] is None


def test_hybrid_cam_sends_its_area_map_and_levels() -> None:
    found = heatmap(RAW, 96)
    levels = (LevelResult(1.0, 0.01, 0.5), LevelResult(5.0, 0.05, 0.25))
    further = (LevelResult(2.0, 0.02, 0.75),)
    data = heat_data(found, "hybrid-cam", fit(make_case().image, 96), levels, further)
    assert data is not None
    assert data["known"] == [[2.0, 0.75]]
    np.testing.assert_array_equal(floats(data["area"]).reshape(96, 96), found.values)
    assert data["levels"] == [[1.0, 0.5], [5.0, 0.25]]


def test_a_map_without_evidence_or_scored_levels_is_not_sent() -> None:
    nothing = empty(RAW.numpy(), 96, MapState.NO_POSITIVE)
    geometry = fit(make_case().image, 96)
    assert heat_data(nothing, "grad-cam", geometry, ()) is None
    assert heat_data(heatmap(RAW, 96), "hybrid-cam", geometry, ()) is None  # no level scored yet


def test_levels_are_sent_even_if_none_raises_the_score() -> None:
    nothing = empty(RAW.numpy(), 96, MapState.NO_LEVEL)
    levels = (LevelResult(1.0, 0.01, 0.0), LevelResult(5.0, 0.05, 0.0))
    data = heat_data(nothing, "hybrid-cam", fit(make_case().image, 96), levels)
    assert data is not None
    assert data["levels"] == [[1.0, 0.0], [5.0, 0.0]]
    assert floats(data["area"]).max() == 1.0


def test_without_the_truth_neither_mask_nor_box_depends_on_the_findings() -> None:
    blob = np.zeros((120, 90), bool)
    blob[:6, 80:] = True  # outside the breast's box
    marked, plain = make_case(lesion_mask=blob), make_case(lesion_mask=None)
    geometry = fit(marked.image, 96)
    assert case_data(marked, geometry) != case_data(plain, geometry)
    assert case_data(marked, geometry, truth=False) == case_data(plain, geometry, truth=False)


def test_the_tables_have_256_colours() -> None:
    sent = tables()
    assert [len(base64.b64decode(t["colours"])) for t in sent["tables"]] == [768] * 3
    assert len(base64.b64decode(sent["diverging"])) == 768
