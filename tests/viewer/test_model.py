"""The viewer's model in a blank page; expected values are worked out by hand or with numpy."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser
from torch import from_numpy
from torch.nn.functional import interpolate

from xai_core.cam.hybrid_cam import LEAST_GAIN
from xai_core.ui.address import read_viewport
from xai_core.ui.viewer import script
from xai_core.viz.viewer_data import run_lengths

pytestmark = pytest.mark.e2e
Js = Callable[..., Any]

# A whole picture of 200 x 100 pixels in a pane of 400 x 400: fitted, the scale is 2.
_PICTURE = "const picture = { box: [0, 0, 200, 100], width: 200, height: 100 };"
_PANE = "const pane = { width: 400, height: 400 };"
_TABLES = "[{ name: 'Inferno' }, { name: 'Cividis' }], { name: 'diverging' }"


@pytest.fixture(scope="module")
def js(browser: Browser) -> Iterator[Js]:
    """Runs the body of a function of ``given`` in a blank page that has loaded the model."""
    context = browser.new_context()
    page = context.new_page()
    page.set_content("<title>model</title>")
    page.add_script_tag(content=script("model"))
    yield lambda body, given=None: page.evaluate(f"(given) => {{ {body} }}", given)
    context.close()


def text_of(values: Any, dtype: Any = np.float32) -> str:
    """An array as base64, as Python sends it."""
    return base64.b64encode(np.asarray(values, dtype).tobytes()).decode("ascii")


# Numbers


def test_upsampling_equals_torchs_bilinear_interpolation(js: Js) -> None:
    values = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    upsampled = js("return Array.from(upsample(given, 3, 4, 7));", values.ravel().tolist())
    tensor = from_numpy(values)[None, None].double()
    expected = interpolate(tensor, size=(7, 7), mode="bilinear", align_corners=False)[0, 0].numpy()
    np.testing.assert_allclose(np.reshape(upsampled, (7, 7)), expected, atol=1e-6)


def test_upsampling_two_values_repeats_the_edges(js: Js) -> None:
    # The centres of four pixels over two values are at -0.25, 0.25, 0.75 and 1.25.
    assert js("return Array.from(upsample([0, 4], 1, 2, 4)).slice(0, 4);") == [0, 1, 3, 4]


def test_a_mask_is_read_from_its_run_lengths(js: Js) -> None:
    mask = np.array([0, 0, 1, 1, 1, 0, 1, 0, 0, 1], bool)
    for each in (mask, ~mask, mask | True, mask & False):
        body = "return Array.from(maskOf(given, 10));"
        assert js(body, text_of(run_lengths(each), np.uint32)) == each.astype(int).tolist()


def test_contours_inside_the_breast_are_those_of_the_map_without_the_rest(js: Js) -> None:
    """Two hot pixels, one in the breast (the left half)."""
    raw = np.zeros((8, 8), np.float32)
    raw[2, 2] = raw[5, 6] = 1
    breast = np.zeros((8, 8), bool)
    breast[:, :4] = True
    body = """const heat = new Heatmap({ ...given, rows: 8, columns: 8, size: 8, scale: 1 });
      const inside = [heat.isInside(3, 0), heat.isInside(4, 0)];
      return [heat.contour(0.5), heat.contour(0.5, true), ...inside];"""
    given = {"raw": text_of(raw), "breast": text_of(run_lengths(breast), np.uint32)}
    every, inside, left, right = js(body, given)
    assert len(every) == 2 * len(inside) == 32
    assert max(inside[::2]) < 4
    assert every[:16] == inside
    assert [left, right] == [True, False]
    unknown = js(body, {**given, "breast": None})
    assert unknown[0] == unknown[1]
    assert unknown[3] is True


def test_min_max_normalises_and_a_constant_becomes_zero(js: Js) -> None:
    assert js("return Array.from(minMax([2, 6, 4]));") == [0, 1, 0.5]
    assert js("return Array.from(minMax([3, 3]));") == [0, 0]


def test_the_outline_of_one_pixel_is_half_a_pixel_from_its_centre(js: Js) -> None:
    mask = np.zeros((4, 5), int)
    mask[2, 3] = 255
    lines = js("return maskOutline(given, 5);", mask.ravel().tolist())
    points = {(x, y) for x, y in zip(lines[0::2], lines[1::2], strict=True)}
    # The pixel's centre is (3.5, 2.5); the level 0.5 is crossed half a pixel from it on each side.
    assert points == {(3, 2.5), (4, 2.5), (3.5, 2), (3.5, 3)}
    assert js("return maskOutline([0, 0, 0, 0], 2);") == []


# Zoom and centre


def test_a_picture_is_fitted_and_centred(js: Js) -> None:
    at = js(f"{_PICTURE} {_PANE} return new Zoom().transform(picture, pane);")
    assert at == {"scale": 2, "fit": 2, "left": 0, "top": 100, "cx": 100, "cy": 50}


def test_zooming_keeps_the_point_under_the_pointer(js: Js) -> None:
    # In the fitted picture, the pointer at (100, 150) is over the picture's (50, 25).
    body = f"""{_PICTURE} {_PANE} const zoom = new Zoom();
      zoom.zoomAt(picture, pane, 100, 150, given);
      const at = zoom.transform(picture, pane);
      return [zoom.factor, (100 - at.left) / at.scale, (150 - at.top) / at.scale];"""
    assert js(body, 1.6) == pytest.approx([1.6, 50, 25])
    assert js(body, 0.8) == pytest.approx([0.8, 50, 25])
    assert js(body, 1000)[0] == 40  # the limits of zoom
    assert js(body, 1e-6)[0] == 0.5


def test_panning_moves_the_picture_with_the_pointer(js: Js) -> None:
    body = f"""{_PICTURE} {_PANE} const zoom = new Zoom();
      zoom.pan(picture, pane, 40, -20);
      const {{ left, top }} = zoom.transform(picture, pane);
      return [left, top, zoom.x, zoom.y];"""
    # 40 screen pixels are 20 pixels of the picture: the centre moves from (100, 50) to (80, 60).
    assert js(body) == pytest.approx([40, 80, 0.4, 0.6])


def test_one_to_one_shows_one_picture_pixel_per_screen_pixel(js: Js) -> None:
    body = f"""{_PICTURE} {_PANE} const zoom = new Zoom();
      zoom.oneToOne(picture, pane, 2);
      return [zoom.factor, zoom.transform(picture, pane).scale];"""
    assert js(body) == [1, 2]  # two canvas pixels per screen pixel


def test_coordinates_of_the_case_and_of_the_network(js: Js) -> None:
    geometry = {"crop": [10, 20, 110, 220], "scale": 0.5, "pad": [25, 0]}
    assert js("return toNetwork(given, 30, 40);", geometry) == [35, 10]
    assert js("return toCase(given, 35, 10);", geometry) == [30, 40]
    # The centre of pixel (11, 21) is 1.5 pixels from the crop's corner: 0.75 px in the network.
    assert js("return networkPixel(given, 100, 11, 21);", geometry) == [25, 0]
    assert js("return networkPixel(given, 100, 9, 21);", geometry) is None
    assert js("return networkPixel(given, 100, 110, 21);", geometry) is None


# Window and level


def test_window_and_level_map_grey_levels(js: Js) -> None:
    table = js("return Array.from(windowTable(100, 50, false));")
    # Black up to 75, white from 125; the level itself becomes half of 255, rounded up.
    assert [table[v] for v in (0, 75, 100, 125, 255)] == [0, 0, 128, 255, 255]
    assert table[110] == round((10 / 50 + 0.5) * 255 + 1e-9)
    assert js("return Array.from(windowTable(127.5, 255, false));") == list(range(256))
    assert js("return Array.from(windowTable(127.5, 255, true));") == list(range(255, -1, -1))


def test_presets_and_dragging_set_the_window(js: Js) -> None:
    body = f"""const v = new Viewport({_TABLES});
      const now = () => [v.window, v.level, v.preset];
      const seen = [now()];
      v.setPreset("dense"); seen.push(now());
      v.dragWindow(10, -20); seen.push(now());
      v.dragWindow(-1000, 1000); seen.push(now());
      v.setWindow(160, 80); seen.push(now());
      return seen;"""
    assert js(body) == [
        [255, 127.5, "stored"], [150, 150, "dense"], [160, 140, "own"], [2, 255, "own"],
        [160, 80, "bright"],
    ]  # fmt: skip


def test_opacity_changes_in_steps_and_kinds_of_heatmap_cycle(js: Js) -> None:
    body = f"""const v = new Viewport({_TABLES}); const seen = [];
      for (let i = 0; i < 5; i += 1) {{ seen.push([v.heat, v.shownTable.name]); v.nextHeat(); }}
      v.stepOpacity(1); seen.push(v.opacity);
      for (let i = 0; i < 30; i += 1) v.stepOpacity(-1);
      seen.push(v.opacity);
      return seen;"""
    assert js(body) == [
        ["fill", "Inferno"], ["contours", "Inferno"], ["signed", "diverging"], ["off", "Inferno"],
        ["fill", "Inferno"], 0.6, 0,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "percent"),
    [
        ("90, 10 %;50", [10, 50, 90]), ("0.1", [0.1]), ("", None), ("50, half", None),
        ("0.05", None), ("100", None), (" ".join("123456789") + " 10 11", None),
    ],
)  # fmt: skip
def test_a_text_of_contour_percentages_is_parsed_or_refused(
    js: Js, text: str, percent: list[float] | None
) -> None:
    assert js("return readPercentages(given);", text) == percent
    if percent:  # the address accepts what the text box accepts
        written = ",".join(f"{p:g}" for p in percent)
        assert read_viewport({"contours": written}) == ({"contours": percent}, [])


# Area levels

# A of 3 x 3 pixels; two values are equal.
_AREA = [1.0, 0.5, 0.0, 0.8, 0.5, 0.1, 0.2, 0.3, 0.4]


def test_hybrid_cams_map_of_two_levels_on_nine_pixels(js: Js) -> None:
    # 11 % of 9 is 0.99: rank 1, threshold 1.0.  44 % is 3.96: rank 4, threshold 0.5.
    levels = [[11, 2.0], [44, 3.0], [90, 0.0], [95, -1.0]]  # levels without a gain do not count
    area = np.array(_AREA, np.float32)
    sorted_area = np.sort(area).tolist()
    values = js(
        "return Array.from(hybrid(given.area, Float32Array.from(given.sorted), given.levels));",
        {"area": area.tolist(), "sorted": sorted_area, "levels": levels},
    )
    first, second = 2 / math.sqrt(11), 3 / math.sqrt(44)
    expected = [1 * (first + second), 0.5 * second, 0, 0.8 * second, 0.5 * second, 0, 0, 0, 0]
    np.testing.assert_allclose(values, expected, rtol=1e-6)


@pytest.mark.parametrize(("gain", "drawn"), [(LEAST_GAIN, True), (0.99 * LEAST_GAIN, False)])
def test_gains_below_the_floor_draw_no_map(js: Js, gain: float, drawn: bool) -> None:
    """Python's state is then "no level raises the score"; the browser uses the same floor."""
    given = {"area": _AREA, "sorted": sorted(_AREA), "levels": [[11, gain], [44, gain / 2]]}
    body = "return Array.from(hybrid(given.area, given.sorted, given.levels));"
    assert any(js(body, given)) is drawn


