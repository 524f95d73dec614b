"""How the CDD-CESM release names its images."""

from __future__ import annotations

import re
from dataclasses import dataclass

LOW_ENERGY, RECOMBINED = "DM", "CM"

# P7_L_DM_MLO; the release also has P99_L_DM_MLO_2 and P281_L_CM_MLO2.
_NAME = re.compile(r"P(\d{1,6})_([LR])_(DM|CM)_(CC|MLO)(?:_?(\d{1,2}))?", re.IGNORECASE)


@dataclass(frozen=True, order=True)
class ImageName:
    """The parts of an image's name: ``number`` tells repeated views apart (1 where not given)."""

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
    """The parts of ``P7_L_DM_MLO`` or ``P7_L_DM_MLO.jpg``, padding ignored; None if it is another
    kind of name."""
    stem = re.sub(r"\.(jpe?g|png|tiff?)$", "", text.strip(), flags=re.IGNORECASE)
    match = _NAME.fullmatch(stem.strip())
    if match is None:
        return None
    patient, side, kind, view, number = match.groups()
    return ImageName(int(patient), side.upper(), view.upper(), int(number or 1), kind.upper())
