"""Attenuation of tissues at one effective energy of each exposure, in 1/mm.

Fat and fibroglandular tissue: Johns and Yaffe, Physics in Medicine and Biology 32 (1987), at 20 keV
and, interpolated, at 34 keV.  Iodine: NIST mass attenuation coefficients.  Calcium: NIST
coefficients of the elements of hydroxyapatite, 3.16 g/cm3.  Rounded: one energy stands for a
spectrum.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Material:
    """Linear attenuation in 1/mm: ``low`` at 20 keV, ``high`` at 34 keV."""

    low: float
    high: float


FAT = Material(0.0456, 0.0245)
GLAND = Material(0.0802, 0.0335)
SKIN = Material(0.0850, 0.0350)
MUSCLE = Material(0.0820, 0.0340)
CALCIUM = Material(2.05, 0.48)  # hydroxyapatite
IODINE = Material(2.54, 3.36)  # per mg/mm2: mass attenuation, 25.4 and 33.6 cm2/g

WEIGHT = (GLAND.high - FAT.high) / (GLAND.low - FAT.low)
"""Weight of the low-energy logarithm in the recombined image: gland then cancels against fat."""


def in_gland(material: Material) -> float:
    """How many mm of gland in place of fat attenuate as much as 1 mm of ``material`` does in place
    of fat, at low energy."""
    return (material.low - FAT.low) / (GLAND.low - FAT.low)


def recombined(material: Material) -> float:
    """What 1 mm of ``material`` adds to the weighted difference of logarithms."""
    return material.high - WEIGHT * material.low
