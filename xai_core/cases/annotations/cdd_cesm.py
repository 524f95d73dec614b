"""CDD-CESM's annotations: the names of its images, its free text, and its workbook.

The table is that of Khaled et al., Scientific Data 9 (2022), doi:10.1038/s41597-022-01238-0.  Read
from it: labels, findings and lexicon descriptors of each image, with known misspellings corrected.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xai_core.cases.annotations.tables import (
    Row,
    columns_of,
    read_csv,
    read_workbook,
    repeated_columns,
)
from xai_core.cases.base import first_few, printable
from xai_core.cases.readers.single_file import plain_name
from xai_core.errors import BadAnnotation
from xai_core.list_text import counted
from xai_core.types import Pathology

# --- Names of images --------------------------------------------------------------------------

LOW_ENERGY, RECOMBINED = "DM", "CM"

# P7_L_DM_MLO; the release also has P99_L_DM_MLO_2 and P281_L_CM_MLO2.
_NAME = re.compile(r"P(\d{1,6})_([LR])_(DM|CM)_(CC|MLO)(?:_?(\d{1,2}))?", re.IGNORECASE | re.ASCII)
# What copying, converting and resizing add to a name: "x (1)", "x - Copy (2)", "x_resized".
_ADDED = re.compile(
    r"(\s*\(\d{1,3}\)|[\s_-]*\b(copy|resized|rescaled)(\s*\d{1,3})?|_(copy|resized|rescaled))$",
    re.IGNORECASE | re.ASCII,
)
_SUFFIX = re.compile(r"\.(jpe?g|png|tiff?)$", re.IGNORECASE)


@dataclass(frozen=True, order=True)
class ImageName:
    """The parts of an image's name; ``number`` counts repeated views (1 where not given)."""

    patient: int
    side: str  # "L" or "R"
    view: str  # "CC" or "MLO"
    number: int
    kind: str  # LOW_ENERGY or RECOMBINED

    @property
    def partner(self) -> ImageName:
        """The other image of the same exposure: recombined for low energy, and back."""
        other = RECOMBINED if self.kind == LOW_ENERGY else LOW_ENERGY
        return ImageName(self.patient, self.side, self.view, self.number, other)


def parse_name(text: str) -> ImageName | None:
    """The parts of ``P7_L_DM_MLO`` or ``P7_L_DM_MLO.jpg``, surrounding blanks ignored; None where
    ``text`` is not a name of this form."""
    stem = _SUFFIX.sub("", text.strip())
    match = _NAME.fullmatch(stem.strip())
    if match is None:
        return None
    patient, side, kind, view, number = match.groups()
    return ImageName(int(patient), side.upper(), view.upper(), int(number or 1), kind.upper())


def parse_file_name(text: str) -> ImageName | None:
    """:func:`parse_name`, also of a file that was copied, converted or resized, or whose parts are
    separated otherwise: ``P7_L_DM_MLO (1).jpg``, ``P7-L-DM-MLO.jpg.png``."""
    name = parse_name(text)
    stem = text.strip()[:200]
    before = ""
    while name is None and stem != before:
        before = stem
        stem = _ADDED.sub("", _SUFFIX.sub("", stem).strip()).strip()
        name = parse_name(re.sub(r"[\s_-]+", "_", stem))
    return name


# --- Free text --------------------------------------------------------------------------------

# Misspelled words of the release -> correct words.  A table instead of fuzzy matching: that could
# turn "macocalcification" into either micro- or macrocalcification.
_SPELLING = {
    "speculated": "spiculated",
    "assymetrical": "asymmetrical",
    "asymmetrial": "asymmetrical",
    "calcificaton": "calcification",
    "denisty": "density",
    "distorton": "distortion",
    "enahncing": "enhancing",
    "enhacement": "enhancement",
    "enhacing": "enhancing",
    "heterogeously": "heterogeneously",
    "heterogenoously": "heterogeneously",
    "heterogenous": "heterogeneous",
    "heterogenously": "heterogeneously",
    "homogenous": "homogeneous",
    "homogenously": "homogeneously",
    "inddistinct": "indistinct",
    "maignant": "malignant",
    "malibnant": "malignant",
    "marginand": "margin and",
    "mas": "mass",
    "mircocalcification": "microcalcification",
    "mircocalcifications": "microcalcifications",
    "multientric": "multicentric",
    "pop corn": "popcorn",
    "satelllites": "satellites",
    "segemental": "segmental",
    "surroudning": "surrounding",
    "suspicius": "suspicious",
    "suspicous": "suspicious",
    "suspisious": "suspicious",
}
_WORDS = re.compile(
    r"\b(" + "|".join(sorted(map(re.escape, _SPELLING), key=len, reverse=True)) + r")\b",
    re.IGNORECASE,
)

