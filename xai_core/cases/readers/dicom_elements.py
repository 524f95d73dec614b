"""Elements of a DICOM header that are missing, empty or malformed, and those in functional groups.

One bad element must not cost the file: :func:`complete_header` puts the standard's default, or the
next best source, in its place and says so.  Clauses are those of DICOM PS3.3.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.valuerep import DSfloat

WINDOW = ("WindowCenter", "WindowWidth")
RESCALE = ("RescaleSlope", "RescaleIntercept")

_FUNCTIONS = ("LINEAR", "LINEAR_EXACT", "SIGMOID")  # C.11.2.1.3

# Title in sentences; the names of PS3.6.
_TITLES = {
    "BitsAllocated": "Bits Allocated",
    "BitsStored": "Bits Stored",
    "HighBit": "High Bit",
    "NumberOfFrames": "Number of Frames",
    "PixelRepresentation": "Pixel Representation",
    "RescaleIntercept": "Rescale Intercept",
    "RescaleSlope": "Rescale Slope",
    "SamplesPerPixel": "Samples per Pixel",
    "VOILUTFunction": "VOI LUT Function",
    "WindowCenter": "Window Center",
    "WindowWidth": "Window Width",
}


# --- Reading of one element -------------------------------------------------------------------


def usable(ds: Dataset, keyword: str) -> Any:
    """The element's value; None where it is absent, empty or cannot be parsed."""
    try:
        value = ds.get(keyword)
        if isinstance(value, str):
            value = value.strip()
        return None if value is None or (hasattr(value, "__len__") and not len(value)) else value
    except Exception:  # pydicom parses an element when it is first accessed
        return None


def text_of(ds: Dataset, keyword: str) -> str:
    """The element's first value as text in capitals, without surrounding blanks; "" if unusable."""
    return "".join(str(v) for v in values_of(ds, keyword)[:1]).strip(" \0").upper()


def values_of(ds: Dataset, keyword: str) -> list[Any]:
    """The element's values, as a list; empty where it is unusable."""
    value = usable(ds, keyword)
    if value is None:
        return []
    many = isinstance(value, Sequence) and not isinstance(value, str | bytes)
    return list(value) if many else [value]


def numbers_of(ds: Dataset, keyword: str) -> list[float | None]:
    """The element's values as finite numbers, None for each that is none; a decimal comma is read
    as a point."""
    return [_number(value) for value in values_of(ds, keyword)]


def whole_number(ds: Dataset, keyword: str) -> int | None:
    """The element's first value as a whole number, or None.  Two bytes, as of a value whose type
    (VR) is wrong, are read as the unsigned number that they hold."""
    value = next(iter(values_of(ds, keyword)), None)
    if isinstance(value, bytes) and len(value) == 2:
        return int.from_bytes(value, "little" if is_little_endian(ds) else "big")
    number = _number(value)
    return int(number) if number is not None and number == int(number) else None


def is_little_endian(ds: Dataset) -> bool:
    """Whether the file's binary values are little-endian; that is also assumed where it does not
    say so."""
    syntax = getattr(getattr(ds, "file_meta", None), "TransferSyntaxUID", None)
    if syntax is None or syntax.is_private or not syntax.is_transfer_syntax:
        return True
    return bool(syntax.is_little_endian)


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        try:
            number = float(str(value).strip(" \0").replace(",", ".", 1))
        except ValueError:
            return None
    return number if math.isfinite(number) else None


# --- Functional groups (C.7.6.16) -------------------------------------------------------------


def groups(ds: Dataset) -> Iterator[Dataset]:
    """The items of the first frame's functional groups, its own before the shared ones."""
    for keyword in ("PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence"):
        for group in values_of(ds, keyword)[:1]:
            if isinstance(group, Dataset):
                for items in _sequences(group):
                    yield from items[:1]


def _sequences(group: Dataset) -> Iterator[list[Dataset]]:
    for tag in list(group.keys()):
        try:
            element = group[tag]
        except Exception:  # noqa: S112  one malformed group must not hide the others
            continue
        if element.VR == "SQ" and element.value:
            yield list(element.value)


