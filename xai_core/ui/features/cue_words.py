"""What the lexicon's terms mean, in a line each, for the controls of the lesion's cues."""

from __future__ import annotations

TERM_WORDS = {
    "mass margin": (
        "How the edge meets the tissue. **Circumscribed**: sharp all around. **Obscured**: hidden "
        "in part by tissue in front. **Microlobulated**: small scallops. **Indistinct**: fades "
        "away. **Spiculated**: thin lines leave it and draw the tissue in."
    ),
    "mass shape": (
        "The outline as a whole. **Oval** (up to three gentle lobes), **round**, or **irregular**."
    ),
    "mass density": (
        "How much it weakens the beam, beside an equal volume of gland. **Fat-containing** masses "
        "are benign."
    ),
    "calcification morphology": (
        "The shape of single particles. Suspicious: **amorphous** (too small to have a shape), "
        "**coarse heterogeneous**, **fine pleomorphic**, **fine linear** (or branching, a cast of "
        "a duct). Typically benign: **round**, **rim**, **coarse (popcorn)**, **vascular**, "
        "**milk of calcium**."
    ),
    "calcification distribution": (
        "How the particles lie. **Diffuse** and **regional** are large areas, **grouped** is a "
        "cluster, **linear** and **segmental** follow ducts."
    ),
    "asymmetry": (
        "Gland where the other side has none. **Asymmetry**: in one view alone. **Focal**: in "
        "both. **Developing**: new or larger than before."
    ),
    "mass enhancement": (
        "How contrast fills the mass in the recombined image. The model never sees that image."
    ),
    "non-mass enhancement": (
        "Where contrast is taken up without a mass, in the recombined image. The model never sees "
        "that image."
    ),
    "enhancement conspicuity": (
        "How much the enhancement stands out. The model never sees the recombined image."
    ),
}
"""Lexicon term -> its explanation, Markdown."""

DIAMETER = "The largest diameter of the first lesion; further ones keep their size relative to it."
CONTRAST = "A factor on what the lesions add to the attenuation: 0 is invisible, 1 as it is."
NUMBER = "How many lesions the breast has; 0 takes all away."