# Patterns -> lexicon terms.  "linear" alone describes the distribution, not the morphology.
_MORPHOLOGY = {
    r"pleomorphic": "fine pleomorphic",
    r"amorphous": "amorphous",
    r"fine linear|branching": "fine linear",
    r"popcorn": "coarse (popcorn)",
    r"coarse heterogeneous": "coarse heterogeneous",
    r"vascular": "vascular",
    r"\brim\b|egg ?shell": "rim",
}
_SIZE = {r"macrocalcific": "macrocalcifications", r"microcalcific": "microcalcifications"}
_DISTRIBUTION = {
    r"cluster|grouped": "grouped",
    r"segmental": "segmental",
    r"regional": "regional",
    r"linear|ductal": "linear",
    r"diffuse|scattered": "diffuse",
}


def tidy(text: object) -> str:
    """``text`` as one printable line: surrounding and repeated blanks removed, known misspellings
    corrected."""
    line = printable(" ".join(str("" if text is None else text).split()))
    return _WORDS.sub(_correct, line)


def _correct(match: re.Match[str]) -> str:
    right = _SPELLING[match[0].lower()]
    return right[0].upper() + right[1:] if match[0][0].isupper() else right


def split_findings(text: object) -> tuple[str, ...]:
    """The findings of a cell, which the release separates by ``$``; see :func:`tidy`."""
    parts = (tidy(part) for part in str("" if text is None else text).split("$"))
    return tuple(part for part in parts if part and part != "_")


def term(text: object) -> str:
    """A descriptor's value: tidied, lower case, alternatives (``Irregular - Round``) separated by
    commas."""
    values = (part.strip() for part in re.split(r"\s*[-$/]\s*", tidy(text).lower()))
    return ", ".join(dict.fromkeys(v for v in values if v and v != "_"))


def calcifications(findings: tuple[str, ...]) -> dict[str, str]:
    """Size, morphology and distribution of calcifications, as far as the findings name them.

    Only the phrase that mentions the calcifications is searched, so that in "diffuse oedema with
    clusters of microcalcifications" the distribution is not taken to be diffuse.
    """
    phrases = []
    for finding in findings:
        for phrase in re.split(r"\b(?:and|with|overlying|adjacent)\b", finding.lower()):
            if "calcific" in phrase:
                phrases.append(phrase)
    found = {
        "calcifications": _first_terms(phrases, _SIZE),
        "calcification morphology": _first_terms(phrases, _MORPHOLOGY),
        "calcification distribution": _first_terms(phrases, _DISTRIBUTION),
    }
    return {key: value for key, value in found.items() if value}


def _first_terms(phrases: list[str], table: dict[str, str]) -> str:
    """For each phrase the first term of ``table`` that matches; each term once."""
    terms = (
        next((value for pattern, value in table.items() if re.search(pattern, phrase)), "")
        for phrase in phrases
    )
    return ", ".join(dict.fromkeys(t for t in terms if t))


# --- The workbook -----------------------------------------------------------------------------

# Column headings differ between the sheets: patterns for columns_of.
_COLUMNS = {
    "image": r"imagename",
    "pathology": r"pathology.*",
    "density": r"breastdensity.*|acr",
    "birads": r"birads",
    "findings": r"findings",
    "pattern": r"massdensity.*",
    "shape": r"massshape",
    "margin": r"massmargin",
}
_NEEDED = {"image": "Image_name", "pathology": "Pathology Classification/ Follow up"}
_OPTIONAL = {"density": "Breast density (ACR)", "birads": "BIRADS", "findings": "Findings"}
_MAIN_SHEET = "all"
PRESENT = "present"  # the value of a descriptor that is named without details
_ENHANCEMENT = {
    "clumped": "clumped",
    "segmental": "segmental",
    "regional": "regional",
    "ductal|linear": "linear",
    "focal": "focal",
    "diffuse": "diffuse",
}


