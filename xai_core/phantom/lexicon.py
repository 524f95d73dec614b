"""The words a lesion is described with, how often they occur, and what they say of malignancy.

Every value has a frequency among all lesions of its kind and a log-odds weight.  The label is drawn
from the logistic model of the sum of the weights (:mod:`.plan`), so no single word decides.  The
directions follow Liberman et al. 1998 (492 biopsied lesions: spiculated 81 % and irregular 73 %
malignant; linear calcifications 81 %, segmental 74 % and linear distribution 68 %) and the contrast
mammography series; the sizes of the weights are ours.
"""

from __future__ import annotations

Table = dict[str, tuple[float, float]]
"""Value -> (relative frequency, log-odds weight for malignancy)."""

MASS, CALCIFICATIONS = "mass", "calcifications"
DISTORTION, ASYMMETRY, SCAR = "architectural distortion", "asymmetry", "post-operative scar"

KIND: Table = {
    MASS: (0.66, 0.0),
    CALCIFICATIONS: (0.15, 0.0),
    DISTORTION: (0.07, 1.0),
    ASYMMETRY: (0.06, -1.6),
    SCAR: (0.06, -2.6),
}

MASS_SHAPE: Table = {"oval": (0.36, -1.2), "round": (0.20, -0.9), "irregular": (0.44, 1.3)}
MASS_MARGIN: Table = {
    "circumscribed": (0.36, -1.9),
    "obscured": (0.12, -0.5),
    "microlobulated": (0.10, 0.4),
    "indistinct": (0.17, 0.8),
    "spiculated": (0.25, 2.3),
}
MASS_DENSITY: Table = {
    "fat-containing": (0.03, -3.0),
    "low density": (0.14, -1.0),
    "equal density": (0.43, -0.2),
    "high density": (0.40, 0.6),
}
CALCIFICATION_MORPHOLOGY: Table = {
    "round": (0.17, -2.0),
    "coarse (popcorn)": (0.12, -3.0),
    "rim": (0.09, -3.0),
    "vascular": (0.08, -3.5),
    "amorphous": (0.13, 0.0),
    "coarse heterogeneous": (0.10, 0.2),
    "fine pleomorphic": (0.18, 2.2),
    "fine linear": (0.13, 2.8),
}
CALCIFICATION_DISTRIBUTION: Table = {
    "diffuse": (0.08, -1.6),
    "regional": (0.18, -0.8),
    "grouped": (0.46, 0.1),
    "linear": (0.13, 1.0),
    "segmental": (0.15, 1.1),
}
ASYMMETRY_TYPE: Table = {
    "asymmetry": (0.3, -0.4), "focal": (0.4, 0.0), "developing": (0.3, 0.8),
}  # fmt: skip

TERMS: dict[str, dict[str, Table]] = {
    MASS: {"mass shape": MASS_SHAPE, "mass margin": MASS_MARGIN, "mass density": MASS_DENSITY},
    CALCIFICATIONS: {
        "calcification morphology": CALCIFICATION_MORPHOLOGY,
        "calcification distribution": CALCIFICATION_DISTRIBUTION,
    },
    DISTORTION: {},
    ASYMMETRY: {"asymmetry type": ASYMMETRY_TYPE},
    SCAR: {},
}
"""Kind of lesion -> its terms in the low-energy image, each with its values."""

# In the recombined image.  Values: (frequency in benign, frequency in malignant lesions).  They are
# drawn after the label: what enhances is seen in the recombined image alone.
MASS_ENHANCEMENT = {
    "none": (0.42, 0.06),
    "homogeneous": (0.38, 0.20),
    "heterogeneous": (0.10, 0.48),
    "rim": (0.04, 0.26),
    "dark septations": (0.06, 0.00),
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

PATTERN_TERM = {MASS: "mass enhancement"}
NON_MASS_TERM, CONSPICUITY_TERM = "non-mass enhancement", "enhancement conspicuity"
