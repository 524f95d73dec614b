"""The insertion and deletion curves as one figure, whole or still growing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import plotly.graph_objects as go

from xai_core.types import PerturbationCurve
from xai_core.viz.style import COLOURS, FONT_PX, QUIET, dark

_SYMBOLS = {False: "circle", True: "circle-open"}


@dataclass(frozen=True, eq=False)
class Pair:
    """An insertion and a deletion curve of one order of patches."""

    insertion: PerturbationCurve
    deletion: PerturbationCurve


def auc_text(curve: PerturbationCurve) -> str:
    """A curve's area, with the estimate of its error where not every point was measured."""
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
        pair: the map's curves so far; None draws the empty axes, so that nothing jumps later.
        class_name: the class whose probability it is.
        growing: the curves are still being measured; drawn with the measured points.
        baselines: curves of orders that have not seen the map, by their names.
        title: the map's method, said where another's curves lie in the plot.
        beside: another method and its curves.
    """
    figure = go.Figure()
    for name, other in (baselines or {}).items():
        for curve in (other.insertion, other.deletion):
            figure.add_trace(_baseline(name, curve))
    if second_curve is not None:
        for curve in (second_curve[1].insertion, second_curve[1].deletion):
            figure.add_trace(_trace(curve, growing, second_curve[0], other=True))
    if pair is not None:
        for curve in (pair.insertion, pair.deletion):
            figure.add_trace(_trace(curve, growing, title if second_curve else ""))
    figure.update_xaxes(
        title="patches changed, most relevant first (%)", range=[0, 100.5], dtick=25
    )
    figure.update_yaxes(title=f"probability of {class_name}", range=[-0.02, 1.02], dtick=0.25)
    dark(figure, height)
    figure.update_layout(
        showlegend=pair is not None,
        legend={
            "orientation": "v", "x": 0, "y": 1.02, "yanchor": "bottom",
            "font": {"size": FONT_PX}, "bgcolor": "rgba(0,0,0,0)",
        },
    )  # fmt: skip
    return figure


def _trace(curve: PerturbationCurve, growing: bool, method: str, other: bool = False) -> go.Scatter:
    colour = COLOURS[f"other_{curve.kind}" if other else curve.kind]
    kind = "Insertion" if curve.kind == "insertion" else "Deletion"
    title = f"{method} {kind.lower()}" if method else kind
    return go.Scatter(
        x=(curve.fraction * 100).round(3).tolist(),
        y=curve.probability.round(5).tolist(),
        name=f"{title}  AUC {auc_text(curve)}{' so far' if growing else ''}",
        mode="lines+markers" if growing or len(curve.fraction) < 100 else "lines",
        # A second sign beside the colour: the deletion curve is dashed.
        line={
            "color": colour,
            "width": 2 if other else 3,
            "dash": "solid" if curve.kind == "insertion" else "dash",
        },
        # Of two methods, one has rings and one has dots: colour is never the only sign.
        marker={"size": 6 if other else 5, "color": colour, "symbol": _SYMBOLS[other]},
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
