"""Change one element of a DICOM file in its bytes: pydicom refuses to write what is malformed."""

from __future__ import annotations

import struct

from pydicom.datadict import dictionary_VR, tag_for_keyword

_LONG = (b"OB", b"OW", b"SQ", b"UN", b"UT")  # two reserved bytes and a length of four: PS3.5 7.1.2


def element(keyword: str, value: bytes, vr: bytes | None = None) -> bytes:
    """An element in Explicit VR Little Endian."""
    tag = tag_for_keyword(keyword)
    assert tag is not None
    vr = vr or dictionary_VR(tag).split(" ")[0].encode()
    length = struct.pack("<HI", 0, len(value)) if vr in _LONG else struct.pack("<H", len(value))
    return struct.pack("<HH", tag >> 16, tag & 0xFFFF) + vr + length + value


def with_element(data: bytes, keyword: str, value: bytes | None, vr: bytes | None = None) -> bytes:
    """A file in Explicit VR Little Endian with the element replaced, added at its place, or (None)
    removed.  Sequences of defined length are passed over as a whole."""
    wanted = tag_for_keyword(keyword)
    assert wanted is not None
    new = b"" if value is None else element(keyword, value, vr)
    place = 132
    while place < len(data):
        group, number = struct.unpack_from("<HH", data, place)
        if data[place + 4 : place + 6] in _LONG:
            head, (length,) = 12, struct.unpack_from("<I", data, place + 8)
        else:
            head, (length,) = 8, struct.unpack_from("<H", data, place + 6)
        tag = group << 16 | number
        if group != 2 and tag >= wanted:
            end = place + head + length if tag == wanted else place
            return data[:place] + new + data[end:]
        place += head + length
    raise AssertionError(f"there is no place for {keyword}")
