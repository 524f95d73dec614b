"""The texts of a case's tile in the list.  The deciding cue leads: readers look for it."""

from __future__ import annotations

import re

from xai_core.types import CaseRecord, Outcome, Pathology
from xai_core.ui.case_grid import Tile
from xai_core.ui.wording import descriptor_words, view_words

# A margin decides more than the shape, but one that is obscured says nothing.
_MARGIN = re.compile(r"\b(?!obscured)([\w-]+) margins?\b", re.IGNORECASE)
_MASS = re.compile(r"\bmass(es)?\b", re.IGNORECASE)
# The kind of a finding, and the word before it, in a sentence of free text.
_KIND = re.compile(r"[\w-]+ (mass|calcs|microcalcs|distortion|enhancement)\b", re.IGNORECASE)
_FAT = "fat-containing"  # decides for benign, whatever the margin
_LONG = 28  # characters; more do not fit into two lines of the narrowest tile
# Words that do not leave room for the others in two lines.  A soft hyphen is seen only where a
# line ends.
_HYPHENATED = ("hetero-geneous", "pleo-morphic")
_SOFT_HYPHEN = "\N{SOFT HYPHEN}"


def make_tile(record: CaseRecord, outcome: Outcome | None) -> Tile:
    """The tile of a case in the list; ``outcome``: None while it is not predicted."""
    side = " ".join(part for part in (record.laterality, record.view) if part)
    density = f"density {record.density}" if record.density else ""
    category = f"BI-RADS {record.birads}" if record.birads is not None else ""
    truth = str(record.pathology or "truth not given")
    cue = deciding_cue(record)
    words = (
        cue, record.id, view_words(record), truth, outcome, density, category,
        descriptor_words(record),
    )  # fmt: skip
    return Tile(
        case_id=record.id,
        key=record.id,
        lead=_hyphenated(cue),
        name=record.id,
        lines=tuple(line for line in (", ".join(filter(None, (side, density))), category) if line),
        badge=outcome or "",
        right=outcome is not None and outcome.is_right,
        words=", ".join(dict.fromkeys(str(part) for part in words if part)),
    )


def deciding_cue(record: CaseRecord) -> str:
    """The first finding's kind with the descriptor that decides, such as "spiculated mass".

    "normal" without findings; the truth where a case without findings is not normal.
    """
    if not record.findings:
        normal = record.pathology is Pathology.NORMAL
        return "normal" if normal else str(record.pathology or "truth not given")
    finding = record.findings[0]
    kind = finding.partition(",")[0].strip()
    if _MASS.search(finding):
        margin = _MARGIN.search(finding)
        known = record.descriptors.get("mass margin", "").partition(",")[0]
        if _FAT in finding.lower():
            return f"{_FAT} mass"
        if margin or known:
            return f"{margin[1].lower() if margin else known} mass"
    return kind if len(kind) <= _LONG else _shortened(kind)


def _shortened(finding: str) -> str:
    """A long finding in shorter words, as far as that is possible."""
    text = re.sub(r"\basymmetrical increased density\b", "asymmetry", finding, flags=re.IGNORECASE)
    text = re.sub(r"calcifications?\b", "calcs", text)
    if len(text) > _LONG:
        text = re.split(r" (?:and|with) ", text)[0]
    kind = _KIND.search(text)
    return kind[0] if kind and len(text) > _LONG else text


def _hyphenated(text: str) -> str:
    for word in _HYPHENATED:
        text = text.replace(word.replace("-", ""), word.replace("-", _SOFT_HYPHEN))
    return text
