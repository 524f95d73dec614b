"""The figure of insertion and deletion curves, complete or while they are being measured."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass

import plotly.graph_objects as go

from xai_core.types import PerturbationCurve
from xai_core.viz.style import COLOURS, FONT_PX, QUIET, dark

_SYMBOLS = {False: "circle", True: "circle-open"}  # by whether the curve is a second method's


@dataclass(frozen=True, eq=False)
class Pair:
    """An insertion and a deletion curve of one order of patches."""

    insertion: PerturbationCurve
    deletion: PerturbationCurve


def auc_text(curve: PerturbationCurve) -> str:
    """The area under a curve, with its estimated error if not every point was measured."""
    if curve.error < 5e-4:
        return f"{curve.auc:.3f}"
    return f"{curve.auc:.3f} ± {curve.error:.3f}"


def curve_figure(
    pair: Pair | None,
    class_name: str,
    *,
    growing: bool = False,
    baselines: Mapping[str, Pair] | None = None,
    title: str = "",
    second_curve: tuple[str, Pair] | None = None,
    height: int = 300,
) -> go.Figure:
    """Probability of the class against the share of patches changed.

    Args:
        pair: the map's curves so far; None draws empty axes, so that the layout stays the same.
        class_name: the class whose probability is drawn; Plotly reads HTML in titles, so it is
            escaped here.
        growing: whether the curves are still being measured; then the measured points are marked.
        baselines: curves of orders of patches that do not depend on the map, by name.
        title: the map's method, shown in the legend if ``second_curve`` is given.
        second_curve: the title of a second method, and its curves.
        height: of the figure, px.
    """
    figure = go.Figure()
    for name, baseline in (baselines or {}).items():
        for curve in (baseline.insertion, baseline.deletion):
            figure.add_trace(_baseline(name, curve))
    if second_curve is not None:
        for curve in (second_curve[1].insertion, second_curve[1].deletion):
            figure.add_trace(_trace(curve, growing, second_curve[0], second=True))
    if pair is not None:
        for curve in (pair.insertion, pair.deletion):
            figure.add_trace(_trace(curve, growing, title if second_curve else ""))
    figure.update_xaxes(
        title="patches changed, most relevant first (%)", range=[0, 100.5], dtick=25
    )
    figure.update_yaxes(
        title=f"probability of {html.escape(class_name, quote=False)}",
        range=[-0.02, 1.02],
        dtick=0.25,
    )
    dark(figure, height)
    figure.update_layout(
        showlegend=pair is not None,
        legend={
            "orientation": "v", "x": 0, "y": 1.02, "yanchor": "bottom",
            "font": {"size": FONT_PX}, "bgcolor": "rgba(0,0,0,0)",
        },
    )  # fmt: skip
    return figure


def _trace(
    curve: PerturbationCurve, growing: bool, method: str, second: bool = False
) -> go.Scatter:
    colour = COLOURS[f"other_{curve.kind}" if second else curve.kind]
    kind = "Insertion" if curve.kind == "insertion" else "Deletion"
    title = f"{method} {kind.lower()}" if method else kind
    return go.Scatter(
        x=(curve.fraction * 100).round(3).tolist(),
        y=curve.probability.round(5).tolist(),
        name=f"{title}  AUC {auc_text(curve)}{' so far' if growing else ''}",
        mode="lines+markers" if growing or len(curve.fraction) < 100 else "lines",
        # Colour is never the only difference: deletion is dashed, the second method has rings.
        line={
            "color": colour,
            "width": 2 if second else 3,
            "dash": "solid" if curve.kind == "insertion" else "dash",
        },
        marker={"size": 6 if second else 5, "color": colour, "symbol": _SYMBOLS[second]},
        hovertemplate="%{x:.1f} % changed: %{y:.3f}<extra>" + title + "</extra>",
    )


def _baseline(name: str, curve: PerturbationCurve) -> go.Scatter:
    dash = "dot" if "random" in name.lower() else "dashdot"
    return go.Scatter(
        x=(curve.fraction * 100).round(3).tolist(),
        y=curve.probability.round(5).tolist(),
        name=f"{name}, {curve.kind}  AUC {auc_text(curve)}",
        mode="lines",
        line={"color": QUIET, "width": 1.5, "dash": dash},
        showlegend=False,
        hovertemplate=f"{name}, {curve.kind}: " + "%{y:.3f}<extra></extra>",
    )