def test_equal_values_are_kept_together(js: Js) -> None:
    ordered = np.sort(np.array(_AREA, np.float32)).tolist()
    kept = "return realisedArea(Float32Array.from(given.sorted), given.percent);"
    # 33 % of nine is three; the third and the fourth value are equal, so four are kept.
    assert js(kept, {"sorted": ordered, "percent": 33}) == pytest.approx(100 * 4 / 9)
    assert js(kept, {"sorted": ordered, "percent": 11}) == pytest.approx(100 / 9)
    assert js("return [percentText(9.94), percentText(9.96)];") == ["9.9 %", "10 %"]


def test_the_area_slider_is_logarithmic(js: Js) -> None:
    # The middle position is sqrt(0.5 * 100).
    assert js("return [0, 500, 1000].map(areaAt);") == [0.5, 7.1, 100]
    assert js("return [0.5, 100, 7.0710678, 0.01].map(sliderPosition);") == [0, 1000, 500, 0]


def _levels(body: str) -> str:
    """``l``: levels 1, 5, 20 and 50 of which 5 and 20 are on; ``now``: active and requested."""
    return f"""const l = new AreaLevels();
      const heat = (on, of = "case") => (
        {{ area: [0], of, known: [[1, 0.1]], levels: on.map((p) => [p, p / 10]) }}
      );
      const now = () => [l.active, l.requested];
      l.update(heat([5, 20]), [1, 5, 20, 50], 0);
      {body}"""


