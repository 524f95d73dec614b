"""A sheet of panels for print: lettering, layout, PNG and PDF.

Type for printed pictures: one face that comes with Pillow, so every machine draws the same.

A page of panels for print, drawn with Pillow alone: 180 mm wide at 300 dpi.

Rows of panels, each with its title, its picture, its colour bar and what was measured of it; under
them the conventions in small print.

A plate as a file: PNG or PDF, at print resolution, the same bytes for the same plate."""

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

DPI = 300
_ALIKE = str.maketrans({"×": "x", "−": "-", "–": "-", "—": "-", "‘": "'", "’": "'"})
_MORE = set("±·…“”")  # what the face has beyond ASCII, and these pages use


def px(mm: float) -> int:
    """Pixels of a length in millimetres at print resolution."""
    return round(mm / 25.4 * DPI)


@lru_cache(maxsize=16)
def face(points: float) -> ImageFont.FreeTypeFont:
    """The type at a size in points.

    Raises:
        RuntimeError: Pillow was built without FreeType.
    """
    found = ImageFont.load_default(points / 72 * DPI)
    if not isinstance(found, ImageFont.FreeTypeFont):
        raise RuntimeError("Pillow has no FreeType here; install the wheel from PyPI.")
    return found


def leading(points: float) -> int:
    """From one line to the next, in pixels."""
    return round(points / 72 * DPI * 1.3)


def printable(text: str) -> str:
    """The text in letters the face has; a letter it has nothing like becomes "?"."""
    letters = unicodedata.normalize("NFKC", " ".join(text.split())).translate(_ALIKE)
    return "".join(_letter(one) for one in letters)


def _letter(one: str) -> str:
    if one in _MORE or (one.isascii() and one.isprintable()):
        return one
    plain = unicodedata.normalize("NFKD", one).encode("ascii", "ignore").decode()
    return plain if plain.isprintable() and plain else "?"


def wrapped(text: str, points: float, width: int) -> list[str]:
    """The text in lines of at most ``width`` pixels; a word longer than a line is broken."""
    type_ = face(points)
    lines: list[str] = []
    line = ""
    for word in printable(text).split(" "):
        longer = f"{line} {word}".strip()
        if type_.getlength(longer) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        while type_.getlength(word) > width:
            cut = next(n for n in range(len(word), 0, -1)
                       if n == 1 or type_.getlength(word[:n]) <= width)  # fmt: skip
            lines.append(word[:cut])
            word = word[cut:]
        line = word
    return [*lines, line] if line else lines


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
class FigureSheet:
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


def draw_sheet(plate: FigureSheet) -> Image.Image:
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


KINDS = {"png": "image/png", "pdf": "application/pdf"}
"""The kinds of file, and how browsers call them."""
# A file's date would make two equal plates differ: every one has the same.
_WHEN = time.struct_time((2000, 1, 1, 0, 0, 0, 5, 1, 0))


def sheet_file(plate: FigureSheet, kind: str) -> bytes:
    """The bytes of a file of a plate; its text is in the file's properties too.

    Raises:
        ValueError: a kind other than those of :data:`KINDS`, or see :func:`plate.draw_sheet`.
    """
    if kind not in KINDS:
        raise ValueError(f"a plate is a file of kind {', '.join(KINDS)}, not {kind!r}")
    stream = io.BytesIO()
    _SAVE[kind](draw_sheet(plate), plate, stream)
    return stream.getvalue()


def _png(picture: Image.Image, plate: FigureSheet, stream: io.BytesIO) -> None:
    words = PngInfo()
    words.add_itxt("Title", printable(plate.title))
    words.add_itxt("Description", plate.text())
    picture.save(stream, "PNG", dpi=(DPI, DPI), pnginfo=words)


def _pdf(picture: Image.Image, plate: FigureSheet, stream: io.BytesIO) -> None:
    picture.save(
        stream, "PDF", resolution=float(DPI), title=printable(plate.title), probe=plate.text(),
        creationDate=_WHEN, modDate=_WHEN,
        quality=95, subsampling=0,  # Pillow puts pictures into a PDF as JPEG: keep letters sharp
    )  # fmt: skip


_SAVE = {"png": _png, "pdf": _pdf}
