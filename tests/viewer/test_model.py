"""The viewer's model in a blank page; expected values are worked out by hand or with numpy."""

from __future__ import annotations

import numpy as np
import pytest
from torch import from_numpy
from torch.nn.functional import interpolate

from tests.viewer.conftest import Js, text_of
from xai_core.ui.address import read_viewport
from xai_core.viz.viewer_data import run_lengths

pytestmark = pytest.mark.e2e

# A whole picture of 200 x 100 pixels in a pane of 400 x 400: fitted, the scale is 2.
_PICTURE = "const picture = { box: [0, 0, 200, 100], width: 200, height: 100 };"
_PANE = "const pane = { width: 400, height: 400 };"
_TABLES = "[{ name: 'Inferno' }, { name: 'Cividis' }], { name: 'diverging' }"


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


def test_the_signed_map_keeps_its_signs(js: Js) -> None:
    data = {"raw": text_of([-4.0, 2.0]), "rows": 1, "columns": 2, "size": 2, "digest": "d"}
    values, signed, most = js(
        "const h = new Heatmap(given);"
        "return [Array.from(h.values), Array.from(h.signed.values), h.signed.most];",
        data,
    )
    assert values == [0, 1, 0, 1]
    assert (signed, most) == ([-1, 0.5, -1, 0.5], 4)


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
