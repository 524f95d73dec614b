"""The parts of the architecture: what disabling each of them does to this answer."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from xai_core.explain.service import PageService
from xai_core.features.part_study import PartStudy, part_study
from xai_core.model.edits import KINDS
from xai_core.types import Case
from xai_core.ui.features import growing
from xai_core.ui.memo import memoised
from xai_core.ui.wording import plain
from xai_core.viz.part_figure import part_figure
from xai_core.viz.text_tables import markdown_table

_LISTED = 8
_NOT = (
    "What this does not show: what a network without that part could learn. An edited network is "
    "one that was never trained so; it shows what this one relies on."
)


def show(service: PageService, case: Case) -> None:
    """Draw what each part carries in one case.

    Args:
        service: the dashboard's: its model, its cases.
        case: of the service.
    """
    classifier = service.classifier

    def begin() -> Iterator[PartStudy]:
        return part_study(classifier, classifier.prepare(case.image).grey)

    growing.show(
        ("parts", classifier.spec.sha256, service.source.name, case.id), begin, _progress,
        lambda found: _draw(service, found),
    )  # fmt: skip


def _progress(found: PartStudy | None) -> tuple[float, str]:
    if found is None:
        return 0.0, "Disabling the first parts"
    return (
        found.known / len(found.edits),
        f"{found.known} of {len(found.edits)} parts disabled, one at a time",
    )


def _draw(service: PageService, found: PartStudy) -> None:
    name = plain(service.classifier.spec.class_names[found.positive])
    st.markdown(
        "**Every block, with one part of it disabled.** The change of the logit difference "
        f"({name} minus the highest other): how much the answer leans on that part."
    )
    st.plotly_chart(
        memoised("parts", (found,), lambda: _figure(found)),
        key="parts", theme=None, config={"displayModeBar": False},
        alt=f"Change of the logit difference for {found.known} disabled parts. "
        f"{_largest_words(found)}",
    )  # fmt: skip
    st.markdown(
        "\n".join(
            markdown_table(
                ("the parts that it leans on most", "change"),
                [(title, f"{effect:+.2f}") for title, effect in _largest(found)],
            )
        )
    )
    st.caption(_NOT)


def _figure(found: PartStudy) -> go.Figure:
    blocks = list(dict.fromkeys(f"{e.stage + 1}.{e.block + 1}" for e in found.edits))
    effects = {
        (f"{edit.stage + 1}.{edit.block + 1}", edit.kind): float(effect)
        for edit, effect in zip(found.edits, found.effects, strict=True)
        if not np.isnan(effect)
    }
    return part_figure(blocks, KINDS, effects)


def _largest(found: PartStudy) -> list[tuple[str, float]]:
    known = [
        (edit.title, float(effect))
        for edit, effect in zip(found.edits, found.effects, strict=True)
        if not np.isnan(effect)
    ]
    return sorted(known, key=lambda row: -abs(row[1]))[:_LISTED]


def _largest_words(found: PartStudy) -> str:
    return "; ".join(f"{title}: {effect:+.2f}" for title, effect in _largest(found)[:3])
