"""Lookup tables of DICOM: modality LUT and VOI LUT (PS3.3 C.11.1 and C.11.2).

pydicom's own helpers trust the LUT Descriptor; files in use disagree with theirs, so the number of
bits, the packing and the sign are taken from the data and the pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from xai_core.cases.readers.dicom_elements import is_little_endian, values_of


class UnusableTable(Exception):
    """A table cannot be used; the text says why, as the end of a sentence ("it is empty")."""


@dataclass(frozen=True, eq=False)
class Table:
    """``entries``: uint16 (n,), 2 <= n <= 65536, not all equal.  ``first``: the 16 bits of the
    first value mapped, its sign not yet known.  ``bits``: the entries span 0 to ``2**bits - 1``.
    ``claimed_bits``: the bits that the LUT Descriptor claims."""

    entries: NDArray[np.uint16]
    first: int
    bits: int
    claimed_bits: int

    def apply(
        self, values: NDArray[Any], present: NDArray[Any], *, signed: bool
    ) -> NDArray[np.uint16]:
        """The entries for ``values``; those below the first value mapped get the first entry,
        those above the last mapped the last (C.11.1.1, C.11.2.1.1).

        ``present``: the values that the picture has.  ``signed``: whether the pixels, or the values
        that a rescale makes of them, have a sign; then the first value mapped has one, too.
        """
        # Limited before the conversion: a rescale can give values beyond any whole number.
        limited = np.clip(np.rint(values), -(2.0**40), 2.0**40).astype(np.int64)
        position = limited - self._first_mapped(present, signed)
        found: NDArray[np.uint16] = self.entries[np.clip(position, 0, len(self.entries) - 1)]
        return found

    def _first_mapped(self, present: NDArray[Any], signed: bool) -> int:
        """The first value mapped with the pixels' sign; with the other one where only that lets the
        table meet the values at all."""
        wrapped = self.first - 2**16 if self.first >= 2**15 else self.first
        expected, other = (wrapped, self.first) if signed else (self.first, wrapped)
        low, high = float(present.min()), float(present.max())

        def meets(first: int) -> bool:
            return first <= high and first + len(self.entries) - 1 >= low

        return expected if meets(expected) or not meets(other) else other


def read_table(item: Dataset, ds: Dataset) -> Table:
    """The table of an item of Modality LUT Sequence or VOI LUT Sequence of ``ds``.

    Two 8-bit entries in a word are taken apart.  The number of bits is the descriptor's unless the
    entries exceed it or leave its upper two bits unused: then it is that of the largest entry.

    Raises:
        UnusableTable: descriptor or data are missing or malformed, the data are shorter than the
            descriptor says, or all entries are equal.
    """
    little = is_little_endian(ds)
    descriptor = _words(item, "LUTDescriptor", little)
    if len(descriptor) != 3:
        raise UnusableTable("its descriptor is missing or malformed")
    count, first, claimed_bits = (int(v) for v in descriptor)
    count = count or 2**16
    words = _words(item, "LUTData", little)
    if not len(words):
        raise UnusableTable("it is empty")
    if claimed_bits <= 8 and len(words) == (count + 1) // 2 and len(words) < count:
        words = words.astype("<u2").view(np.uint8).astype(np.uint16)
    if len(words) < count:
        raise UnusableTable(f"it has {len(words)} of {count} entries")
    entries = words[:count]
    if entries.min() == entries.max():
        raise UnusableTable("all its entries are equal")
    needed = int(entries.max()).bit_length()
    trusted = needed <= claimed_bits <= needed + 1 and claimed_bits <= 16
    return Table(entries, first, claimed_bits if trusted else needed, claimed_bits)


def _words(item: Dataset, keyword: str, little: bool) -> NDArray[np.uint16]:
    """The element's 16-bit words, whatever its value representation; empty where unusable."""
    values = values_of(item, keyword)
    if len(values) == 1 and isinstance(values[0], bytes | bytearray):
        data = bytes(values[0])
        data = data + b"\0" if len(data) % 2 else data
        return np.frombuffer(data, "<u2" if little else ">u2").astype(np.uint16)
    try:
        return np.array([int(v) & 0xFFFF for v in values], dtype=np.uint16)
    except (TypeError, ValueError, OverflowError):
        return np.zeros(0, dtype=np.uint16)
