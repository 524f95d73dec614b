"""A committed reading compared with the truth: its grade, and what was found and what was missed.

A malignant case whose findings are marked is read right if the class is right and a mark lies on
one of them: who calls it malignant for another spot has not found the cancer.  No Streamlit.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xai_core.errors import XaiError
from xai_core.faithfulness.metrics.localisation import TOLERANCE_PX
from xai_core.findings import distances, finding_words, findings_of, regions
from xai_core.list_text import listed
from xai_core.preprocessing.letterbox import fit
from xai_core.types import BENIGN, MALIGNANT, Case, CaseRecord, FloatArray, MarkedFinding
from xai_core.ui.blind.reading import LOW, RECOMBINED, Answer, Mark

_NAMES = {LOW: "low-energy image", RECOMBINED: "recombined image"}


class Grade(enum.Enum):
    """How a reading compares with the truth; only ``RIGHT`` counts as right."""

    RIGHT = "right"
    LESION_MISSED = "class right, lesion missed"
    WRONG = "wrong"


# --- marks and findings ---


@dataclass(frozen=True, eq=False)
class MarksOnPicture:
    """The reader's marks on one picture, compared with the findings marked there.

    ``picture``: "low" or "recombined".  ``findings``: those marked there.  ``numbers``: of the
    marks made there, from 1 in the order of all marks, as the viewer lists them.  ``pixels``:
    float64 (marks, findings), from each mark to the finding's nearest pixel, 0 inside.
    ``reach``: the largest of these distances at which a mark counts.  ``spacing``: mm per pixel
    (row, column), None where it is not known; ``millimetres``: as ``pixels``, then.
    """

    picture: str
    findings: tuple[MarkedFinding, ...]
    numbers: tuple[int, ...]
    pixels: NDArray[np.float64]
    reach: float
    spacing: tuple[float, float] | None = None
    millimetres: NDArray[np.float64] | None = None

    @property
    def name(self) -> str:
        """The picture in sentences."""
        return _NAMES[self.picture]

    @property
    def within(self) -> NDArray[np.bool_]:
        """Whether each mark counts for each finding, bool (marks, findings)."""
        return np.asarray(self.pixels <= self.reach)

    @property
    def has_hit(self) -> bool:
        """Whether any mark counts for any finding."""
        return bool(self.within.any())

    def distance_words(self, mark: int, finding: int) -> str:
        """A distance in mm where the size of a pixel is known, else in px of the picture."""
        if self.millimetres is None:
            return f"{self.pixels[mark, finding]:.0f} px"
        return _mm(float(self.millimetres[mark, finding]))

    def reach_words(self) -> str:
        """The distance at which a mark still counts, in the same unit."""
        if self.spacing is None:
            return f"{self.reach:.0f} px"
        return _mm(self.reach * math.sqrt(self.spacing[0] * self.spacing[1]))


def _mm(distance: float) -> str:
    return f"{distance:.0f} mm" if distance >= 9.5 else f"{distance:.1f} mm"


def compare_marks(case: Case, marks: Sequence[Mark], input_size: int) -> tuple[MarksOnPicture, ...]:
    """The marks on each picture of ``case``, the low-energy image first.

    Args:
        case: with the findings that its source marked.
        marks: on any of its pictures.
        input_size: side of the network's input, px: a mark counts within the pointing game's
            tolerance, which is in pixels of that grid.
    """
    reach = TOLERANCE_PX / fit(case.image, input_size).scale
    low = _on_picture(LOW, case.image, findings_of(case), marks, reach, case.pixel_spacing)
    if case.recombined is None:
        return (low,)
    # The pixel size is that of the low-energy image; the recombined one has its own, not known.
    reach *= case.recombined.shape[0] / case.image.shape[0]
    found = regions(case.recombined_mask)
    return low, _on_picture(RECOMBINED, case.recombined, found, marks, reach, None)


def _on_picture(
    picture: str, image: FloatArray, findings: tuple[MarkedFinding, ...],
    marks: Sequence[Mark], reach: float, spacing: tuple[float, float] | None,
) -> MarksOnPicture:  # fmt: skip
    own = [(number, mark) for number, mark in enumerate(marks, 1) if mark.picture == picture]
    height, width = image.shape
    pixels = [
        (min(int(y), height - 1), min(int(x), width - 1))
        for x, y in (mark.centre for _, mark in own)
    ]

    def measured(size: tuple[float, float]) -> NDArray[np.float64]:
        columns = [distances(finding, pixels, size) for finding in findings]
        return np.array(columns, np.float64).reshape(len(findings), len(own)).T

    return MarksOnPicture(
        picture, findings, tuple(number for number, _ in own), measured((1.0, 1.0)), reach, spacing,
        None if spacing is None else measured(spacing),
    )  # fmt: skip


# --- the grade ---


def grade(
    record: CaseRecord, answer: Answer, compare: Callable[[], Iterable[MarksOnPicture]]
) -> Grade | None:
    """The grade of an answer; None where the truth of the case is not given.

    Args:
        record: holds the truth.
        answer: the committed answer.
        compare: returns the answer's marks on the case's pictures; called only where they matter.

    Raises:
        XaiError: raised by ``compare``.
    """
    if record.class_index is None:
        return None
    if answer.class_index != record.class_index:
        return Grade.WRONG
    if record.class_index == MALIGNANT:
        pictures = tuple(compare())
        if any(one.findings for one in pictures) and not any(one.has_hit for one in pictures):
            return Grade.LESION_MISSED
    return Grade.RIGHT


def grade_of(
    record: CaseRecord, answer: Answer, load: Callable[[str], Case], input_size: int
) -> Grade | None:
    """The grade of an answer; None also where the case cannot be read.

    Args:
        record: holds the truth.
        answer: the committed answer.
        load: reads a case by its id; called only where the marks matter.
        input_size: see :func:`compare_marks`.
    """
    try:
        return grade(
            record, answer, lambda: compare_marks(load(record.id), answer.marks, input_size)
        )
    except XaiError:
        return None


# --- sentences ---


def score_line(graded: Iterable[tuple[CaseRecord, Grade]]) -> str:
    """How many readings were right, by the truth; empty before the first one."""
    grades: dict[int, list[Grade]] = {MALIGNANT: [], BENIGN: []}
    for record, one in graded:
        if record.class_index is not None:
            grades[record.class_index].append(one)
    parts = []
    for truth, name in ((MALIGNANT, "malignant"), (BENIGN, "not malignant")):
        if grades[truth]:
            part = f"{grades[truth].count(Grade.RIGHT)} of {len(grades[truth])} {name} right"
            missed = grades[truth].count(Grade.LESION_MISSED)
            parts.append(f"{part} and {missed} {Grade.LESION_MISSED.value}" if missed else part)
    return f"So far: {'; '.join(parts)}." if parts else ""


def feedback(pictures: Sequence[MarksOnPicture]) -> list[str]:
    """What was found and what was missed, and by how far, as sentences of plain text."""
    elsewhere = any(one.has_hit for one in pictures)
    lines = [line for one in pictures for line in _picture_lines(one, elsewhere)]
    if not any(one.findings for one in pictures):
        lines.append("Nothing is marked on this case by its source.")
    reaches = [f"{one.reach_words()} on the {one.name}" for one in pictures if one.pixels.size]
    if reaches:
        lines.append(
            f"A mark counts within {listed(reaches)} of a finding's outline, which is the pointing "
            f"game's tolerance of {TOLERANCE_PX:g} px on the network's grid."
        )
    return lines


def _picture_lines(on: MarksOnPicture, elsewhere: bool) -> list[str]:
    """The sentences about one picture.  ``elsewhere``: whether a mark counts on any picture."""
    if not on.findings:
        made = f"On the {on.name} nothing is marked by the source; you made {len(on.numbers)}."
        return [made] if on.numbers else []
    names = [finding_words(on.findings, index) for index in range(len(on.findings))]
    if not on.numbers:
        if on.picture != LOW:
            return []  # who marks one of the two images need not mark the other one too
        if elsewhere:
            return [f"Not marked on the {on.name}: {listed(names)}."]
        return [f"Missed on the {on.name}: {listed(names)}; you made no mark there."]
    lines = []
    for index, name in enumerate(names):
        nearest = int(on.pixels[:, index].argmin())
        mark, far = on.numbers[nearest], on.distance_words(nearest, index)
        if not on.within[nearest, index]:
            lines.append(
                f"Missed on the {on.name}: {name}; the nearest mark, {mark}, is {far} from its "
                "outline."
            )
        elif on.pixels[nearest, index]:
            lines.append(f"Found on the {on.name}: {name}, by mark {mark}, {far} from its outline.")
        else:
            lines.append(f"Found on the {on.name}: {name}, by mark {mark}, inside its outline.")
    beside = [str(on.numbers[i]) for i in range(len(on.numbers)) if not on.within[i].any()]
    if beside:
        marks = f"mark {beside[0]}" if len(beside) == 1 else f"marks {listed(beside)}"
        lines.append(f"On no finding of the {on.name}: {marks}.")
    return lines
