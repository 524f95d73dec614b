"""The panels as a figure sheet for print: one download button per kind of file.

The bytes of a file are made only when its button is pressed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial

import streamlit as st

from xai_core.cam import METHODS
from xai_core.explain.service import PageService
from xai_core.model.layers import layer_title
from xai_core.preprocessing.identity import pictures_sha256
from xai_core.types import Case
from xai_core.ui.compare import areas, captions
from xai_core.ui.compare.captions import notes
from xai_core.ui.compare.panels import PanelAnswer, PanelRow
from xai_core.viz.figure_sheet import KINDS, FigureSheet, Panel, Row, cell_width, sheet_file
from xai_core.viz.panel import height_for, panel, shown_box


def show(
    service: PageService, title: str, rows: Sequence[PanelRow], titles: Mapping[PanelRow, str],
    answers: Sequence[PanelAnswer],
) -> None:  # fmt: skip
    """Draw the buttons; they are disabled until every panel is complete."""
    ready = bool(answers) and all(answer.done for answer in answers)
    with st.container(horizontal=True, key="export", vertical_alignment="center"):
        for kind, mime in KINDS.items():
            # Streamlit calls this when the button is pressed, on a thread of its own.
            make = partial(_file, service, title, rows, titles, answers, kind)
            st.download_button(
                f"Save for print ({kind.upper()})",
                make if ready else b"",
                file_name=f"{_file_name(rows)}.{kind}",
                mime=mime,
                key=f"save {kind}",
                disabled=not ready,
                help="180 mm wide at 300 dpi, with every convention in small print.",
                on_click="ignore",
            )
        if not ready:
            st.caption("To be saved when every panel is ready.")


def build(
    service: PageService, title: str, rows: Sequence[PanelRow], titles: Mapping[PanelRow, str],
    answers: Sequence[PanelAnswer],
) -> FigureSheet:  # fmt: skip
    """The figure sheet of complete panels.

    Args:
        service: reads the cases.
        title: of the sheet.
        rows: the rows of panels.
        titles: the title of each row.
        answers: of the panels of all rows, in their order.

    Raises:
        CaseError: a case cannot be read any more.
    """
    remaining = iter(zip(answers, areas.lines(answers), strict=True))
    sheet_rows = tuple(
        _row(service.load(row.case_id), row, titles[row], [next(remaining) for _ in row.requests])
        for row in rows
    )
    return FigureSheet(title, sheet_rows, notes(service.records, answers, service.classifier.spec))


_WithAreas = tuple[PanelAnswer, tuple[str, ...]]  # an answer, and the lines about its areas


def _row(case: Case, row: PanelRow, title: str, answers: Sequence[_WithAreas]) -> Row:
    width = cell_width(1 + len(answers))

    def sheet_panel(shown: _WithAreas | None) -> Panel:
        explanation = next(a.explanation for a, _ in answers if a.explanation is not None)
        answer, area_lines = shown or (None, ())
        geometry = explanation.prepared.geometry
        box = shown_box((case.image.shape[0], case.image.shape[1]), geometry, case.lesion_mask)
        heatmap = answer.heatmap if answer else None
        values = heatmap.values if heatmap else None
        picture = panel(case.image, geometry, values, box, (width, height_for(box, width)))
        if answer is None:
            return Panel("Original, low-energy image", picture)
        reason = captions.empty_map_reason(answer)
        remarks = (reason, captions.outside_line(answer))
        lines = tuple(filter(None, remarks)) + area_lines
        title = f"{METHODS[answer.request.method].title}, {layer_title(answer.request.layer)}"
        return Panel(title, picture, captions.colour_bar(answer), lines)

    first = sheet_panel(None) if row.original else None
    return Row(title, (first, *map(sheet_panel, answers)))


def _file(
    service: PageService, title: str, rows: Sequence[PanelRow], titles: Mapping[PanelRow, str],
    answers: Sequence[PanelAnswer], kind: str,
) -> bytes:  # fmt: skip
    sheet = build(service, title, rows, titles, answers)
    data: bytes = _cached_file(_digest(sheet), kind, sheet)
    return data


@st.cache_data(max_entries=8, show_spinner=False)  # type: ignore[untyped-decorator]
def _cached_file(digest: str, kind: str, _sheet: FigureSheet) -> bytes:  # noqa: ARG001 - the key
    return sheet_file(_sheet, kind)


def _digest(sheet: FigureSheet) -> str:
    panels = (panel for row in sheet.rows for panel in row.panels)
    return pictures_sha256(sheet.text(), (panel.picture if panel else None for panel in panels))


def _file_name(rows: Sequence[PanelRow]) -> str:
    """The ids of the cases and the kind of comparison, without an extension."""
    cases = "_".join(dict.fromkeys(row.case_id for row in rows))
    kind = "methods" if rows[0].layer else "figure-3"
    return f"{re.sub(r'[^A-Za-z0-9-]+', '_', cases)[:80]}_{kind}"
