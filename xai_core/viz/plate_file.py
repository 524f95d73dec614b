"""A plate as a file: PNG or PDF, at print resolution, the same bytes for the same plate."""

from __future__ import annotations

import io
import time

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from xai_core.viz.lettering import DPI, printable
from xai_core.viz.plate import Plate, draw

KINDS = {"png": "image/png", "pdf": "application/pdf"}
"""The kinds of file, and how browsers call them."""
# A file's date would make two equal plates differ: every one has the same.
_WHEN = time.struct_time((2000, 1, 1, 0, 0, 0, 5, 1, 0))


def plate_file(plate: Plate, kind: str) -> bytes:
    """The bytes of a file of a plate; its text is in the file's properties too.

    Raises:
        ValueError: a kind other than those of :data:`KINDS`, or see :func:`plate.draw`.
    """
    if kind not in KINDS:
        raise ValueError(f"a plate is a file of kind {', '.join(KINDS)}, not {kind!r}")
    stream = io.BytesIO()
    _SAVE[kind](draw(plate), plate, stream)
    return stream.getvalue()


def _png(picture: Image.Image, plate: Plate, stream: io.BytesIO) -> None:
    words = PngInfo()
    words.add_itxt("Title", printable(plate.title))
    words.add_itxt("Description", plate.text())
    picture.save(stream, "PNG", dpi=(DPI, DPI), pnginfo=words)


def _pdf(picture: Image.Image, plate: Plate, stream: io.BytesIO) -> None:
    picture.save(
        stream, "PDF", resolution=float(DPI), title=printable(plate.title), subject=plate.text(),
        creationDate=_WHEN, modDate=_WHEN,
        quality=95, subsampling=0,  # Pillow puts pictures into a PDF as JPEG: keep letters sharp
    )  # fmt: skip


_SAVE = {"png": _png, "pdf": _pdf}
