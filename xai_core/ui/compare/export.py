"""What is on show as a plate for print: two buttons, and bytes made only when one is pressed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial

import streamlit as st

from xai_core.cam import METHODS
from xai_core.explain.service import ExplainService
from xai_core.model.layers import layer_title
from xai_core.preprocessing.identity import pictures_sha256
from xai_core.types import Case
from xai_core.ui.compare import captions
from xai_core.ui.compare.captions import notes
from xai_core.ui.compare.panels import PanelAnswer, PanelRow
from xai_core.viz.figure_sheet import KINDS, FigureSheet, Panel, Row, cell_width, sheet_file
from xai_core.viz.panel import height_for, panel, shown_box


def show(
    service: ExplainService, title: str, lines: Sequence[PanelRow], heads: Mapping[PanelRow, str],
    answers: Sequence[PanelAnswer],
) -> None:  # fmt: skip
    """Draw the buttons; they wait until every panel is there."""
    ready = bool(answers) and all(answer.done for answer in answers)
    with st.container(horizontal=True, key="export", vertical_alignment="center"):
        for kind, mime in KINDS.items():
            # Deferred: called when the button is pressed, on a thread of its own.
            make = partial(_file, service, title, lines, heads, answers, kind)
            st.download_button(
                f"Save for print ({kind.upper()})",
                make if ready else b"",
                file_name=f"{_name(lines)}.{kind}",
                mime=mime,
                key=f"save {kind}",
                disabled=not ready,
                help="180 mm wide at 300 dpi, with every convention in small print.",
                on_click="ignore",
            )
        if not ready:
            st.caption("To be saved when every panel is ready.")


def build(
    service: ExplainService, title: str, lines: Sequence[PanelRow], heads: Mapping[PanelRow, str],
    answers: Sequence[PanelAnswer],
) -> FigureSheet:  # fmt: skip
    """The plate of finished panels.

    Raises:
        CaseError: a case cannot be read any more.
    """
    rest = iter(answers)
    rows = tuple(
        _row(service.load(line.case_id), line, heads[line], [next(rest) for _ in line.requests])
        for line in lines
    )
    return FigureSheet(
        title, rows, notes(service.records, answers, service.explainer.classifier.spec)
    )


def _row(case: Case, line: PanelRow, head: str, answers: Sequence[PanelAnswer]) -> Row:
    width = cell_width(1 + len(answers))

    def drawn(answer: PanelAnswer | None) -> Panel:
        found = next(a.explanation for a in answers if a.explanation is not None)
        geometry = found.prepared.geometry
        box = shown_box((case.image.shape[0], case.image.shape[1]), geometry, case.lesion_mask)
        heatmap = answer.heatmap if answer else None
        values = heatmap.values if heatmap else None
        picture = panel(case.image, geometry, values, box, (width, height_for(box, width)))
        if answer is None:
            return Panel("Original, low-energy image", picture)
        why = captions.why_empty(answer)
        under = ((why,) if why else ()) + captions.areas(answer)
        title = f"{METHODS[answer.request.method].title}, {layer_title(answer.request.layer)}"
        return Panel(title, picture, captions.bar(answer), under)

    first = drawn(None) if line.original else None
    return Row(head, (first, *map(drawn, answers)))


def _file(
    service: ExplainService, title: str, lines: Sequence[PanelRow], heads: Mapping[PanelRow, str],
    answers: Sequence[PanelAnswer], kind: str,
) -> bytes:  # fmt: skip
    plate = build(service, title, lines, heads, answers)
    made: bytes = _kept(_digest(plate), kind, plate)
    return made


@st.cache_data(max_entries=8, show_spinner=False)  # type: ignore[untyped-decorator]
def _kept(digest: str, kind: str, _plate: FigureSheet) -> bytes:  # noqa: ARG001 - the cache's key
    return sheet_file(_plate, kind)


def _digest(plate: FigureSheet) -> str:
    panels = (one for row in plate.rows for one in row.panels)
    return pictures_sha256(plate.text(), (one.picture if one else None for one in panels))


def _name(lines: Sequence[PanelRow]) -> str:
    """A file's name: the cases, and what is shown of them."""
    cases = "_".join(dict.fromkeys(line.case_id for line in lines))
    what = "methods" if lines[0].layer else "figure-3"
    return f"{re.sub(r'[^A-Za-z0-9-]+', '_', cases)[:80]}_{what}"