@dataclass
class ImageNotes:
    """The workbook's entries for one image; fields as in :class:`xai_core.types.CaseRecord`."""

    pathology: Pathology | None = None
    density: str | None = None
    birads: int | None = None
    findings: tuple[str, ...] = ()
    descriptors: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def is_annotation_file(name: str) -> bool:
    """Whether a file is, by its name, the workbook or its main sheet as CSV."""
    return bool(
        re.search(r"radiology[\W_]*manual[\W_]*annotations?.*\.(xlsx|csv)$", name, re.IGNORECASE)
        or name.lower() == "all.csv"
    )


def read_annotations(path: Path) -> tuple[dict[ImageName, ImageNotes], tuple[str, ...]]:
    """Read the workbook (``.xlsx``, with its detail sheets), or its sheet ``all`` as ``.csv``.

    Returns the entries of each image, and sentences about rows that were left out.

    Raises:
        BadAnnotation: the file cannot be read, has no sheet ``all``, or lacks the column of the
            image or of its pathology.
    """
    is_csv = path.suffix.lower() == ".csv"
    sheets = {_MAIN_SHEET: read_csv(path)} if is_csv else read_workbook(path)
    main = sheets.get(_MAIN_SHEET)
    if main is None:
        titles = [printable(f"{title:.40}") for title in sorted(sheets)]
        raise BadAnnotation(
            f"{plain_name(path.name)} has no sheet named 'all'; its sheets are {first_few(titles)}."
        )
    columns = columns_of(main, _COLUMNS)
    missing = [title for key, title in _NEEDED.items() if key not in columns]
    if missing:
        raise BadAnnotation(
            f"{plain_name(path.name)} lacks the column {' and '.join(missing)}; use the release's "
            "own table."
        )
    twice = [title for key, title in _NEEDED.items() if key in repeated_columns(main, _COLUMNS)]
    if twice:
        raise BadAnnotation(
            f"{plain_name(path.name)} has more than one column for {' and '.join(twice)}; keep one."
        )
    notes, warnings = _main_rows(main, columns, plain_name(path.name))
    warnings += _column_warnings(main, columns, plain_name(path.name))
    unused = [
        printable(f"{title:.40}")
        for title, rows in sheets.items()
        if title != _MAIN_SHEET and len(rows) > 1 and not _detail_rows(title, rows, notes)
    ]
    if unused:
        words = counted(len(unused), "sheet is none", "sheets are none")
        warnings += (
            f"{plain_name(path.name)}: {words} of the release, or without the column Image_name, "
            f"and {'was' if len(unused) == 1 else 'were'} left out: {first_few(unused)}.",
        )
    return notes, warnings


def _column_warnings(rows: Sequence[Row], columns: dict[str, int], file: str) -> tuple[str, ...]:
    """Sentences about columns of the main sheet that are missing, or that are there twice."""
    warnings = []
    missing = [title for key, title in _OPTIONAL.items() if key not in columns]
    if missing:
        warnings.append(f"{file} lacks the column {' and '.join(missing)}: not given.")
    repeated = repeated_columns(rows, _COLUMNS)
    twice = [title for key, title in _OPTIONAL.items() if key in repeated]
    if twice:
        warnings.append(
            f"{file} has more than one column for {' and '.join(twice)}; the first one counts."
        )
    return tuple(warnings)


def _main_rows(
    rows: Sequence[Row], columns: dict[str, int], file: str
) -> tuple[dict[ImageName, ImageNotes], tuple[str, ...]]:
    notes: dict[ImageName, ImageNotes] = {}
    unknown, repeated = [], []
    for row in rows[1:]:
        text = str(_cell(row, columns, "image") or "").strip()
        if not text:
            continue  # the workbook has empty rows that hold only formatting
        name = parse_name(text)
        if name is None:
            unknown.append(printable(f"{text:.40}"))
        elif name in notes:
            repeated.append(printable(text))
        else:
            notes[name] = _image_notes(row, columns)
    warnings = []
    if unknown:
        warnings.append(
            f"{file}: {counted(len(unknown), 'row names', 'rows name')} no image of the release: "
            f"{first_few(unknown)}."
        )
    if repeated:
        warnings.append(f"{file}: images given twice, the first row counts: {first_few(repeated)}.")
    return notes, tuple(warnings)