def test_levels_are_switched_and_the_last_active_one_stays(js: Js) -> None:
    body = """const done = [l.flip([1]), l.flip([5]), l.flip([20]), l.flip([1])];
      return [done, ...now()];"""
    assert js(_levels(body)) == [[True, True, True, False], [1], [1]]


# Nine values of which six are 0: from 4 of 9 on, every level keeps all of the map.
_MOSTLY_ZERO = "l.sorted = [0, 0, 0, 0, 0, 0, 0.2, 0.5, 1];"


def test_levels_that_keep_the_same_area_are_one_group(js: Js) -> None:
    body = f"""const seen = [l.groups];
      {_MOSTLY_ZERO} seen.push(l.groups, l.groups.map(groupText));
      l.sorted = [0.1, 0.2, 0.3, 0.4, 0.5, 0.5, 0.5, 0.8, 1]; seen.push(l.groups);
      return seen;"""
    single, merged, texts, tied = js(_levels(body).replace("1, 5, 20, 50]", "1, 20, 40, 50, 90]"))
    assert single == [[1], [20], [40], [50], [90]]
    # 1 % keeps one pixel, 20 % two; 40, 50 and 90 % have the threshold 0.
    assert merged == [[1], [20], [40, 50, 90]]
    assert texts == ["1 %", "20 %", "40 to 90 %"]
    assert tied == [[1], [20], [40, 50], [90]]  # 0.5 is the fourth and the fifth value