def _lift(ds: Dataset) -> None:
    """Copy what an enhanced object keeps in its functional groups to where a plain object has it.
    What the top level says itself stays."""
    voi = (*WINDOW, "VOILUTFunction", "VOILUTSequence")
    if not any(usable(ds, key) is not None for key in (*WINDOW, "VOILUTSequence")):
        _copy(ds, voi, {key: key for key in voi})
    if not any(usable(ds, key) is not None for key in (*RESCALE, "ModalityLUTSequence")):
        _copy(ds, RESCALE, {key: key for key in RESCALE})
    for source, place in (
        ("FrameLaterality", "ImageLaterality"),
        ("ImageLaterality", "ImageLaterality"),
        ("ViewPosition", "ViewPosition"),
        ("ViewCodeSequence", "ViewCodeSequence"),
        ("ImagerPixelSpacing", "ImagerPixelSpacing"),
        ("PixelSpacing", "PixelSpacing"),
        ("PatientOrientation", "PatientOrientation"),
    ):
        if usable(ds, place) is None:
            _copy(ds, (source,), {source: place})


def _copy(ds: Dataset, wanted: tuple[str, ...], places: dict[str, str]) -> None:
    """Copy from the first group that has one of ``wanted``; ``places``: keyword -> where to."""
    for group in groups(ds):
        if any(usable(group, key) is not None for key in wanted):
            for source, place in places.items():
                value = usable(group, source)
                if value is not None:
                    put(ds, place, value)
            return


# --- Completion -------------------------------------------------------------------------------


def put(ds: Dataset, keyword: str, value: Any) -> None:
    """Set an element without parsing what was there before."""
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise KeyError(keyword)
    ds[tag] = DataElement(tag, dictionary_VR(tag).split(" ")[0], value)


def complete_header(ds: Dataset) -> list[str]:
    """Give ``ds`` a usable value in place of each missing or malformed element that has a default
    or another source; returns a sentence for each.  Nothing that is usable is changed."""
    notes: list[str] = []
    _lift(ds)
    _complete_pixel_description(ds, notes)
    _complete_rescale(ds, notes)
    _complete_windows(ds, notes)
    if "VOILUTFunction" in ds and text_of(ds, "VOILUTFunction") not in _FUNCTIONS:
        if usable(ds, "WindowCenter") is not None:
            fault = "cannot be used" if text_of(ds, "VOILUTFunction") else "is empty"
            notes.append(_replaced("VOILUTFunction", fault, "LINEAR, its default,"))
        del ds["VOILUTFunction"]
    return notes


def _replaced(keyword: str, fault: str, instead: str) -> str:
    return f"The file's {_TITLES[keyword]} {fault}; {instead} is used."


def _fault(ds: Dataset, keyword: str) -> str:
    if keyword not in ds:
        return "is missing"
    value = usable(ds, keyword)
    if value is None:
        return "is empty or malformed"
    number = _number(value)  # any other text is not told: it could be anything
    return "cannot be used" if number is None else f"({number:g}) cannot be used"


def _complete_pixel_description(ds: Dataset, notes: list[str]) -> None:
    """The description of the pixels (C.7.6.3); what is outside the allowed values is refused
    later, with its value."""
    photometric = text_of(ds, "PhotometricInterpretation")
    if photometric and usable(ds, "PhotometricInterpretation") != photometric:
        put(ds, "PhotometricInterpretation", photometric)  # in lower case, or one of several
    frames = whole_number(ds, "NumberOfFrames")
    if "NumberOfFrames" in ds and (frames is None or frames < 1):
        if not is_empty(ds, "NumberOfFrames"):  # it is not required of a single picture
            notes.append(_replaced("NumberOfFrames", _fault(ds, "NumberOfFrames"), "1"))
        del ds["NumberOfFrames"]
    for keyword, default in (
        ("SamplesPerPixel", 1),
        ("PixelRepresentation", 0),
        ("NumberOfFrames", 1),
        ("BitsAllocated", None),
        ("BitsStored", None),
    ):
        if keyword == "NumberOfFrames" and keyword not in ds:
            continue
        if whole_number(ds, keyword) is not None:
            if type(usable(ds, keyword)) is bytes or len(values_of(ds, keyword)) > 1:
                put(ds, keyword, whole_number(ds, keyword))
            continue
        value, source = default, ""
        if keyword == "BitsAllocated":
            value = _allocated(ds)
        elif keyword == "BitsStored":
            high, allocated = whole_number(ds, "HighBit"), whole_number(ds, "BitsAllocated")
            value, source = allocated, " (all that are allocated)"
            if high is not None and allocated is not None and 0 <= high < allocated:
                value, source = high + 1, " (from High Bit)"
        if value is None:
            continue
        notes.append(_replaced(keyword, _fault(ds, keyword), f"{value}{source}"))
        put(ds, keyword, value)
    stored, allocated = whole_number(ds, "BitsStored"), whole_number(ds, "BitsAllocated")
    high = whole_number(ds, "HighBit")
    if stored is None or allocated is None or not 1 <= stored <= allocated:
        return
    if high is None or not stored - 1 <= high < allocated:
        if high is not None:
            notes.append(_replaced("HighBit", _fault(ds, "HighBit"), str(stored - 1)))
        put(ds, "HighBit", stored - 1)


