"""Hybrid-CAM's area levels in the browser; expected values are worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.viewer.conftest import Js, text_of
from xai_core.cam.hybrid_cam import LEAST_GAIN

pytestmark = pytest.mark.e2e

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
