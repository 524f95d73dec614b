"""A figure sheet: rows of panels for print, 180 mm wide at 300 dpi, as a PNG or PDF file.

Each panel has its title, its picture, its colour bar and lines of text; the conventions follow in
small print.  The sheet is drawn with Pillow alone, in the typeface that comes with Pillow, so that
every machine draws the same and equal sheets give equal bytes.
"""

from __future__ import annotations

import io
import time
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from xai_core.viz.colormap import Rgb
from xai_core.viz.panel import strip

# --- text ---

DPI = 300
_SUBSTITUTES = str.maketrans({"×": "x", "−": "-", "–": "-", "—": "-", "‘": "'", "’": "'"})
_BEYOND_ASCII = set("±·…“”")  # characters outside ASCII that the typeface has


def px(mm: float) -> int:
    """A length in millimetres as pixels at print resolution."""
    return round(mm / 25.4 * DPI)


@lru_cache(maxsize=16)
def face(points: float) -> ImageFont.FreeTypeFont:
    """The typeface at a size in points.

    Raises:
        RuntimeError: Pillow was built without FreeType.
    """
    font = ImageFont.load_default(points / 72 * DPI)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise RuntimeError("Pillow has no FreeType here; install the wheel from PyPI.")
    return font


def leading(points: float) -> int:
    """The distance between two lines of text, in pixels."""
    return round(points / 72 * DPI * 1.3)


def printable(text: str) -> str:
    """``text`` in characters that the typeface has; "?" for those without a substitute."""
    characters = unicodedata.normalize("NFKC", " ".join(text.split())).translate(_SUBSTITUTES)
    return "".join(_printable_character(character) for character in characters)


def _printable_character(character: str) -> str:
    if character in _BEYOND_ASCII or (character.isascii() and character.isprintable()):
        return character
    ascii_part = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return ascii_part if ascii_part.isprintable() and ascii_part else "?"


def wrapped(text: str, points: float, width: int) -> list[str]:
    """The text in lines of at most ``width`` pixels; a word longer than a line is broken."""
    font = face(points)
    lines: list[str] = []
    line = ""
    for word in printable(text).split(" "):
        longer = f"{line} {word}".strip()
        if font.getlength(longer) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        while font.getlength(word) > width:
            cut = next(n for n in range(len(word), 0, -1)
                       if n == 1 or font.getlength(word[:n]) <= width)  # fmt: skip
            lines.append(word[:cut])
            word = word[cut:]
        line = word
    return [*lines, line] if line else lines


# --- layout ---

WIDTH = px(180)
_MARGIN, _GAP, _BAR = px(3), px(2.5), px(1.6)
_PAPER, _INK, _QUIET = (255, 255, 255), (20, 24, 28), (75, 82, 90)
# Font sizes in points: sheet title, row label, panel title, lines under a panel, small print.
_HEAD, _ROW, _TITLE, _FIGURE, _SMALL = 10.0, 8.0, 7.0, 6.5, 6.0


@dataclass(frozen=True)
class Bar:
    """A colour bar from 0 (left) to ``most`` (right); ``words``: the quantity it shows."""

    most: float
    words: str

    def ends(self) -> tuple[str, str]:
        """The labels of its two ends."""
        return "0", f"{self.most:.3g}"


@dataclass(frozen=True, eq=False)
class Panel:
    """``picture``: uint8 (h, w, 3), w the :func:`cell_width`.  ``lines``: the text under it."""

    title: str
    picture: Rgb
    bar: Bar | None = None
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Row:
    """Panels from left to right under a label; None leaves a cell empty."""

    label: str
    panels: tuple[Panel | None, ...]


@dataclass(frozen=True, eq=False)
class FigureSheet:
    """``notes``: paragraphs of small print; the last one is set larger."""

    title: str
    rows: tuple[Row, ...]
    notes: tuple[str, ...]

    def text(self) -> str:
        """All text of the sheet, line by line; the files hold it in their metadata."""
        lines = [self.title]
        for row in self.rows:
            lines.append(row.label)
            for panel in filter(None, row.panels):
                bar = [f"{' to '.join(panel.bar.ends())}, {panel.bar.words}"] if panel.bar else []
                lines.append(": ".join([panel.title, "; ".join([*bar, *panel.lines])]))
        return "\n".join(printable(line) for line in (*lines, *self.notes))


def cell_width(columns: int) -> int:
    """The width in pixels of a panel in a row of ``columns`` panels."""
    return (WIDTH - 2 * _MARGIN - (columns - 1) * _GAP) // columns


