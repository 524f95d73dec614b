"""Everything that is found of one kind of image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xai_core.study.realism.compare import Line, compare
from xai_core.study.realism.measure import Measurement
from xai_core.study.realism.quantities import IMAGE_KEYS, KEYS
from xai_core.study.realism.separate import Separation, separate


@dataclass(frozen=True)
class Findings:
    """``title``: the kind of image and how many.  ``lines``: a line per quantity.  ``every``:
    telling phantoms from real images by texture, shape and grey levels, on all images;
    ``marked``: by all quantities, on images with a marked region; None where there are too few."""

    title: str
    lines: Sequence[Line]
    every: Separation | None
    marked: Separation | None


def find(real: Sequence[Measurement], phantoms: Sequence[Measurement], kind: str) -> Findings:
    """Compare the images of one kind, such as ``low-energy``."""
    theirs, ours = [m for m in real if m.kind == kind], [m for m in phantoms if m.kind == kind]
    return Findings(
        title=f"{kind.capitalize()} images: {len(ours)} phantoms, {len(theirs)} real",
        lines=compare(theirs, ours),
        every=separate(theirs, ours, IMAGE_KEYS),
        marked=separate(_marked(theirs), _marked(ours), KEYS),
    )


def _marked(measured: Sequence[Measurement]) -> list[Measurement]:
    return [m for m in measured if m.values["area"] > 0]
