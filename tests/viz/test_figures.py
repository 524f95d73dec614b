"""The curve figure: its legend, a second method, baselines, and the empty figure."""

from __future__ import annotations

import numpy as np

from xai_core.types import PerturbationCurve
from xai_core.viz.curve_figure import Pair, auc_text, curve_figure


def _curve(kind: str, error: float = 0.0) -> PerturbationCurve:
    x = np.array([0.0, 0.5, 1.0])
    y = x if kind == "insertion" else 1 - x
    return PerturbationCurve(kind, x, y, 0.5, error)


def test_an_area_shows_its_error_only_if_it_is_an_estimate() -> None:
    assert auc_text(_curve("insertion")) == "0.500"
    assert auc_text(_curve("insertion", 0.004)) == "0.500 ± 0.004"


def test_the_legend_names_both_curves_and_marks_unfinished_areas() -> None:
    pair = Pair(_curve("insertion"), _curve("deletion", 0.01))
    names = [t.name for t in curve_figure(pair, "malignant").data]
    assert names == ["Insertion  AUC 0.500", "Deletion  AUC 0.500 ± 0.010"]
    assert all("so far" in t.name for t in curve_figure(pair, "malignant", growing=True).data)


def test_two_methods_in_one_plot_differ_in_more_than_colour() -> None:
    pair, other = (Pair(_curve("insertion"), _curve("deletion")) for _ in range(2))
    figure = curve_figure(pair, "benign", title="Grad-CAM", second_curve=("Score-CAM", other))
    by_name = {trace.name.split("  ")[0]: trace for trace in figure.data}
    assert set(by_name) == {
        "Grad-CAM insertion", "Grad-CAM deletion", "Score-CAM insertion", "Score-CAM deletion",
    }  # fmt: skip
    styles = {(t.line.color, t.line.dash, t.line.width, t.marker.symbol) for t in by_name.values()}
    assert len(styles) == 4
    assert len({style[1:] for style in styles}) == 4  # still different without the colour


def test_baselines_are_drawn_under_the_curves_and_no_curve_is_an_empty_figure() -> None:
    pair = Pair(_curve("insertion"), _curve("deletion"))
    figure = curve_figure(pair, "benign", baselines={"Random order": pair})
    assert len(figure.data) == 4
    assert figure.data[0].name.startswith("Random order")
    empty = curve_figure(None, "benign")
    assert len(empty.data) == 0
    assert empty.layout.xaxis.range == (0, 100.5)