def draw_sheet(sheet: FigureSheet) -> Image.Image:
    """The sheet as an RGB picture, ``WIDTH`` px wide and as high as it needs.

    Raises:
        ValueError: a panel's picture is not as wide as its cell.
    """
    layout = _Layout()
    layout.paragraph(sheet.title, _HEAD, _INK)
    for row in sheet.rows:
        layout.y += _GAP
        layout.paragraph(row.label, _ROW, _INK)
        layout.row(row)
    layout.y += _GAP
    for note in sheet.notes:
        last = note is sheet.notes[-1]
        layout.y += leading(_SMALL) // 4
        layout.paragraph(note, _TITLE if last else _SMALL, _INK if last else _QUIET)
    return layout.draw()


class _Layout:
    """Collects drawing operations from top to bottom; the height is known only at the end.

    ``y``: where the next element starts, px.
    """

    def __init__(self) -> None:
        self.y = _MARGIN
        self._operations: list[Callable[[Image.Image, ImageDraw.ImageDraw], None]] = []

    def paragraph(self, text: str, points: float, ink: tuple[int, int, int]) -> None:
        """Add text across the whole width."""
        lines = wrapped(text, points, WIDTH - 2 * _MARGIN)
        self.y = self._lines(lines, _MARGIN, self.y, points, ink)

    def row(self, row: Row) -> None:
        """Add panels side by side."""
        width = cell_width(len(row.panels))
        titles = [wrapped(p.title, _TITLE, width) if p else [] for p in row.panels]
        top = self.y + leading(_TITLE) * max(map(len, titles))
        bottom = top
        for column, (panel, title) in enumerate(zip(row.panels, titles, strict=True)):
            if panel is not None:
                x = _MARGIN + column * (width + _GAP)
                self._lines(title, x, self.y, _TITLE, _INK)
                bottom = max(bottom, self._panel(panel, x, top, width))
        self.y = bottom

    def _panel(self, panel: Panel, x: int, y: int, width: int) -> int:
        if panel.picture.shape[1] != width:
            raise ValueError(f"a picture is {panel.picture.shape[1]} px wide, its cell {width}")
        self._picture(panel.picture, x, y)
        y += panel.picture.shape[0] + _BAR // 2
        if panel.bar is not None:
            low, high = panel.bar.ends()
            self._picture(strip(width, _BAR), x, y)
            y += _BAR
            high_x = x + width - round(face(_FIGURE).getlength(high))
            self._lines([low], x, y, _FIGURE, _INK)
            y = self._lines([high], high_x, y, _FIGURE, _INK)
            y = self._lines(wrapped(panel.bar.words, _SMALL, width), x, y, _SMALL, _QUIET)
        for line in panel.lines:
            y = self._lines(wrapped(line, _FIGURE, width), x, y, _FIGURE, _INK)
        return y

    def _picture(self, picture: Rgb, x: int, y: int) -> None:
        self._operations.append(lambda image, _: image.paste(Image.fromarray(picture), (x, y)))

    def _lines(
        self, lines: list[str], x: int, y: int, points: float, ink: tuple[int, int, int]
    ) -> int:
        for line in lines:
            at = (x, y)
            self._operations.append(
                lambda _, pen, line=line, at=at: pen.text(at, line, ink, face(points))  # type: ignore[misc]
            )
            y += leading(points)
        return y

    def draw(self) -> Image.Image:
        """The picture with all elements, cut off below the last one."""
        image = Image.new("RGB", (WIDTH, self.y + _MARGIN), _PAPER)
        pen = ImageDraw.Draw(image)
        for operation in self._operations:
            operation(image, pen)
        return image


# --- files ---

KINDS = {"png": "image/png", "pdf": "application/pdf"}
"""The media types of the kinds of file."""
# A fixed date: with the real one, two equal sheets would give different files.
_DATE = time.struct_time((2000, 1, 1, 0, 0, 0, 5, 1, 0))


def sheet_file(sheet: FigureSheet, kind: str) -> bytes:
    """The bytes of a sheet's file; its metadata hold the sheet's text.

    Raises:
        ValueError: ``kind`` is not in :data:`KINDS`, or see :func:`draw_sheet`.
    """
    if kind not in KINDS:
        raise ValueError(f"a figure sheet is a file of kind {', '.join(KINDS)}, not {kind!r}")
    stream = io.BytesIO()
    _SAVE[kind](draw_sheet(sheet), sheet, stream)
    return stream.getvalue()


def _png(picture: Image.Image, sheet: FigureSheet, stream: io.BytesIO) -> None:
    metadata = PngInfo()
    metadata.add_itxt("Title", printable(sheet.title))
    metadata.add_itxt("Description", sheet.text())
    picture.save(stream, "PNG", dpi=(DPI, DPI), pnginfo=metadata)


def _pdf(picture: Image.Image, sheet: FigureSheet, stream: io.BytesIO) -> None:
    picture.save(
        stream, "PDF", resolution=float(DPI), title=printable(sheet.title), subject=sheet.text(),
        creationDate=_DATE, modDate=_DATE,
        quality=95, subsampling=0,  # Pillow puts pictures into a PDF as JPEG: keep letters sharp
    )  # fmt: skip


_SAVE = {"png": _png, "pdf": _pdf}