def test_a_merged_group_is_switched_as_one(js: Js) -> None:
    body = f"""{_MOSTLY_ZERO} const last = l.groups[l.groups.length - 1], seen = [];
      const note = (done) => seen.push([done, l.active, l.stateOf(last)]);
      l.set([20, 50]); note(true);
      note(l.flip(last)); note(l.flip(last)); note(l.flip(last));
      note(l.flip([20])); note(l.flip(last));
      return [last, seen];"""
    last, seen = js(_levels(body).replace("1, 5, 20, 50]", "1, 20, 50, 90]"))
    assert last == [50, 90]
    assert seen == [
        [True, [20, 50], "mixed"],  # a part of it, from an address
        [True, [20, 50, 90], "true"],
        [True, [20], "false"],
        [True, [20, 50, 90], "true"],
        [True, [50, 90], "true"],
        [False, [50, 90], "true"],  # nothing else is on
    ]


def test_a_group_has_the_gain_of_any_of_its_levels(js: Js) -> None:
    body = f"""{_MOSTLY_ZERO} l.gains.set(90, 0.7);
      return [l.gainOf([50, 90]), l.gainOf([50]) === undefined, l.gainOf([20])];"""
    assert js(_levels(body)) == [0.7, True, 2]


def test_the_ends_of_a_range_step_over_groups(js: Js) -> None:
    body = f"""{_MOSTLY_ZERO} const seen = [];
      for (const [low, high, moved] of [[1, 2, "high"], [2, 2, "low"], [1, 0, "high"]]) {{
        l.setRange(low, high, moved); seen.push(l.active);
      }}
      return seen;"""
    changed = _levels(body).replace("1, 5, 20, 50]", "1, 20, 50, 90]")
    assert js(changed) == [[20, 50, 90], [50, 90], [1]]


def test_the_ends_of_a_range_of_levels_push_each_other(js: Js) -> None:
    body = """const seen = [];
      for (const [low, high, moved] of [[1, 3, "high"], [3, 2, "low"], [2, 0, "high"]]) {
        l.setRange(low, high, moved); seen.push(l.active);
      }
      return seen;"""
    assert js(_levels(body)) == [[5, 20, 50], [50], [1]]


def test_a_new_level_is_offered_and_counts_once_its_gain_is_known(js: Js) -> None:
    body = "l.set([20, 1, 7.5]); return [l.active, l.offered, l.scored()];"
    assert js(_levels(body)) == [[1, 7.5, 20], [1, 5, 7.5, 20, 50], [[1, 0.1], [20, 2]]]


