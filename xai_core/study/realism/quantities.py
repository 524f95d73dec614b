"""The list of what is measured, in the order of the tables."""

from __future__ import annotations

from dataclasses import dataclass

from xai_core.study.realism.skin import DEPTHS

PERCENTILES = (1, 5, 25, 50, 75, 95, 99)


@dataclass(frozen=True)
class Quantity:
    """A row of the tables.

    ``key``: its name in a measurement.  ``digits``: decimals shown.  ``lesion``: whether only
    images with a marked region have it.  ``view``: "CC" or "MLO" where only such images count.
    """

    key: str
    title: str
    digits: int = 0
    lesion: bool = False
    view: str | None = None


QUANTITIES = (
    Quantity("exponent", "power spectrum exponent", 2),
    *(Quantity(f"p{q}", f"grey, {q} % percentile") for q in PERCENTILES),
    Quantity("mean", "grey, mean"),
    Quantity("sd", "grey, SD"),
    Quantity("breast", "breast / square", 3),
    Quantity("width_height", "width / height, CC", 2, view="CC"),
    Quantity("width_height", "width / height, MLO", 2, view="MLO"),
    *(Quantity(f"skin{px}", f"skin, grey {px} px deep") for px in DEPTHS),
    Quantity("area", "marked area / breast", 3, lesion=True),
    Quantity("regions", "marked regions", 0, lesion=True),
    Quantity("diameter", "region's diameter, px", 0, lesion=True),
    Quantity("contrast", "region minus ring, grey", 1, lesion=True),
    Quantity("cnr", "contrast-to-noise", 2, lesion=True),
    Quantity("across", "region's centre from chest wall", 2, lesion=True),
    Quantity("down", "region's centre from top", 2, lesion=True),
)

KEYS = tuple(dict.fromkeys(q.key for q in QUANTITIES))
LESION_KEYS = tuple(q.key for q in QUANTITIES if q.lesion)
IMAGE_KEYS = tuple(key for key in KEYS if key not in LESION_KEYS)
TITLES = {q.key: q.title.removesuffix(", CC").removesuffix(", MLO") for q in QUANTITIES}
