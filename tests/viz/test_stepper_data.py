"""The data of the curve stepper agree with what was scored."""

from __future__ import annotations

import base64
import io
import json

import numpy as np
from PIL import Image

from tests.conftest import make_case
from xai_core.faithfulness.baseline import blurred
from xai_core.faithfulness.patches import edges, patch_order, relevance, tie_orders
from xai_core.faithfulness.perturbation import CurvePair, curve
from xai_core.preprocessing.letterbox import fit, letterbox
from xai_core.viz.viewer_data import stepper_data, stepper_images

SIZE = 96
GREY = np.random.default_rng(0).random((SIZE, SIZE)).astype(np.float32)
MAP = np.random.default_rng(1).random((SIZE, SIZE)).astype(np.float32)


def picture(text: str) -> np.ndarray:
    with Image.open(io.BytesIO(base64.b64decode(text))) as png:
        return np.asarray(png)


def pair() -> CurvePair:
    counts = np.array([0, 5, 576])
    insertion = curve("insertion", counts, np.array([0.1, 0.5, 0.9]))
    deletion = curve("deletion", counts, np.array([0.9, 0.4, 0.1]))
    return CurvePair(insertion, deletion, 4)


def test_the_two_images_are_the_scored_input_and_its_baseline() -> None:
    sent = stepper_images(GREY)
    assert np.abs(picture(sent["image"]) / 255 - GREY).max() <= 0.5 / 255 + 1e-6
    assert np.abs(picture(sent["blurred"]) / 255 - blurred(GREY)).max() <= 0.5 / 255 + 1e-6
    assert sent["size"] == SIZE
    assert sent["edges"] == edges(SIZE).tolist()
    assert stepper_images(GREY[:50, :50].copy())["edges"] == edges(50).tolist()
    assert stepper_images(GREY.copy())["images"] == sent["images"] != stepper_images(MAP)["images"]


def test_order_and_points_are_those_of_the_curves() -> None:
    case = make_case()
    geometry = fit(case.image, SIZE)
    assert letterbox(case.image, geometry).shape == (SIZE, SIZE)
    sent = stepper_data(stepper_images(GREY), geometry, MAP, pair(), "malignant")
    order = np.frombuffer(base64.b64decode(sent["order"]), np.uint16)
    np.testing.assert_array_equal(order, patch_order(MAP))
    assert sent["insertion"] == {"counts": [0, 5, 576], "p": [0.1, 0.5, 0.9]}
    assert sent["deletion"]["counts"] == [0, 5, 576]
    assert sent["score"] == "P(malignant)"
    assert sent["tied"] == []
    json.dumps(sent)


def test_tied_patches_are_named_where_the_curve_is_their_mean() -> None:
    values = np.zeros((SIZE, SIZE), np.float32)
    values[:4, :4], values[8:12, :8] = 1, 0.5  # one patch, then two that tie, then the rest
    geometry = fit(make_case().image, SIZE)
    images = stepper_images(GREY)
    sent = stepper_data(images, geometry, values, pair(), "malignant")
    assert sent["tied"] == [[1, 3], [3, 576]]
    order = np.frombuffer(base64.b64decode(sent["order"]), np.uint16)
    np.testing.assert_array_equal(order, tie_orders(relevance(values))[0])
    pinned = stepper_data(images, geometry, values, pair(), "malignant", "by-index")
    assert pinned["tied"] == []
    order = np.frombuffer(base64.b64decode(pinned["order"]), np.uint16)
    np.testing.assert_array_equal(order, patch_order(values))
