"""Files full of identifiers: random texts planted wherever a DICOM or picture file can hold one.

Each text ("canary") is unlike any other and unlike anything the project writes, so that finding
one anywhere else proves that a part of the file came through.  All but the short ones begin with a
mark, so that a canary that was cut short is found, too.
"""

from __future__ import annotations

import base64
import io
import random
import re
import string
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import quote

from PIL import Image, TiffImagePlugin
from PIL.PngImagePlugin import PngInfo
from pydicom import config
from pydicom.datadict import DicomDictionary
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag

from tests.cases.builders import dicom_bytes, mammogram, noise

MARK, DIGITS = "ZQXJKVWH", "739041826"
TEXT_VRS = (
    "AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UR",
    "UT", "OB", "UN",
)  # fmt: skip
"""Value representations (PS3.5 section 6.2) that hold text, or bytes of any kind."""

# --- Canaries ---------------------------------------------------------------------------------


class Canaries:
    """Gives canaries, each once.  ``given``: all of them.  ``short``: those without a mark, since
    their VR allows none: ages, dates and times."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.given: list[str] = []
        self.short: list[str] = []

    def _new(self, head: str, alphabet: str, length: int, tail: str = "") -> str:
        while True:
            text = head + "".join(self._random.choices(alphabet, k=length)) + tail
            if text not in self.given:
                self.given.append(text)
                return text

    def text(self) -> str:
        """Sixteen capital letters: fits every VR of text."""
        return self._new(MARK, string.ascii_uppercase, 8)

    def _short(self, digits: int, tail: str = "") -> str:
        self.short.append(self._new("", string.digits, digits, tail))
        return self.short[-1]

    def in_bytes(self, files: Iterable[bytes]) -> set[str]:
        """The canaries that stand in the files as they are, or in UTF-16."""
        whole = b"\n".join(files)
        return {
            one
            for one in self.given
            if any(one.encode(form) in whole for form in ("utf-8", "utf-16-le", "utf-16-be"))
        }

    def value(self, vr: str) -> str | bytes:
        """A value of a VR; a person's name and an address hold several canaries."""
        forms: dict[str, Callable[[], str | bytes]] = {
            "AS": lambda: self._short(3, "Y"),
            "DA": lambda: self._short(8),
            "TM": lambda: self._short(6, "." + "".join(self._random.choices(string.digits, k=6))),
            "DT": lambda: self._new(DIGITS, string.digits, 5),
            "DS": lambda: self._new(DIGITS, string.digits, 4),
            "IS": lambda: self._new(DIGITS, string.digits, 3),
            "UI": lambda: self._new(f"2.25.{DIGITS}", string.digits, 24),
            "PN": lambda: "^".join(self.text() for _ in range(5)) + f"={self.text()}={self.text()}",
            "UR": lambda: f"https://{self.text()}.example/{self.text()}",
            "OB": lambda: self.text().encode(),
            "UN": lambda: self.text().encode(),
        }
        return forms.get(vr, self.text)()


@dataclass
class Planted:
    """A file's bytes and ``name`` with canaries.  ``shown``: the canaries in the two names of the
    machine, which the page shows.  ``refused``: whether the file cannot be read."""

    name: str
    data: bytes
    shown: list[str] = field(default_factory=list)
    refused: bool = False


# --- DICOM ------------------------------------------------------------------------------------

# What the reader uses or what says how the file is read; see misused() for most of them.
_USED = re.compile(
    "SpecificCharacterSet|Modality|Laterality|View|PresentationIntent|Manufacturer|Pixel|Rescale|"
    "Window|VOILUT|PresentationLUT|PatientOrientation|Photometric|Frame|LUT|Bits|Image|Overlay"
)


