"""How large and how small a picture may be: one rule for every kind of file."""

from __future__ import annotations

from xai_core.errors import UnreadableImage

MIN_SIDE = 32  # px; the classifier has nothing to look at below this
MAX_SIDE = 20_000  # px
MAX_PIXELS = 100_000_000  # a mammogram has 5 to 30 million
MAX_ASPECT = 10  # long side to short side; a breast has 2 to 3
MAX_FILE_BYTES = 512 * 2**20

ALLOWED_SIZE = (
    f"allowed are {MIN_SIDE} to {MAX_SIDE:,} px on each side, at most "
    f"{MAX_PIXELS // 1_000_000} megapixels, and at most {MAX_ASPECT}:1 in shape"
)


def check_size(name: str, height: int, width: int) -> None:
    """Refuse a picture by the size its header states, before any pixel is decoded.

    ``name`` is what the user calls the file, without folders; ``height`` and ``width`` in pixels.

    Raises:
        UnreadableImage: a side, the area or the shape is outside the limits above.
    """
    short, long = sorted((height, width))
    if (
        short < MIN_SIDE
        or long > MAX_SIDE
        or height * width > MAX_PIXELS
        or long > MAX_ASPECT * short
    ):
        raise UnreadableImage(f"{name} is {width} x {height} px (width x height); {ALLOWED_SIZE}.")


def check_file_size(name: str, size: int) -> None:
    """Refuse a file of ``size`` bytes that is empty or larger than any mammogram.

    Raises:
        UnreadableImage: no bytes, or more than :data:`MAX_FILE_BYTES`.
    """
    if size == 0:
        raise UnreadableImage(f"{name} is empty (0 bytes); copy or export it again.")
    if size > MAX_FILE_BYTES:
        raise UnreadableImage(
            f"{name} has {size / 2**20:,.0f} MiB; at most {MAX_FILE_BYTES // 2**20} MiB are read."
        )