def _image_notes(row: Row, columns: dict[str, int]) -> ImageNotes:
    notes = ImageNotes(findings=split_findings(_cell(row, columns, "findings")))
    notes.pathology = _pathology(_cell(row, columns, "pathology"), notes.warnings)
    notes.density = _density(_cell(row, columns, "density"), notes.warnings)
    notes.birads = _birads(_cell(row, columns, "birads"), notes.warnings)
    notes.descriptors.update(calcifications(notes.findings))
    return notes


# Begin of a detail sheet's title -> the descriptor that its rows have.
_PRESENT = {
    "postoperative": "postoperative",
    "postneo": "after neoadjuvant chemotherapy",
    "distortion": "architectural distortion",
    "asymmetry": "asymmetry",
    "calcification": "calcifications",
}
_DETAILS = ("mass", "nonmass", *_PRESENT)


def _detail_rows(title: str, rows: Sequence[Row], notes: dict[ImageName, ImageNotes]) -> bool:
    """Add what a detail sheet says to ``notes``; False where it is no sheet of the release."""
    columns = columns_of(rows, _COLUMNS)
    if "image" not in columns or not title.startswith(_DETAILS):
        return False
    for row in rows[1:]:
        name = parse_name(str(_cell(row, columns, "image") or ""))
        if name is not None and name in notes:
            known = notes[name].descriptors
            for key, value in _details(title, row, columns).items():
                # A second row of an image in one sheet describes a further lesion: its values are
                # added; "present" is dropped where a more specific value is known.
                values = [*known.get(key, "").split(", "), *value.split(", ")]
                values = [v for v in dict.fromkeys(values) if v not in ("", PRESENT)]
                known[key] = ", ".join(values) or PRESENT
    return True


def _details(title: str, row: Row, columns: dict[str, int]) -> dict[str, str]:
    """The lexicon terms of one row of a detail sheet."""
    found: dict[str, str] = {}
    if title.startswith("mass"):
        enhancement = "enhancement" in title
        found = {
            "mass enhancement" if enhancement else "mass density": _cell(row, columns, "pattern"),
            "mass shape": _cell(row, columns, "shape"),
            "mass margin": _cell(row, columns, "margin"),
        }
        found = {key: term(value) for key, value in found.items()}
    elif title.startswith("nonmass"):
        text = " ".join(split_findings(_cell(row, columns, "findings"))).lower()
        words = (value for pattern, value in _ENHANCEMENT.items() if re.search(pattern, text))
        found = {"non-mass enhancement": ", ".join(words) or PRESENT}
    else:
        found = {name: PRESENT for begin, name in _PRESENT.items() if title.startswith(begin)}
    return {key: value for key, value in found.items() if value}


def _cell(row: Row, columns: dict[str, int], key: str) -> Any:
    index = columns.get(key)
    return None if index is None or index >= len(row) else row[index]


def _given(value: Any) -> str:
    """The cell's text; empty for ``_`` and ``-``, which mean "not given" in the release."""
    text = str("" if value is None else value).strip()
    return "" if text in ("_", "-") else text


def _pathology(value: Any, warnings: list[str]) -> Pathology | None:
    text = _given(value).lower()
    if text in set(Pathology):
        return Pathology(text)
    reason = f"{text[:40]!r} is not normal, benign or malignant" if text else "none is given"
    warnings.append(f"The pathology is unknown: {reason}.")
    return None


def _density(value: Any, warnings: list[str]) -> str | None:
    text = _given(value).upper()
    if text in ("A", "B", "C", "D"):
        return text
    if text:
        warnings.append(f"The breast density {text[:40]!r} is not A, B, C or D and is left out.")
    return None


def _birads(value: Any, warnings: list[str]) -> int | None:
    """The highest category; ``$`` separates the categories of several findings (``3$2``)."""
    text = _given(value)
    numbers = []
    for part in filter(None, (p.strip() for p in text.split("$"))):
        match = re.fullmatch(r"([0-6])(?:\.0|[A-Ca-c])?", part)
        if match is None:
            warnings.append(f"The BI-RADS category {text[:40]!r} is not 0 to 6 and is left out.")
            return None
        numbers.append(int(match[1]))
    return max(numbers, default=None)
