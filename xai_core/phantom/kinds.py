"""The kinds of lesion: one file each, listed here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from xai_core.phantom import asymmetry, benign, calcification, distortion, mass
from xai_core.phantom.lesion import LesionKind

KINDS: tuple[LesionKind, ...] = (
    mass.KIND,
    calcification.KIND,
    distortion.KIND,
    asymmetry.KIND,
    distortion.SCAR_KIND,
    benign.CYST_KIND,
    benign.FIBROADENOMA_KIND,
    benign.LYMPH_NODE_KIND,
    benign.OIL_CYST_KIND,
)
"""Every kind.  Random draws follow this order: another order, or another kind, makes the same seeds
draw other lesions."""

LESION_KINDS: Mapping[str, LesionKind] = MappingProxyType({kind.name: kind for kind in KINDS})
"""Every kind by its name."""
