"""JPEG files without their end marker: whether the picture is complete all the same.

Marker codes and scan parameters are those of ITU-T T.81.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

_END = b"\xff\xd9"
_PROGRESSIVE = (0xC2, 0xC6, 0xCA, 0xCE)
_FRAMES = (0xC0, 0xC1, *_PROGRESSIVE)
_SCAN = 0xDA
_ALONE = (0x01, *range(0xD0, 0xD9))  # markers without a length


def has_end_marker(data: bytes) -> bool:
    """Whether a JPEG file's bytes end with the end marker, zeros after it ignored."""
    return data.rstrip(b"\0").endswith(_END)


def with_end_marker(content: Path | bytes) -> bytes | None:
    """The file with an end marker; None where it has one, or where a part of the picture is
    missing.

    A decoder fills what is missing with grey and does not tell.  So the file is decoded twice: with
    the end marker, and with noise before it.  A decoder that is short of data takes the noise for
    data, and the two pictures differ.
    """
    data = content if isinstance(content, bytes) else content.read_bytes()
    if has_end_marker(data):
        return None
    data = data.rstrip(b"\0").rstrip(b"\xff")
    if not _all_scans_begun(data):
        return None
    noise = np.random.default_rng(0).integers(1, 255, 2048, dtype=np.uint8).tobytes()
    restarts = b"".join(bytes((0xFF, 0xD0 + n)) + noise for n in range(8))
    try:
        plain, noisy = (_pixels(data + more + _END) for more in (b"", noise + restarts))
    except Exception:  # decoders can raise any exception on damaged bytes
        return None
    return data + _END if np.array_equal(plain, noisy) else None


def _pixels(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
        return np.asarray(image)


def _all_scans_begun(data: bytes) -> bool:
    """Whether no scan of a progressive picture is missing as a whole: every coefficient of every
    component must have been sent to its last bit.  Other pictures are complete with one scan."""
    components: set[int] = set()
    last_bit: dict[tuple[int, int], int] = {}
    for marker, body in _segments(data):
        if marker in _FRAMES:
            components = set(body[6::3])
            if marker not in _PROGRESSIVE:
                last_bit = {}
                return True
        elif marker == _SCAN and body:
            count = body[0]
            if len(body) < 2 * count + 4:
                return False
            start, end, bits = body[2 * count + 1 : 2 * count + 4]
            for component in body[1 : 2 * count + 1 : 2]:
                for coefficient in range(start, min(end, 63) + 1):
                    last_bit[component, coefficient] = bits & 15
    return bool(components) and all(
        last_bit.get((component, coefficient)) == 0
        for component in components
        for coefficient in range(64)
    )


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Marker code and content of each segment; the data of a scan are passed over."""
    place = 2
    while (place := data.find(b"\xff", place)) >= 0 and place + 4 <= len(data):
        marker = data[place + 1]
        if marker in (0x00, 0xFF) or marker in _ALONE:
            place += 1 if marker == 0xFF else 2
            continue
        length = int.from_bytes(data[place + 2 : place + 4], "big")
        yield marker, data[place + 4 : place + 2 + length]
        place += 2 + length
