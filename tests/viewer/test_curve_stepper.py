"""Stepping along a curve in the browser; expected values are worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.viewer.conftest import Js, text_of

pytestmark = pytest.mark.e2e


def curves(**more: Any) -> dict[str, Any]:
    """Curves of four patches on a 4 x 4 square; their order is 3, 0, 1, 2."""
    return {
        "images": "a", "order": text_of([3, 0, 1, 2], np.uint16), "size": 4, "grid": 2,
        "insertion": {"counts": [0, 1, 4], "p": [0.2, 0.5, 0.8]},
        "deletion": {"counts": [0, 2, 4], "p": [0.8, 0.4, 0.3]},
        "score": "P(malignant)", **more,
    }  # fmt: skip


def stepped(body: str) -> str:
    """``s``: a stepper with the curves ``given``, an image of 9s and a blurred image of 1s."""
    return f"""const s = new CurveStepper(), n = given.size ** 2;
      s.kind = "insertion";
      s.update(given, new Uint8Array(n).fill(9), new Uint8Array(n).fill(1));
      {body}"""


def test_the_mask_holds_the_changed_patches(js: Js) -> None:
    mask = js(stepped("s.moveTo(2); return Array.from(s.mask());"), curves())
    assert np.reshape(mask, (4, 4)).tolist() == [
        [1, 1, 0, 0],
        [1, 1, 0, 0],
        [0, 0, 1, 1],
        [0, 0, 1, 1],
    ]


def test_patch_edges_come_from_the_data_else_are_even(js: Js) -> None:
    body = """s.moveTo(1);
      const changed = Array.from(s.mask()).reduce((a, b) => a + b);
      return [s.edges, changed, s.last(), s.rankAt(1, 1), s.rankAt(0, 0)];"""
    edges, changed, last, middle, corner = js(stepped(body), curves(edges=[0, 1, 4]))
    assert edges == [0, 1, 4]
    assert changed == 9
    assert last == {"row": 1, "column": 1, "x": 1, "y": 1, "width": 3, "height": 3}
    assert (middle, corner) == (1, 2)
    assert js("return evenEdges(10, 4);") == [0, 3, 5, 8, 10]
    assert js("return Array.from(cellsOf([0, 3, 5]));") == [0, 0, 0, 1, 1]


def test_insertion_reveals_and_deletion_blurs_the_changed_patches(js: Js) -> None:
    body = """s.moveTo(1);
      const insertion = Array.from(s.frame());
      s.kind = "deletion";
      return [insertion, Array.from(s.frame())];"""
    insertion, deletion = js(stepped(body), curves())
    lower_right = [10, 11, 14, 15]
    assert [i for i, v in enumerate(insertion) if v == 9] == lower_right
    assert [i for i, v in enumerate(deletion) if v == 1] == lower_right


def test_the_probability_at_a_step_is_measured_or_interpolated(js: Js) -> None:
    assert js("return [0, 1, 2, 4, 9].map((k) => measuredFrom([0, 1, 4], k));") == [0, 1, 2, 2, 2]
    body = "return [0, 1, 3].map((k) => { s.moveTo(k); return s.value(); });"
    assert js(stepped(body), curves()) == [
        {"p": 0.2, "measured": True},
        {"p": 0.5, "measured": True},
        {"p": pytest.approx(0.7), "measured": False},  # two thirds of the way from 0.5 to 0.8
    ]
    # Beyond the last point of a growing curve, that point counts.
    growing = curves(insertion={"counts": [0], "p": [0.2]})
    assert js(stepped("s.moveTo(3); return s.value().p;"), growing) == 0.2


def test_the_caption_describes_the_step(js: Js) -> None:
    body = """const first = s.caption();
      s.kind = "deletion"; s.moveTo(3.2);
      return [first, s.caption()];"""
    assert js(stepped(body), curves()) == [
        "0 of 4 patches revealed (0.0 %) · P(malignant) 0.200",
        "3 of 4 patches blurred (75.0 %) · P(malignant) 0.350 (between measured points)"
        " · last: patch row 0, column 1",
    ]


def test_steps_and_ranks_within_a_tie_say_so(js: Js) -> None:
    """The patch at rank 1, then three that tie: after 2 and 3 patches P is a mean."""
    body = """const said = [0, 1, 2, 3, 4].map((k) => { s.moveTo(k); return s.isMean(); });
      s.moveTo(2);
      return [said, s.caption(), s.rankText(3, 3), s.rankText(0, 0)];"""
    means, caption, first, tied = js(stepped(body), curves(tied=[[1, 4]]))
    assert means == [False, False, True, True, False]
    assert "(mean over orders of tied patches, one of them shown)" in caption
    assert (first, tied) == ("1", "2 to 4 (tied)")


def test_images_are_needed_for_a_new_case_and_after_clearing(js: Js) -> None:
    body = """const seen = [new CurveStepper().needsImages(given), s.needsImages(given), s.isOn];
      s.update({ ...given, score: "P(benign)" });
      seen.push(s.image.length, s.needsImages({ ...given, images: "b" }));
      s.clear();
      return [...seen, s.isOn, s.needsImages(given)];"""
    assert js(stepped(body), curves()) == [True, False, True, 16, True, False, True]


def test_a_step_is_limited_to_the_number_of_patches(js: Js) -> None:
    body = (
        "s.step = 100; s.update(given); const step = s.step; s.moveTo(-5); return [step, s.step];"
    )
    assert js(stepped(body), curves()) == [4, 0]
