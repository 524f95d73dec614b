"""What a lesion is, in the lexicon's terms, before it is drawn.

No single cue decides: both classes hold every shape, margin and morphology, in other proportions
(circumscribed cancers, spiculated scars).  The proportions follow the direction, not the exact
figures, of Liberman et al. 1998 (492 biopsied lesions).  Lesions of class c come from P(. | c).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xai_core.types import Pathology

MASS, CALCIFICATIONS = "mass", "calcifications"

_KIND = {MASS: 0.75, CALCIFICATIONS: 0.25}
_SHAPE = {
    Pathology.BENIGN: {"oval": 0.50, "round": 0.30, "irregular": 0.20},
    Pathology.MALIGNANT: {"oval": 0.12, "round": 0.10, "irregular": 0.78},
}
_MARGIN = {
    Pathology.BENIGN: {
        "circumscribed": 0.60, "obscured": 0.16, "microlobulated": 0.09,
        "indistinct": 0.09, "spiculated": 0.06,
    },
    Pathology.MALIGNANT: {
        "circumscribed": 0.07, "obscured": 0.08, "microlobulated": 0.13,
        "indistinct": 0.25, "spiculated": 0.47,
    },
}  # fmt: skip
_MORPHOLOGY = {
    Pathology.BENIGN: {
        "round": 0.42, "coarse (popcorn)": 0.22, "rim": 0.16,
        "amorphous": 0.12, "fine pleomorphic": 0.06, "fine linear": 0.02,
    },
    Pathology.MALIGNANT: {
        "round": 0.06, "coarse (popcorn)": 0.02, "rim": 0.02,
        "amorphous": 0.22, "fine pleomorphic": 0.43, "fine linear": 0.25,
    },
}  # fmt: skip
_DISTRIBUTION = {
    Pathology.BENIGN: {
        "grouped": 0.45, "regional": 0.30, "diffuse": 0.17, "segmental": 0.05, "linear": 0.03,
    },
    Pathology.MALIGNANT: {
        "grouped": 0.48, "regional": 0.10, "diffuse": 0.02, "segmental": 0.22, "linear": 0.18,
    },
}  # fmt: skip
# Median equivalent diameter in mm, and the spread of its logarithm.
_DIAMETER = {Pathology.BENIGN: (13.0, 0.30), Pathology.MALIGNANT: (20.0, 0.35)}
MM_PER_PIXEL_AT_512 = 0.46  # a release image is about 235 mm high


@dataclass(frozen=True)
class LesionPlan:
    """One lesion to draw.  ``diameter`` in mm; ``contrast`` in standard deviations of the tissue
    around it; ``descriptors`` maps a lexicon term to its value."""

    kind: str
    pathology: Pathology
    diameter: float
    contrast: float
    descriptors: dict[str, str]


def _pick(rng: np.random.Generator, table: dict[str, float]) -> str:
    return str(rng.choice(list(table), p=list(table.values())))


def plan_lesion(
    rng: np.random.Generator, pathology: Pathology, contrast_gain: float = 1.0
) -> LesionPlan:
    """Draw the descriptors of a benign or malignant lesion.

    ``contrast_gain`` multiplies the lesion's contrast: 1 in the library, more early in training.
    """
    kind = _pick(rng, _KIND)
    median, spread = _DIAMETER[pathology]
    diameter = float(np.clip(median * np.exp(rng.normal(0, spread)), 6, 45))
    contrast = float(np.clip(2.4 * np.exp(rng.normal(0, 0.25)), 1.4, 4.0)) * contrast_gain
    if kind == MASS:
        shape = _pick(rng, _SHAPE[pathology])
        margin = _pick(rng, _MARGIN[pathology])
        if shape == "irregular" and margin == "circumscribed":
            shape = "oval"  # the lexicon's irregular masses have no circumscribed margin
        terms = {"mass shape": shape, "mass margin": margin}
    else:
        terms = {
            "calcification morphology": _pick(rng, _MORPHOLOGY[pathology]),
            "calcification distribution": _pick(rng, _DISTRIBUTION[pathology]),
        }
    return LesionPlan(kind, pathology, diameter, contrast, terms)
