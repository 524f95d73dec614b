"""Type for printed pictures: one face that comes with Pillow, so every machine draws the same."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from PIL import ImageFont

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
