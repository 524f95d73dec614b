"""The figure sheet: size, bytes, text and colour bars; and the picture of a panel."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from tests.conftest import make_case
from xai_core.preprocessing.letterbox import fit
from xai_core.viz import figure_sheet
from xai_core.viz.colormap import TABLE, Rgb
from xai_core.viz.figure_sheet import (
    WIDTH,
    Bar,
    FigureSheet,
    Panel,
    Row,
    cell_width,
    draw_sheet,
    sheet_file,
)
from xai_core.viz.panel import OPACITY, height_for, on_strip, panel, strip
from xai_core.viz.pictures import overlay

SENTENCE = "For education only, not a medical device."


def picture(columns: int = 4, level: int = 90) -> Rgb:
    return np.full((200, cell_width(columns), 3), level, np.uint8)


def figure_sheet_with(**fields: object) -> FigureSheet:
    bar = Bar(0.012345, "malignant class score")
    map_panel = Panel("Grad-CAM", picture(), bar, ("AUC 0.5 ± 0.1",))
    rows = (Row("Row", (Panel("Original", picture()), map_panel, None, map_panel)),)
    default: dict[str, object] = {"title": "Title", "rows": rows, "notes": ("Weights ab", SENTENCE)}
    return FigureSheet(**{**default, **fields})  # type: ignore[arg-type]


def test_the_png_is_180_mm_wide_at_300_dpi_and_carries_its_text() -> None:
    with Image.open(io.BytesIO(sheet_file(figure_sheet_with(), "png"))) as read:
        assert read.width == WIDTH == 2126
        assert read.info["dpi"] == pytest.approx((300, 300), abs=0.1)
        assert read.info["Title"] == "Title"
        assert read.info["Description"] == figure_sheet_with().text()
    assert abs(WIDTH / 300 * 25.4 - 180) < 0.05


def test_the_pdf_is_one_page_of_the_same_size_and_text() -> None:
    made = sheet_file(figure_sheet_with(), "pdf")
    assert made.startswith(b"%PDF-")
    assert made.count(b"/Type /Page\n") == 1
    width = float(made.split(b"/MediaBox [ 0 0 ")[1].split()[0])
    assert width / 72 * 25.4 == pytest.approx(180, abs=0.05)
    assert "Title".encode("utf-16-be") in made
    assert SENTENCE.encode("utf-16-be") in made


@pytest.mark.parametrize("kind", ["png", "pdf"])
def test_equal_sheets_give_equal_bytes(kind: str) -> None:
    assert sheet_file(figure_sheet_with(), kind) == sheet_file(figure_sheet_with(), kind)
    assert sheet_file(figure_sheet_with(), kind) != sheet_file(
        figure_sheet_with(notes=("Weights ac", SENTENCE)), kind
    )


def test_another_kind_of_file_is_refused() -> None:
    with pytest.raises(ValueError, match="png, pdf"):
        sheet_file(figure_sheet_with(), "svg")


def test_the_text_holds_everything_written_on_the_sheet() -> None:
    text = figure_sheet_with().text()
    assert "0 to 0.0123, malignant class score; AUC 0.5 ± 0.1" in text
    assert text.splitlines()[0] == "Title"
    assert text.endswith(SENTENCE)


def test_pictures_are_in_their_cells_and_the_bar_is_under_its_picture() -> None:
    sheet = np.asarray(draw_sheet(figure_sheet_with()))
    is_picture = (sheet == 90).all(-1)
    assert is_picture.sum() == 3 * 200 * cell_width(4)  # the empty cell stays empty
    lowest = np.flatnonzero(is_picture.any(1))[-1]
    second = np.flatnonzero(is_picture[lowest])[cell_width(4)]  # left edge of the second panel
    below = sheet[lowest + 1 : lowest + 40, second : second + cell_width(4)].astype(int)
    row = next(r for r in below if (r[-1] == TABLE[255]).all())
    assert (row[0] == TABLE[0]).all()
    np.testing.assert_array_equal(row, strip(cell_width(4), 1)[0])


def test_a_longer_note_makes_a_higher_sheet_and_stays_within_the_margin() -> None:
    long = draw_sheet(figure_sheet_with(notes=("word " * 400, SENTENCE)))
    assert long.height > draw_sheet(figure_sheet_with()).height
    assert (np.asarray(long)[:, -20:] == 255).all()
    unbroken = draw_sheet(figure_sheet_with(notes=("x" * 900, SENTENCE)))
    assert (np.asarray(unbroken)[:, -20:] == 255).all()


def test_a_picture_of_another_width_is_refused() -> None:
    with pytest.raises(ValueError, match="px wide"):
        draw_sheet(
            figure_sheet_with(rows=(Row("Row", (Panel("A", picture(3)), None, None, None)),))
        )


def test_characters_that_the_typeface_lacks_are_replaced() -> None:
    assert figure_sheet.printable("24 × 24, café – ±1 · 漢") == "24 x 24, cafe - ±1 · ?"


@pytest.mark.parametrize("most", [0.0, 1e-7, 0.25, 12345.6])
def test_a_bar_is_labelled_from_0_to_the_maximum(most: float) -> None:
    low, high = Bar(most, "logit").ends()
    assert low == "0"
    assert float(high) == pytest.approx(most, rel=0.01)


def test_a_panel_shows_the_map_within_the_networks_crop() -> None:
    case = make_case()
    geometry = fit(case.image, 96)
    h, w = case.image.shape
    box, size = (0, 0, w, h), (w, h)
    heat = np.random.default_rng(0).random((96, 96)).astype(np.float32)
    expected = overlay(case.image, geometry.map_to_case(heat, (h, w)), OPACITY)
    got = panel(case.image, geometry, heat, box, size)
    assert np.abs(got.astype(int) - expected).max() <= 1
    alone = panel(case.image, geometry, None, box, size)
    np.testing.assert_array_equal(alone[..., 0], alone[..., 2])


def test_a_panel_keeps_the_aspect_ratio_within_its_size() -> None:
    case = make_case()
    geometry = fit(case.image, 96)
    flat = np.ones_like(case.image)
    shown = panel(flat, geometry, None, (0, 0, 90, 120), (300, 200))
    assert shown.shape == (200, 300, 3)
    lit = (shown > 0).all(-1)
    assert lit.any(1).all()
    assert np.flatnonzero(lit.any(0)).tolist() == list(range(75, 225))
    assert height_for((0, 0, 90, 120), 300) == 400
    assert height_for((0, 0, 10, 1000), 300) == 480
    assert on_strip(shown, 8, 14).shape == (222, 300, 3)