def test_an_answer_to_an_earlier_request_is_ignored_until_the_timeout(js: Js) -> None:
    body = """l.set([1, 5], 1000);
      const seen = [];
      seen.push([l.update(heat([5, 20]), l.offered, 1500), ...now()]);
      seen.push([l.update(heat([1, 5]), l.offered, 2000), ...now()]);
      l.set([50], 3000);
      seen.push([l.update(heat([5]), l.offered, 3000 + ANSWER_TIMEOUT_MS), ...now()]);
      return seen;"""
    assert js(_levels(body)) == [
        [True, [1, 5], [1, 5]], [False, [1, 5], None], [False, [5], None],
    ]  # fmt: skip


def test_another_map_drops_the_gains(js: Js) -> None:
    body = """l.update(heat([5], "another"), l.offered, 0);
      return [...l.gains.keys()].sort((a, b) => a - b);"""
    assert js(_levels(body)) == [1, 5]


def test_combining_other_levels_changes_values_scale_and_version(js: Js) -> None:
    data = {
        "raw": text_of([0.0]), "area": text_of(_AREA), "rows": 1, "columns": 1, "size": 3,
        "levels": [[11, 2.0]], "known": [], "of": "case", "digest": "d", "scale": 0,
    }  # fmt: skip
    body = """const h = new Heatmap(given), before = [Array.from(h.values), h.scale, h.version];
      h.combine([[44, 3]]);
      return [before, [Array.from(h.values), h.scale, h.version]];"""
    before, after = js(body, data)
    assert before == [[1, 0, 0, 0, 0, 0, 0, 0, 0], pytest.approx(2 / math.sqrt(11)), 1]
    assert after[0] == pytest.approx([1, 0.5, 0, 0.8, 0.5, 0, 0, 0, 0])
    assert after[1:] == [pytest.approx(3 / math.sqrt(44)), 2]


def test_the_signed_map_keeps_its_signs(js: Js) -> None:
    data = {"raw": text_of([-4.0, 2.0]), "rows": 1, "columns": 2, "size": 2, "digest": "d"}
    values, signed, most = js(
        "const h = new Heatmap(given);"
        "return [Array.from(h.values), Array.from(h.signed.values), h.signed.most];",
        data,
    )
    assert values == [0, 1, 0, 1]
    assert (signed, most) == ([-1, 0.5, -1, 0.5], 4)


# Stepping along a curve


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


# Marks


def test_a_mark_is_made_and_removed_within_reach(js: Js) -> None:
    body = """const m = new MarkList();
      const done = [m.toggle("low", 1, 1, 5)];
      m.update({ open: true, of: "case", list: [] });
      done.push(m.toggle("low", 10.4, 20.6, 5), m.toggle("recombined", 10, 20, 5));
      done.push(m.toggle("low", 30, 20, 5));
      const three = m.list;
      m.toggle("low", 13, 25, 5); // 3 and 4 pixels away: the distance is 5
      return [done, three, m.list];"""
    done, three, two = js(body)
    assert done == [False, True, True, True]
    first = {"picture": "low", "x": 10, "y": 21}
    assert three[0] == first
    assert two == three[1:]


def test_an_open_list_of_marks_ignores_python_until_another_case(js: Js) -> None:
    body = """const m = new MarkList(), kept = [{ picture: "low", x: 1, y: 2 }], seen = [];
      const update = (data) => { m.update(data); seen.push([m.list.length, m.open]); };
      update({ open: true, of: "case", list: kept });
      update({ open: true, of: "case", list: [] });
      update({ open: false, of: "case", list: [] });
      update({ open: true, of: "another", list: kept });
      update(null);
      return seen;"""
    assert js(body) == [[1, True], [1, True], [0, False], [1, True], [0, False]]


# The address

_STATE = """const state = () => [
  v.zoom.factor, v.zoom.x, v.zoom.y, v.window, v.level, v.preset, v.heat, v.opacity, v.contours,
  v.table.name, v.plain, v.recombined, v.outline, v.invert, v.inside, s.kind, s.step,
];"""