def _allocated(ds: Dataset) -> int | None:
    """Bits Allocated from the length of uncompressed pixels, else from Bits Stored."""
    rows, columns = whole_number(ds, "Rows"), whole_number(ds, "Columns")
    data = usable(ds, "PixelData")
    syntax = getattr(getattr(ds, "file_meta", None), "TransferSyntaxUID", None)
    if rows and columns and isinstance(data, bytes) and not getattr(syntax, "is_compressed", True):
        for bits in (16, 8):
            if len(data) >= rows * columns * bits // 8:
                return bits
    stored = whole_number(ds, "BitsStored")
    return None if stored is None else 8 if stored <= 8 else 16


def _complete_rescale(ds: Dataset, notes: list[str]) -> None:
    """The rescale (C.11.1): slope 1 and intercept 0 where one is given and unusable."""
    if not any(keyword in ds for keyword in RESCALE):
        return
    for keyword, default in zip(RESCALE, (1, 0), strict=True):
        number = next(iter(numbers_of(ds, keyword)), None)
        if number is None or (keyword == "RescaleSlope" and number == 0):
            notes.append(_replaced(keyword, _fault(ds, keyword), str(default)))
            put(ds, keyword, DSfloat(default))
        elif type(usable(ds, keyword)) is not DSfloat:  # a decimal comma, or several values
            notes.append(_replaced(keyword, _fault(ds, keyword), f"{number:g}"))
            put(ds, keyword, DSfloat(number, auto_format=True))


def _complete_windows(ds: Dataset, notes: list[str]) -> None:
    """Keep the usable ones of the windows (C.11.2.1.2), the first one first."""
    if not all(keyword in ds for keyword in WINDOW):
        for keyword in WINDOW:
            if keyword in ds:
                if usable(ds, keyword) is not None:
                    other = "WindowWidth" if keyword == "WindowCenter" else "WindowCenter"
                    notes.append(f"The file gives a {_TITLES[keyword]} without {_TITLES[other]}.")
                del ds[keyword]
        return
    if all(usable(ds, keyword) is None and is_empty(ds, keyword) for keyword in WINDOW):
        for keyword in WINDOW:
            del ds[keyword]
        return
    centres, widths = (numbers_of(ds, keyword) for keyword in WINDOW)
    pairs = [
        (centre, width)
        for centre, width in zip(centres, widths, strict=False)
        if centre is not None and width is not None
    ]
    regular = all(
        type(value) is DSfloat for keyword in WINDOW for value in values_of(ds, keyword)
    ) and len(centres) == len(widths) == len(pairs)
    if regular and pairs:
        return
    if not pairs:
        for keyword in WINDOW:  # a width of 0 is no window either, and is told where one is wanted
            put(ds, keyword, DSfloat(0))
        return
    centre, width = pairs[0]
    notes.append(
        f"The file's window is malformed; it is read as centre {centre:g}, width {width:g}."
    )
    for keyword, number in zip(WINDOW, (centre, width), strict=True):
        put(ds, keyword, DSfloat(number, auto_format=True))


def is_empty(ds: Dataset, keyword: str) -> bool:
    """Whether an element that ``ds`` has holds nothing."""
    try:
        element = ds.get_item(keyword)
    except Exception:  # pydicom parses some elements here
        return False
    return element is None or (not element.value and element.value != 0)
