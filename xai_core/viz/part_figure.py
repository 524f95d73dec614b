"""The figure of a network's parts: every block, coloured by what disabling a part of it does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from xai_core.viz.colormap import DIVERGING
from xai_core.viz.style import dark

_SCALE = [
    [k / 255, f"rgb({r}, {g}, {b})"] for k, (r, g, b) in enumerate(DIVERGING.tolist()) if k % 5 == 0
]


def part_figure(
    blocks: Sequence[str], kinds: Mapping[str, str], effects: Mapping[tuple[str, str], float],
    height: int = 330,
) -> go.Figure:  # fmt: skip
    """A cell for every block and kind of edit; an effect that is not known yet leaves it empty.

    Args:
        blocks: titles of the blocks, from the network's input to its output.
        kinds: kind of edit -> what it does, in words.
        effects: (block, kind) -> change of the logit difference.
        height: of the figure, px.
    """
    values = np.array(
        [[effects.get((block, kind), np.nan) for block in blocks] for kind in kinds], float
    )
    known = np.abs(values[~np.isnan(values)])
    most = float(known.max()) if known.size and known.max() > 0 else 1.0
    figure = go.Figure(
        go.Heatmap(
            z=values, x=list(blocks), y=list(kinds.values()), zmin=-most, zmax=most,
            colorscale=_SCALE, xgap=2, ygap=2,
            colorbar={"title": "change of the<br>logit difference", "thickness": 12},
            hovertemplate="%{x}<br>%{y}<br>%{z:+.2f}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_xaxes(tickangle=-45, type="category")
    figure.update_yaxes(autorange="reversed", type="category")
    dark(figure, height)
    return figure
