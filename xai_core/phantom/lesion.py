"""What a lesion is before it is drawn, and what a kind of lesion says of itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from xai_core.phantom.lexicon import Given, Table
from xai_core.phantom.shapes import Drawing
from xai_core.types import Pathology


@dataclass(frozen=True)
class LesionPlan:
    """One lesion to draw.

    ``diameter`` in mm; ``contrast``: grey levels (of 255) of its body over the tissue around it;
    ``descriptors`` maps a lexicon term to its value; ``probability`` of malignancy in (0, 1)
    by the descriptors seen at low energy, which the label was drawn with.
    """

    kind: str
    pathology: Pathology
    diameter: float
    contrast: float
    descriptors: Mapping[str, str]
    probability: float
    occult: bool = False


DrawLesion = Callable[
    [np.random.Generator, LesionPlan, tuple[int, int], tuple[float, float], float, float], Drawing
]
"""(rng, plan, shape, centre, radius, scale) -> the drawing.

``shape``: of the picture, (rows, columns); ``centre``: (column, row), px; ``radius``: px;
``scale``: px per pixel of a 512 px high picture.
"""


@dataclass(frozen=True)
class LesionKind:
    """A kind of lesion; ``kinds.py`` lists all of them.

    ``share``: relative frequency among lesions, before the class is drawn.  ``log_odds``: weight
    for malignancy.  ``terms``: what it is described with at low energy, each with its values.
    ``given``: term -> the term it goes with (an earlier one) and how often its values occur with
    each value of that one; see ``lexicon.GIVEN``.  ``finding``: descriptors -> how a report puts
    it; the kind's name where there is none.  ``cues``: term -> how a teaching note puts a value,
    with ``{}`` for it.  It enhances as a non-mass lesion unless it is in ``lexicon.PATTERN_TERM``.
    """

    name: str
    share: float
    log_odds: float
    draw: DrawLesion
    terms: Mapping[str, Table] = field(default_factory=dict)
    given: Mapping[str, Given] = field(default_factory=dict)
    finding: Callable[[Mapping[str, str]], str] | None = None
    cues: Mapping[str, str] = field(default_factory=dict)
