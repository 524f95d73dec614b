"""The findings that a source marked on a case, one by one: their numbers, kinds and distances.

Where a source has one mask of all findings, its connected regions stand for them, and are called
"marked region": two findings that touch are one region, and one of two parts is two.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

from xai_core.types import BoolArray, Case, MarkedFinding

_TOUCHING = np.ones((3, 3))  # pixels that touch at a corner are of one region
_MOST_REGIONS = 50  # each is a mask of the picture's size; no reader marks as many


def regions(mask: BoolArray | None) -> tuple[MarkedFinding, ...]:
    """The connected regions of a mask, without a kind, from top to bottom; none of None.

    A mask of more than 50, which is noise and no readers' outlines, is one region.
    """
    if mask is None:
        return ()
    labels, count = ndi.label(mask, structure=_TOUCHING)
    if count > _MOST_REGIONS:
        return (MarkedFinding(mask),)
    return tuple(MarkedFinding(labels == label) for label in range(1, count + 1))


def findings_of(case: Case) -> tuple[MarkedFinding, ...]:
    """The findings marked on the low-energy image, in the source's order; else its regions."""
    marked = tuple(lesion for lesion in case.lesions if lesion.mask.any())
    return marked or regions(case.lesion_mask)


def distances(
    finding: MarkedFinding, pixels: Sequence[tuple[int, int]], spacing: tuple[float, float]
) -> NDArray[np.float64]:
    """The distance from each pixel (row, column) to the finding's nearest pixel: 0 inside, inf
    where the finding has no pixel.

    Args:
        finding: its mask is measured.
        pixels: inside the mask's grid.
        spacing: the size of a pixel (row, column): (1, 1) gives pixels, millimetres give mm.
    """
    rows, columns = finding.mask.nonzero()
    down, across = spacing
    if not rows.size:
        return np.full(len(pixels), np.inf)
    return np.array(
        [np.hypot((rows - r) * down, (columns - c) * across).min() for r, c in pixels], np.float64
    )


# --- words ---


def finding_words(findings: Sequence[MarkedFinding], index: int) -> str:
    """A finding by number and kind: "finding 2 of 3 (mass)", "marked region 2 of 3"."""
    kind = findings[index].kind
    name = f"{index + 1} of {len(findings)}"
    return f"finding {name} ({kind})" if kind else f"marked region {name}"


def short_words(findings: Sequence[MarkedFinding], index: int) -> str:
    """A finding in a list that its number of all was said of: "the mass" where no other finding is
    of that kind, else "finding 2 (mass)"; "region 2" without a kind."""
    kind = findings[index].kind
    if not kind:
        return f"region {index + 1}"
    alone = sum(finding.kind == kind for finding in findings) == 1
    return f"the {kind}" if alone else f"finding {index + 1} ({kind})"
