"""The free text of CDD-CESM: its spelling made even, and what it says about calcifications."""

from __future__ import annotations

import re

# Whole words as met in the release -> as meant.  A table and no fuzzy matching: a guess could turn
# "macocalcification" into micro- or macrocalcification.
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

# Patterns -> the lexicon's terms.  "linear" and "branching" alone describe the distribution.
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
    """One line of text: padding and doubled spaces removed, known misspellings corrected."""
    line = " ".join(str("" if text is None else text).split())
    return _WORDS.sub(_correct, line)


def _correct(match: re.Match[str]) -> str:
    right = _SPELLING[match[0].lower()]
    return right[0].upper() + right[1:] if match[0][0].isupper() else right


def split_findings(text: object) -> tuple[str, ...]:
    """The findings of a cell, which the release separates by ``$``, each tidied."""
    parts = (tidy(part) for part in str("" if text is None else text).split("$"))
    return tuple(part for part in parts if part and part != "_")


def term(text: object) -> str:
    """A descriptor's value: tidied, lower case, alternatives (``Irregular - Round``) by commas."""
    values = (part.strip() for part in re.split(r"\s*[-$/]\s*", tidy(text).lower()))
    return ", ".join(dict.fromkeys(v for v in values if v and v != "_"))


def calcifications(findings: tuple[str, ...]) -> dict[str, str]:
    """Size, morphology and distribution of calcifications, as far as the findings' words say them.

    Words are looked for in the phrase that names the calcifications, so that "diffuse oedema with
    clusters of microcalcifications" is not called diffuse.
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
    """For each phrase the first term of ``table`` that it names; each term once."""
    terms = (
        next((value for pattern, value in table.items() if re.search(pattern, phrase)), "")
        for phrase in phrases
    )
    return ", ".join(dict.fromkeys(t for t in terms if t))
