"""The lexicon: descriptors of lesions, their frequencies, and their weights for malignancy.

Every value has a frequency among all lesions of its kind and a log-odds weight.  The label is drawn
from the logistic model of the sum of the weights (:mod:`.plan`), so that no single descriptor
decides.  The signs follow Liberman et al. 1998 (492 biopsied lesions: spiculated 81 % and irregular
73 % malignant; linear calcifications 81 %, segmental 74 % and linear distribution 68 %) and
published series of contrast mammography; the magnitudes are this project's choice.
"""

from __future__ import annotations

Table = dict[str, tuple[float, float]]
"""Value -> (relative frequency, log-odds weight for malignancy)."""

Given = tuple[str, dict[str, dict[str, float]]]
"""A term, and for each of its values how often another term's values occur with it."""

MASS, CALCIFICATIONS = "mass", "calcifications"
DISTORTION, ASYMMETRY, SCAR = "architectural distortion", "asymmetry", "post-operative scar"
CYST, FIBROADENOMA = "cyst", "fibroadenoma"
LYMPH_NODE, OIL_CYST = "intramammary lymph node", "oil cyst"

MASS_MARGIN: Table = {
    "circumscribed": (0.36, -1.9),
    "obscured": (0.12, -0.5),
    "microlobulated": (0.10, 0.4),
    "indistinct": (0.17, 0.8),
    "spiculated": (0.25, 2.2),
}
MASS_SHAPE: Table = {"oval": (0.38, -0.9), "round": (0.22, -0.7), "irregular": (0.40, 0.9)}
MASS_DENSITY: Table = {
    "fat-containing": (0.03, -3.0),
    "low density": (0.14, -0.5),
    "equal density": (0.43, -0.1),
    "high density": (0.40, 0.3),
}
CALCIFICATION_MORPHOLOGY: Table = {
    "round": (0.14, -2.0),
    "milk of calcium": (0.03, -3.5),
    "coarse (popcorn)": (0.12, -3.0),
    "rim": (0.09, -3.0),
    "vascular": (0.08, -4.0),
    "amorphous": (0.13, 0.0),
    "coarse heterogeneous": (0.10, 0.2),
    "fine pleomorphic": (0.18, 2.2),
    "fine linear": (0.13, 2.6),
}
CALCIFICATION_DISTRIBUTION: Table = {
    "diffuse": (0.08, -1.2),
    "regional": (0.18, -0.6),
    "grouped": (0.46, 0.1),
    "linear": (0.13, 0.8),
    "segmental": (0.15, 0.9),
}
ASYMMETRY_TYPE: Table = {
    "asymmetry": (0.3, -0.4), "focal": (0.4, 0.0), "developing": (0.3, 0.8),
}  # fmt: skip

# Descriptors are correlated: most spiculated masses are irregular, and irregular masses are not
# circumscribed; branching rods follow a duct, round particles lie anywhere.
GIVEN: dict[str, Given] = {
    "mass shape": (
        "mass margin",
        {
            "circumscribed": {"oval": 0.63, "round": 0.37},
            "obscured": {"oval": 0.50, "round": 0.30, "irregular": 0.20},
            "microlobulated": {"oval": 0.32, "round": 0.18, "irregular": 0.50},
            "indistinct": {"oval": 0.20, "round": 0.12, "irregular": 0.68},
            "spiculated": {"oval": 0.10, "round": 0.08, "irregular": 0.82},
        },
    ),
    "calcification distribution": (
        "calcification morphology",
        {
            "round": {
                "grouped": 0.42, "regional": 0.30, "diffuse": 0.20, "linear": 0.03,
                "segmental": 0.05,
            },
            "milk of calcium": {"grouped": 0.6, "regional": 0.3, "diffuse": 0.1},
            "coarse (popcorn)": {"grouped": 0.70, "regional": 0.20, "diffuse": 0.10},
            "rim": {"grouped": 0.50, "regional": 0.30, "diffuse": 0.20},
            "vascular": {"linear": 1.0},
            "amorphous": {
                "grouped": 0.50, "regional": 0.25, "diffuse": 0.05, "linear": 0.05,
                "segmental": 0.15,
            },
            "coarse heterogeneous": {
                "grouped": 0.60, "regional": 0.20, "linear": 0.05, "segmental": 0.15,
            },
            "fine pleomorphic": {
                "grouped": 0.50, "regional": 0.10, "linear": 0.15, "segmental": 0.25,
            },
            "fine linear": {"grouped": 0.22, "linear": 0.43, "segmental": 0.35},
        },
    ),
}  # fmt: skip
"""Term -> the term it depends on, and the frequencies of its values given each value of that term.
The tables above hold the resulting frequencies over all lesions of the kind."""

# Descriptors of the recombined image.  Values: (frequency in benign, frequency in malignant
# lesions).  They are drawn after the label, since they are visible only in the recombined image.
MASS_ENHANCEMENT = {
    "none": (0.42, 0.06),
    "homogeneous": (0.38, 0.20),
    "heterogeneous": (0.10, 0.48),
    "rim": (0.04, 0.24),
    "dark septations": (0.06, 0.00),
    "washed out": (0.00, 0.02),
}
NON_MASS_ENHANCEMENT = {
    "none": (0.62, 0.18),
    "focal": (0.18, 0.20),
    "linear": (0.04, 0.17),
    "segmental": (0.03, 0.30),
    "regional": (0.09, 0.13),
    "diffuse": (0.04, 0.02),
}
CONSPICUITY = {"low": (0.48, 0.10), "moderate": (0.38, 0.26), "high": (0.14, 0.64)}
"""High conspicuity: 64 % of malignant, 14 % of benign lesions (contrast mammography series)."""

MASS_PATTERN, NON_MASS_PATTERN = "mass enhancement", "non-mass enhancement"
CONSPICUITY_TERM = "enhancement conspicuity"