@cache
def _attributes(vr: str, count: int = 4) -> tuple[int, ...]:
    """Tags of attributes with that VR, spread over the dictionary (PS3.6)."""
    found = [
        tag
        for tag, (kind, multiplicity, _, _, keyword) in DicomDictionary.items()
        if kind == vr and keyword and not _USED.search(keyword) and multiplicity != "0"
        and 0x0008 <= tag >> 16 < 0x5000
    ]  # fmt: skip
    return tuple(found[:: max(1, len(found) // count)][:count])


def _put(ds: Dataset, tag: int, vr: str, value: object) -> None:
    ds[tag] = DataElement(tag, vr, value, validation_mode=config.IGNORE)


def _fill(ds: Dataset, canaries: Canaries) -> None:
    """A canary in four attributes of every VR of text, and in private ones."""
    for vr in TEXT_VRS:
        for tag in _attributes(vr):
            _put(ds, tag, vr, canaries.value(vr))
    _put(ds, 0x00091001, "LO", canaries.text())  # private, without a creator
    block = ds.private_block(0x0011, canaries.text(), create=True)
    for number, vr in enumerate(TEXT_VRS):
        _put(ds, block.get_tag(number), vr, canaries.value(vr))
    _put(ds, block.get_tag(0x80), "UN", b"\x07" + canaries.text().encode("utf-16-le"))


def identified(canaries: Canaries) -> Planted:
    """A readable mammogram with canaries in every VR, in private attributes, nested sequences, the
    preamble, the file meta information, overlays, curves, padding, and after its end."""
    ds = mammogram(noise(300, 200, top=4095))
    _fill(ds, canaries)
    ds.preamble = (canaries.text() * 8).encode()
    meta = ds.file_meta
    for keyword, vr in (
        ("ImplementationVersionName", "SH"), ("SourceApplicationEntityTitle", "AE"),
        ("SendingApplicationEntityTitle", "AE"), ("ReceivingApplicationEntityTitle", "AE"),
        ("ImplementationClassUID", "UI"), ("PrivateInformationCreatorUID", "UI"),
        ("PrivateInformation", "OB"), ("MediaStorageSOPInstanceUID", "UI"),
    ):  # fmt: skip
        setattr(meta, keyword, canaries.value(vr))
    for keyword, vr in (
        ("SOPInstanceUID", "UI"), ("PatientID", "LO"), ("PatientName", "PN"),
        ("PatientBirthDate", "DA"), ("PatientAge", "AS"), ("StudyTime", "TM"),
        ("StudyInstanceUID", "UI"), ("SeriesInstanceUID", "UI"), ("InstitutionName", "LO"),
        ("InstitutionAddress", "ST"), ("ReferringPhysicianName", "PN"), ("OperatorsName", "PN"),
        ("AccessionNumber", "SH"), ("StationName", "SH"), ("DeviceSerialNumber", "LO"),
        ("ImageComments", "LT"), ("ImageType", "CS"), ("LossyImageCompressionMethod", "CS"),
        ("WindowCenterWidthExplanation", "LO"), ("PixelDataProviderURL", "UR"),
    ):  # fmt: skip
        element = DataElement(Tag(keyword), vr, canaries.value(vr), validation_mode=config.IGNORE)
        ds[Tag(keyword)] = element
    inner = Dataset()
    _fill(inner, canaries)
    for _ in range(6):  # sequences in sequences
        outer = Dataset()
        outer.CodeMeaning = canaries.text()
        outer.RequestAttributesSequence = Sequence([inner])
        inner = outer
    ds.RequestAttributesSequence = Sequence([inner])
    view = Dataset()
    view.CodeValue, view.CodeMeaning = canaries.text(), canaries.text()
    ds.ViewCodeSequence = Sequence([view])
    table = Dataset()
    table.LUTExplanation, table.ModalityLUTType = canaries.text(), canaries.text()
    ds.VOILUTSequence = Sequence([table])
    for group in (0x6000, 0x6002):
        _put(ds, group << 16 | 0x0022, "LO", canaries.text())  # Overlay Description
        _put(ds, group << 16 | 0x1500, "LO", canaries.text())  # Overlay Label
        _put(ds, group << 16 | 0x4000, "LT", canaries.text())  # Overlay Comments (retired)
    _put(ds, 0x50000022, "LO", canaries.text())  # Curve Description (retired)
    _put(ds, 0xFFFCFFFC, "OB", canaries.text().encode())  # Data Set Trailing Padding
    shown = [canaries.text(), canaries.text()]
    ds.Manufacturer, ds.ManufacturerModelName = shown
    name = f"{canaries.text()}^{canaries.text()} {canaries.value('DA')!s}.dcm"
    return Planted(name, dicom_bytes(ds) + canaries.text().encode(), shown)


def misused(canaries: Canaries) -> Iterator[Planted]:
    """Mammograms with canaries in the attributes that the reader does use: one that is readable
    without them, and some that are not."""
    ds = mammogram(noise(300, 200, top=4095))
    for keyword in ("Modality", "ImageLaterality", "Laterality", "ViewPosition", "VOILUTFunction",
                    "PresentationIntentType", "PresentationLUTShape"):  # fmt: skip
        setattr(ds, keyword, canaries.text())
    ds.PatientOrientation = [canaries.text(), canaries.text()]
    for keyword in ("ImagerPixelSpacing", "PixelSpacing", "RescaleSlope", "RescaleIntercept",
                    "WindowCenter", "WindowWidth", "HighBit", "NumberOfFrames"):  # fmt: skip
        _put(ds, Tag(keyword), "LO", canaries.text())  # of a wrong VR
    yield Planted(f"{canaries.text()}.dcm", dicom_bytes(ds))
    for keyword, vr in (("PhotometricInterpretation", "CS"), ("Rows", "LO"), ("BitsStored", "LO")):
        ds = mammogram()
        _put(ds, Tag(keyword), vr, canaries.text())
        name = f"{canaries.text()}.dcm"
        yield Planted(name, dicom_bytes(ds), refused=keyword != "BitsStored")
    whole = dicom_bytes(mammogram())
    syntax = b"1.2.840.10008.1.2.1\0"
    other = str(canaries.value("UI"))[: len(syntax)].encode()
    yield Planted(f"{canaries.text()}.dcm", whole.replace(syntax, other), refused=True)
    torn = canaries.text()
    yield Planted(f"{torn}.dcm", whole[:600] + torn.encode(), refused=True)


# --- Pictures ---------------------------------------------------------------------------------


def _exif(canaries: Canaries) -> Image.Exif:
    exif = Image.Exif()
    for tag in (0x010E, 0x010F, 0x0110, 0x0131, 0x013B, 0x8298, 0x9C9B, 0x9C9D):
        text = canaries.text()
        exif[tag] = text.encode("utf-16-le") if tag >= 0x9C9B else text
    details = exif.get_ifd(0x8769)
    details[0x927C] = canaries.text().encode()  # Maker Note
    details[0x9286] = b"ASCII\0\0\0" + canaries.text().encode()  # User Comment
    details[0xA430] = canaries.text()  # Camera Owner Name
    place = exif.get_ifd(0x8825)
    place[29] = canaries.text()  # GPS Date Stamp
    return exif


def _xmp(canaries: Canaries) -> bytes:
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf='
        '"http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:dc='
        f'"http://purl.org/dc/elements/1.1/"><dc:creator>{canaries.text()}</dc:creator>'
        f"<dc:title>{canaries.text()}</dc:title></rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


def _icc(canaries: Canaries) -> bytes:
    """A profile of one tag, a description (ICC.1:2010 section 10.15)."""
    text = canaries.text().encode("utf-16-be")
    body = struct.pack(">4sIIIHHII", b"mluc", 0, 1, 12, 0x656E, 0x5553, len(text), 28) + text
    tags = struct.pack(">I4sII", 1, b"desc", 144, len(body))
    size = 144 + len(body)
    head = struct.pack(">I4sI4s4s4s12s4s", size, b"test", 0x04000000, b"mntr", b"GRAY", b"XYZ ",
                       b"\0" * 12, b"acsp")  # fmt: skip
    return head.ljust(128, b"\0") + tags + body


def _iptc(canaries: Canaries) -> bytes:
    """Photoshop's resource of IPTC records: by-line, caption, headline."""
    records = b""
    for number in (80, 120, 105):
        text = canaries.text().encode()
        records += struct.pack(">BBBH", 0x1C, 2, number, len(text)) + text
    records += b"\0" * (len(records) % 2)
    return b"Photoshop 3.0\x008BIM\x04\x04\0\0" + struct.pack(">I", len(records)) + records


def pictures(canaries: Canaries) -> Iterator[Planted]:
    """PNG, JPEG and TIFF with canaries in EXIF, XMP, IPTC, comments, texts and the ICC profile."""
    grey = Image.fromarray(noise(300, 200))

    def saved(kind: str, **options: object) -> bytes:
        stream = io.BytesIO()
        grey.save(stream, kind, **options)  # type: ignore[arg-type]
        return stream.getvalue()

    texts = PngInfo()
    texts.add_text(canaries.text(), canaries.text())
    texts.add_text("Author", canaries.text(), zip=True)
    texts.add_itxt("Title", canaries.text(), canaries.text(), canaries.text())
    texts.add_itxt("XML:com.adobe.xmp", _xmp(canaries).decode(), zip=True)
    texts.add(b"prVt", canaries.text().encode())
    png = saved("PNG", pnginfo=texts, exif=_exif(canaries), icc_profile=_icc(canaries))
    yield Planted(f"{canaries.text()}.png", png + canaries.text().encode())

    jpeg = saved("JPEG", exif=_exif(canaries), icc_profile=_icc(canaries), xmp=_xmp(canaries),
                 comment=canaries.text())  # fmt: skip
    iptc = _iptc(canaries)
    segment = b"\xff\xed" + struct.pack(">H", len(iptc) + 2) + iptc
    yield Planted(f"{canaries.text()}.jpg", jpeg[:2] + segment + jpeg[2:])

    tags = TiffImagePlugin.ImageFileDirectory_v2()
    for number in (269, 270, 271, 272, 285, 305, 315, 316, 33432, 65000):
        tags[number] = canaries.text()
    tags[700], tags[33723] = _xmp(canaries), _iptc(canaries)
    tiff = saved("TIFF", tiffinfo=tags, icc_profile=_icc(canaries))
    yield Planted(f"{canaries.text()}.tif", tiff)

    broken = canaries.text()
    yield Planted(f"{broken}.png", png[:400] + broken.encode(), refused=True)
    yield Planted(f"{canaries.text()}.txt", canaries.text().encode(), refused=True)


def planted(canaries: Canaries) -> tuple[Planted, ...]:
    """All files of this module."""
    return (identified(canaries), *misused(canaries), *pictures(canaries))


# --- Search -----------------------------------------------------------------------------------


def _base64_forms(text: bytes) -> Iterator[bytes]:
    """What stands in base64 of anything that holds ``text``, for its three places in a group."""
    for shift in range(3):
        whole = base64.b64encode(b"\0" * shift + text)
        first = (0, 2, 3)[shift]
        last = (len(text) + shift) * 8 // 6
        yield whole[first:last]


@cache
def _forms(text: str) -> tuple[bytes, ...]:
    """A mark in the encodings in which it could be sent or kept."""
    plain = [text.encode(), text.encode("utf-16-le"), text.encode("utf-16-be")]
    found = {*plain, quote(text, safe="").encode()}
    for one in plain:
        found |= {*_base64_forms(one), one.hex().encode(), one.hex().upper().encode()}
    found |= {"".join(f"%{byte:02x}" for byte in text.encode()).encode()}
    return tuple(found | {form.replace(b"+", b"-").replace(b"/", b"_") for form in found})


def _unpacked(data: bytes) -> Iterator[bytes]:
    """The data, and every picture in it, also as base64, as its texts after unpacking."""
    yield data
    encoded = re.findall(rb"(?:iVBORw0KGgo|/9j/)[A-Za-z0-9+/]{40,}={0,2}", data)
    for picture in [data, *(base64.b64decode(one[: len(one) // 4 * 4]) for one in encoded)]:
        start = max(picture.find(b"\x89PNG"), picture.find(b"\xff\xd8\xff"))
        if start >= 0:
            try:
                with Image.open(io.BytesIO(picture[start:])) as image:
                    yield repr((image.info, dict(image.getexif()))).encode()
            except (OSError, ValueError, SyntaxError):
                continue
    for place in (m.start() for m in re.finditer(rb"x[\x01\x5e\x9c\xda]|\x1f\x8b", data)):
        try:  # zlib, or gzip
            yield zlib.decompressobj(47).decompress(data[place : place + 2**16], 2**16)
        except zlib.error:
            continue


def found_in(data: bytes, canaries: Canaries) -> set[str]:
    """The canaries, or what is left of them, in ``data``: as they are, in other case, in UTF-16,
    base64, hex or percent-encoded, in pictures' texts and in what is compressed."""
    found: set[str] = set()
    for part in _unpacked(data):
        lower = part.lower()
        for mark in (MARK, DIGITS):
            for form in _forms(mark):
                for place in {*_places(part, form), *_places(lower, form.lower())}:
                    found.add(part[place : place + 40].decode("latin-1"))
        text = part.replace(b"\0", b"")
        for short in canaries.short:
            for place in _places(text, short.encode()):
                around = text[max(0, place - 1) : place] + text[place + len(short) :][:1]
                if not re.search(rb"[0-9A-Za-z]", around):
                    found.add(short)
    return found


def _places(data: bytes, form: bytes) -> Iterator[int]:
    place = data.find(form)
    while place >= 0:
        yield place
        place = data.find(form, place + 1)