def test_a_viewport_written_to_the_address_is_restored_through_python(js: Js) -> None:
    written, state = js(
        f"""const v = new Viewport({_TABLES}), s = new CurveStepper(); {_STATE}
          Object.assign(v.zoom, {{ factor: 2.5, x: 0.25, y: 1 / 3 }});
          v.setPreset("dense"); v.setTable("Cividis");
          Object.assign(v, {{ heat: "contours", opacity: 0.6, contours: [10, 12.5] }});
          Object.assign(v, {{ plain: false, outline: true, inside: true }});
          Object.assign(s, {{ kind: "deletion", step: 120 }});
          return [addressOf(v, s), state()];"""
    )
    assert written == {
        "zoom": "2.5", "at": "0.25,0.333333", "window": "150,150", "step": "deletion:120",
        "heat": "contours", "contours": "10,12.5", "opacity": "0.6", "colours": "Cividis",
        "show": "alone,outline,inside",
    }  # fmt: skip
    values, problems = read_viewport(written)
    assert not problems
    body = f"""const v = new Viewport({_TABLES}), s = new CurveStepper(); {_STATE}
      v.invert = v.recombined = true;
      applyAddress(given, v, s);
      return state();"""
    again = js(body, values)
    assert again[2] == pytest.approx(state[2], abs=1e-6)  # six digits are written
    assert [*again[:2], *again[3:]] == [*state[:2], *state[3:]]


def test_default_values_are_left_out_of_the_address_and_restored(js: Js) -> None:
    body = f"""const v = new Viewport({_TABLES}), s = new CurveStepper(); {_STATE}
      const before = state(), written = addressOf(v, s);
      v.zoom.factor = 9; v.stepOpacity(1); v.setPreset("dark"); v.invert = true;
      s.kind = "insertion";
      applyAddress(written, v, s);
      return [written, before, state()];"""
    written, before, after = js(body)
    assert written == {}
    assert after == before


def test_other_parameters_of_the_address_are_kept(js: Js) -> None:
    body = "return withAddress(given, { zoom: '2', at: '0.5,0.5' });"
    assert js(body, "case=PH-0001&zoom=9&heat=off&curves=none") == (
        "case=PH-0001&curves=none&zoom=2&at=0.5,0.5"
    )
    assert js("return withAddress('', {});") == ""
    assert js("return withAddress('zoom=3', {});") == ""


# Messages to Python

_OUTBOX = """
const sent = [], timers = [];
const send = (name, message) => sent.push([name, message.value, message.id]);
const outbox = new Outbox(send, (act) => timers.push(act));
const values = () => sent.map(([name, value]) => [name, value]);
"""


def test_the_next_message_waits_for_the_answer_to_the_last(js: Js) -> None:
    body = """
      outbox.emit("levels", 1); outbox.emit("levels", 2);
      outbox.emit("marks", 3); outbox.emit("levels", 4);
      const before = values();
      outbox.answered(0); const unrelated = values();
      outbox.answered(sent[0][2]); const second = values();
      outbox.answered(sent[0][2]); outbox.answered(sent[1][2]); const third = values();
      outbox.answered(sent[2][2]); outbox.emit("levels", 5);
      return [before, unrelated, second, third, values()];
    """
    before, unrelated, second, third, last = js(_OUTBOX + body)
    assert before == unrelated == [["levels", 1]]
    assert second == [["levels", 1], ["marks", 3]]
    assert third == [["levels", 1], ["marks", 3], ["levels", 4]]
    assert last == [*third, ["levels", 5]]


def test_messages_that_replace_none_are_all_sent(js: Js) -> None:
    body = """
      for (const text of ["15", "7.5", "4"]) outbox.emit("own", text, false);
      outbox.answered(sent[0][2]); outbox.answered(sent[1][2]);
      return values();
    """
    assert js(_OUTBOX + body) == [["own", "15"], ["own", "7.5"], ["own", "4"]]


def test_an_answer_that_never_comes_holds_up_the_next_message_only_for_a_while(js: Js) -> None:
    body = """
      outbox.emit("levels", 1); outbox.emit("marks", 2);
      timers[0](); const second = values();
      timers[0](); outbox.emit("levels", 3);
      return [second, values()];
    """
    second, last = js(_OUTBOX + body)
    assert second == last == [["levels", 1], ["marks", 2]]


def test_nothing_is_sent_after_the_end(js: Js) -> None:
    body = """
      outbox.emit("levels", 1); outbox.emit("marks", 2);
      outbox.end(); timers[0]();
      return values();
    """
    assert js(_OUTBOX + body) == [["levels", 1]]
