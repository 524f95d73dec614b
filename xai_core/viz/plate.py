"""A page of panels for print, drawn with Pillow alone: 180 mm wide at 300 dpi.

Rows of panels, each with its title, its picture, its colour bar and what was measured of it; under
them the conventions in small print.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image, ImageDraw

from xai_core.viz.colormap import Rgb
from xai_core.viz.lettering import face, leading, printable, px, wrapped
from xai_core.viz.panel import strip

WIDTH = px(180)
_MARGIN, _GAP, _BAR = px(3), px(2.5), px(1.6)
_PAPER, _INK, _QUIET = (255, 255, 255), (20, 24, 28), (75, 82, 90)
_HEAD, _ROW, _TITLE, _FIGURE, _SMALL = 10.0, 8.0, 7.0, 6.5, 6.0  # points


@dataclass(frozen=True)
class Bar:
    """A colour bar: 0 at the left, ``most`` at the right; ``words`` name what it counts."""

    most: float
    words: str

    def ends(self) -> tuple[str, str]:
        """What stands at its two ends."""
        return "0", f"{self.most:.3g}"


@dataclass(frozen=True, eq=False)
class Panel:
    """``picture``: uint8 (h, w, 3), w the cell's width.  ``lines``: what stands under it."""

    title: str
    picture: Rgb
    bar: Bar | None = None
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Row:
    """Panels from left to right under a label; None leaves a place empty."""

    label: str
    panels: tuple[Panel | None, ...]


@dataclass(frozen=True, eq=False)
class Plate:
    """A page: ``notes`` are its small print, a paragraph each; the last one is set larger."""

    title: str
    rows: tuple[Row, ...]
    notes: tuple[str, ...]

    def text(self) -> str:
        """Everything that is written on it, a line each; what the files carry as text."""
        lines = [self.title]
        for row in self.rows:
            lines.append(row.label)
            for panel in filter(None, row.panels):
                bar = [f"{' to '.join(panel.bar.ends())}, {panel.bar.words}"] if panel.bar else []
                lines.append(": ".join([panel.title, "; ".join([*bar, *panel.lines])]))
        return "\n".join(printable(line) for line in (*lines, *self.notes))


def cell_width(columns: int) -> int:
    """The width in pixels of one of so many panels beside one another."""
    return (WIDTH - 2 * _MARGIN - (columns - 1) * _GAP) // columns


def draw(plate: Plate) -> Image.Image:
    """The page as a picture, RGB, ``WIDTH`` px wide and as high as it needs.

    Raises:
        ValueError: a panel's picture is not as wide as its cell.
    """
    sheet = _Sheet()
    sheet.paragraph(plate.title, _HEAD, _INK)
    for row in plate.rows:
        sheet.y += _GAP
        sheet.paragraph(row.label, _ROW, _INK)
        sheet.row(row)
    sheet.y += _GAP
    for note in plate.notes:
        last = note is plate.notes[-1]
        sheet.y += leading(_SMALL) // 4
        sheet.paragraph(note, _TITLE if last else _SMALL, _INK if last else _QUIET)
    return sheet.done()


class _Sheet:
    """What will be drawn where; the height is known only at the end."""

    def __init__(self) -> None:
        self.y = _MARGIN
        self._marks: list[Callable[[Image.Image, ImageDraw.ImageDraw], None]] = []

    def paragraph(self, text: str, points: float, ink: tuple[int, int, int]) -> None:
        """Write across the page and go below."""
        lines = wrapped(text, points, WIDTH - 2 * _MARGIN)
        self.y = self._lines(lines, _MARGIN, self.y, points, ink)

    def row(self, row: Row) -> None:
        """Draw panels side by side and go below the lowest."""
        width = cell_width(len(row.panels))
        titles = [wrapped(p.title, _TITLE, width) if p else [] for p in row.panels]
        top = self.y + leading(_TITLE) * max(map(len, titles))
        lowest = top
        for place, (panel, title) in enumerate(zip(row.panels, titles, strict=True)):
            if panel is not None:
                x = _MARGIN + place * (width + _GAP)
                self._lines(title, x, self.y, _TITLE, _INK)
                lowest = max(lowest, self._panel(panel, x, top, width))
        self.y = lowest

    def _panel(self, panel: Panel, x: int, y: int, width: int) -> int:
        if panel.picture.shape[1] != width:
            raise ValueError(f"a picture is {panel.picture.shape[1]} px wide, its cell {width}")
        self._picture(panel.picture, x, y)
        y += panel.picture.shape[0] + _BAR // 2
        if panel.bar is not None:
            low, most = panel.bar.ends()
            self._picture(strip(width, _BAR), x, y)
            y += _BAR
            right = x + width - round(face(_FIGURE).getlength(most))
            self._lines([low], x, y, _FIGURE, _INK)
            y = self._lines([most], right, y, _FIGURE, _INK)
            y = self._lines(wrapped(panel.bar.words, _SMALL, width), x, y, _SMALL, _QUIET)
        for line in panel.lines:
            y = self._lines(wrapped(line, _FIGURE, width), x, y, _FIGURE, _INK)
        return y

    def _picture(self, picture: Rgb, x: int, y: int) -> None:
        self._marks.append(lambda sheet, _: sheet.paste(Image.fromarray(picture), (x, y)))

    def _lines(
        self, lines: list[str], x: int, y: int, points: float, ink: tuple[int, int, int]
    ) -> int:
        for line in lines:
            at = (x, y)
            self._marks.append(
                lambda _, pen, line=line, at=at: pen.text(at, line, ink, face(points))  # type: ignore[misc]
            )
            y += leading(points)
        return y

    def done(self) -> Image.Image:
        """The sheet, cut off below what is on it."""
        sheet = Image.new("RGB", (WIDTH, self.y + _MARGIN), _PAPER)
        pen = ImageDraw.Draw(sheet)
        for mark in self._marks:
            mark(sheet, pen)
        return sheet
