"""What a lesion is before it is drawn, and what a kind of lesion says of itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from xai_core.phantom.lexicon import (
    MASS_ENHANCEMENT,
    MASS_PATTERN,
    NON_MASS_ENHANCEMENT,
    NON_MASS_PATTERN,
    Given,
    Table,
)
from xai_core.phantom.solid import Site, Solid
from xai_core.types import Pathology


@dataclass(frozen=True)
class LesionPlan:
    """One lesion to draw.

    ``diameter`` in mm; ``gain``: factor on what it adds to the attenuation, 1 as it is;
    ``descriptors`` maps a lexicon term to its value; ``probability`` of malignancy in (0, 1)
    by the descriptors seen at low energy, which the label was drawn with.
    """

    kind: str
    pathology: Pathology
    diameter: float
    gain: float
    descriptors: Mapping[str, str]
    probability: float
    occult: bool = False


DrawLesion = Callable[[np.random.Generator, LesionPlan, Site, float], Solid]
"""(rng, plan, site, radius) -> the solid.

All that is random comes from ``rng``, which is the same in both views; how many numbers are drawn
does not depend on the site.  ``radius`` in mm.
"""


@dataclass(frozen=True)
class LesionKind:
    """A kind of lesion; ``kinds.py`` lists all of them.

    ``share``: relative frequency among lesions, before the class is drawn.  ``log_odds``: weight
    for malignancy.  ``terms``: what it is described with at low energy, each with its values.
    ``given``: term -> the term it goes with (an earlier one) and how often its values occur with
    each value of that one; see ``lexicon.GIVEN``.  ``finding``: descriptors -> how a report puts
    it; the kind's name where there is none.  ``cues``: term -> how a teaching note puts a value,
    with ``{}`` for it.  ``reach``: half width of the box it needs, in radii.  ``size``: factor on
    its diameter.  ``solid``: whether it enhances in the patterns of a mass or of a non-mass lesion.
    ``enhancement``: pattern -> frequency in benign and malignant lesions; those of the lexicon
    where None.  ``one_view``: whether, by its descriptors, only the first view shows it.
    """

    name: str
    share: float
    log_odds: float
    draw: DrawLesion
    terms: Mapping[str, Table] = field(default_factory=dict)
    given: Mapping[str, Given] = field(default_factory=dict)
    finding: Callable[[Mapping[str, str]], str] | None = None
    cues: Mapping[str, str] = field(default_factory=dict)
    reach: float = 3.0
    size: float = 1.0
    solid: bool = False
    enhancement: Mapping[str, tuple[float, float]] | None = None
    one_view: Callable[[Mapping[str, str]], bool] | None = None

    @property
    def pattern_term(self) -> str:
        """The term that names its pattern of enhancement."""
        return MASS_PATTERN if self.solid else NON_MASS_PATTERN

    @property
    def patterns(self) -> Mapping[str, tuple[float, float]]:
        """Its patterns of enhancement with their frequency in benign and malignant lesions."""
        if self.enhancement is not None:
            return self.enhancement
        return MASS_ENHANCEMENT if self.solid else NON_MASS_ENHANCEMENT
