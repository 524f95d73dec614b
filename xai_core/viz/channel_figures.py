"""The figures and small pictures of a block's channels."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from skimage.transform import resize

from xai_core.types import FloatArray
from xai_core.viz.colormap import TABLES
from xai_core.viz.style import COLOURS, QUIET, dark

_THUMBNAIL = 144  # px
_MOST_OPAQUE = 0.75


def channel_picture(grey: FloatArray, activation: FloatArray) -> NDArray[np.uint8]:
    """A channel's positive activation over the image, uint8 (144, 144, 3).

    Args:
        grey: the prepared image, float32 (S, S) in [0, 1].
        activation: of one channel, (h, w); scaled to its own largest value.
    """
    small = resize(grey, (_THUMBNAIL, _THUMBNAIL), anti_aliasing=True)
    positive = np.maximum(activation, 0)
    most = float(positive.max())
    heat = resize(positive / most if most > 0 else positive, (_THUMBNAIL, _THUMBNAIL), order=1)
    table = next(iter(TABLES.values())).astype(np.float64) / 255
    colour = table[np.rint(heat.clip(0, 1) * 255).astype(int)]
    share = (_MOST_OPAQUE * heat.clip(0, 1) ** 0.7)[..., None]
    mixed = (1 - share) * small[..., None] + share * colour
    return np.asarray(np.rint(mixed.clip(0, 1) * 255), np.uint8)


def line_figure(
    lines: Sequence[tuple[str, Sequence[float], Sequence[float]]], x_title: str, class_name: str,
    plain: float, logarithmic: bool = False, height: int = 270,
) -> go.Figure:  # fmt: skip
    """The probability of a class along an edit, one line for each way of making it.

    Args:
        lines: name, places along the edit, probabilities in [0, 1].
        x_title: what the places are.
        class_name: Plotly reads HTML in titles, so it is escaped here.
        plain: the probability without an edit, drawn as a thin line.
        logarithmic: whether the places are shown on a logarithmic axis.
        height: of the figure, px.
    """
    figure = go.Figure()
    styles = (
        (COLOURS["insertion"], "solid"), (COLOURS["deletion"], "dash"), (QUIET, "dot"),
    )  # fmt: skip
    for (name, x, y), (colour, dash) in zip(lines, styles, strict=False):
        figure.add_trace(
            go.Scatter(
                x=list(x), y=list(y), name=name, mode="lines+markers",
                line={"color": colour, "dash": dash, "width": 2.5}, marker={"size": 6},
            )
        )  # fmt: skip
    figure.add_hline(y=plain, line={"color": QUIET, "width": 1})
    figure.update_xaxes(title=x_title, type="log" if logarithmic else "linear")
    figure.update_yaxes(
        title=f"P({html.escape(class_name, quote=False)})", range=[-0.02, 1.02], dtick=0.25
    )
    dark(figure, height)
    figure.update_layout(
        showlegend=len(lines) > 1,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
    )
    return figure
