"""The channels of a block: which of them carry this answer, each alone and many together."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from xai_core.explain.service import PageService
from xai_core.features.blocks import find_block
from xai_core.features.channel_study import FACTORS, ChannelStudy, study
from xai_core.model.spec import ModelSpec
from xai_core.preprocessing.letterbox import letterbox_mask
from xai_core.types import Case, FloatArray, Prediction
from xai_core.ui import session
from xai_core.ui.features import growing
from xai_core.ui.memo import memoised
from xai_core.ui.wording import plain
from xai_core.viz.channel_figures import channel_picture, line_figure
from xai_core.viz.pictures import to_png
from xai_core.viz.text_tables import markdown_table

_IN_A_ROW = 6
_NOT = (
    "What this does not show: a channel is no concept, and a network without a channel is one that "
    "was never trained so. It shows what the layers behind the block make of the rest."
)
Floats = NDArray[np.float64]


def show(service: PageService, case: Case) -> None:
    """Draw the channels of the layer that is chosen, for one case.

    Args:
        service: the dashboard's: its model, its cases.
        case: of the service.
    """
    block = find_block(service.classifier, session.current().request.layer or "stage 3")
    classifier = service.classifier

    def begin() -> Iterator[ChannelStudy]:
        prepared = classifier.prepare(case.image)
        mask = case.lesion_mask
        lesion = None if mask is None else letterbox_mask(mask, prepared.geometry)
        return study(classifier, prepared.grey, block, lesion)

    def progress(found: ChannelStudy | None) -> tuple[float, str]:
        known = 0 if found is None else int(found.ablations.exact.sum())
        return known / block.channels, f"{known} of {block.channels} channels switched off"

    growing.show(
        ("channels", classifier.spec.sha256, service.source.name, case.id, block), begin, progress,
        lambda found: _draw(service, case, found),
    )  # fmt: skip


def _draw(service: PageService, case: Case, found: ChannelStudy) -> None:
    spec, block = service.classifier.spec, found.block
    agreement = found.ablations.agreement
    words = f"; first-order estimates rank as the exact effects do at {agreement:.2f} (Spearman)"
    st.markdown(
        f"**{block.title}: {block.channels} channels.** Effect: by how much the logit difference "
        f"({plain(spec.class_names[spec.positive])} minus the highest other) changes where one is "
        f"switched off{'' if np.isnan(agreement) else words}."
    )
    _show_strongest(service, case, found)
    left, right = st.columns(2, gap="large")
    with left:
        _show_together(found, spec)
    with right:
        _show_scaled(found, spec)
    _show_regions(found, spec)
    st.caption(_NOT)


def _show_strongest(service: PageService, case: Case, found: ChannelStudy) -> None:
    grey = memoised(
        "features grey", (case, service.classifier.spec.input_size),
        lambda: service.classifier.prepare(case.image).grey,
    )  # fmt: skip
    channels = found.strongest()
    for start in range(0, len(channels), _IN_A_ROW):
        for column, k in zip(st.columns(_IN_A_ROW), channels[start:], strict=False):
            with column:
                _show_channel(grey, found, k)


def _show_channel(grey: FloatArray, found: ChannelStudy, k: int) -> None:
    effect, exact = found.ablations.effect[k], found.ablations.exact[k]
    activation = found.activation
    st.image(
        memoised(
            "channel picture", (grey, activation, k),
            lambda: to_png(channel_picture(grey, activation[k])),
        ),
        width="stretch",
        alt=f"Where channel {k} is positive, over the mammogram",
    )  # fmt: skip
    st.caption(f"Channel {k}: {effect:+.3f}{'' if exact else ' (estimate)'}")


def _p(logits: Floats, spec: ModelSpec) -> list[float]:
    rows = np.atleast_2d(logits)
    return [Prediction(tuple(row)).probabilities[spec.positive] for row in rows.tolist()]


def _show_together(found: ChannelStudy, spec: ModelSpec) -> None:
    st.markdown("**More and more channels off**")
    together = found.together
    if together is None:
        st.caption("Follows when every channel's effect is known.")
        return
    counts = together.counts
    randoms = np.array([_p(one, spec) for one in together.random])
    lines = [
        ("most important first", counts, _p(together.most, spec)),
        ("least important first", counts, _p(together.least, spec)),
        (f"random, mean of {len(randoms)}", counts, randoms.mean(0).tolist()),
    ]
    st.plotly_chart(
        memoised(
            "channels together", (together,),
            lambda: line_figure(
                lines, "channels switched off", spec.class_names[spec.positive],
                _p(found.ablations.plain, spec)[0], logarithmic=True,
            ),
        ),
        key="channels together", theme=None, config={"displayModeBar": False},
        alt=f"P({spec.class_names[spec.positive]}) while channels are switched off. "
        + "; ".join(f"{name}: {y[-1]:.2f} with all off" for name, _, y in lines),
    )  # fmt: skip


def _show_scaled(found: ChannelStudy, spec: ModelSpec) -> None:
    st.markdown("**The strongest channel, weaker and stronger**")
    if found.scaled is None:
        st.caption("Follows when every channel's effect is known.")
        return
    channel, logits = found.scaled
    p = _p(logits, spec)
    st.plotly_chart(
        memoised(
            "channel scaled", (logits,),
            lambda: line_figure(
                [(f"channel {channel}", FACTORS, p)], f"factor on channel {channel} (1: as it is)",
                spec.class_names[spec.positive], _p(found.ablations.plain, spec)[0],
            ),
        ),
        key="channel scaled", theme=None, config={"displayModeBar": False},
        alt=f"P({spec.class_names[spec.positive]}) with channel {channel} scaled: {min(p):.2f} to "
        f"{max(p):.2f}",
    )  # fmt: skip


def _show_regions(found: ChannelStudy, spec: ModelSpec) -> None:
    if found.inside is None:
        return
    rows = [("all of the picture", _p(found.ablations.plain, spec)[0])]
    rows.append(("inside the marked lesion alone", _p(found.inside, spec)[0]))
    if found.outside is not None:
        rows.append(("outside the marked lesion alone", _p(found.outside, spec)[0]))
    name = plain(spec.class_names[spec.positive])
    with st.container(key="regions"):
        st.markdown(
            "\n".join(
                markdown_table(
                    ("the block's activation kept", f"P({name})"),
                    [(words, f"{p:.2f}") for words, p in rows],
                )
            )
        )
