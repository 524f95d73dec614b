"""Grades of readings and the feedback on marks; distances worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tests.conftest import make_case
from xai_core.errors import UnreadableImage
from xai_core.faithfulness.metrics.localisation import TOLERANCE_PX
from xai_core.preprocessing.letterbox import fit
from xai_core.types import BENIGN, MALIGNANT, Case, MarkedFinding, Pathology
from xai_core.ui.blind.grading import (
    Grade,
    MarksOnPicture,
    compare_marks,
    feedback,
    grade_of,
    score_line,
)
from xai_core.ui.blind.reading import LOW, RECOMBINED, Answer, Mark, point_mark

SHAPE = (120, 90)
# The tolerance in pixels of the case: with an input this large it is 3 px.
SIZE = round(TOLERANCE_PX / 3 * 120)


def square(row: int, column: int, side: int) -> np.ndarray:
    mask = np.zeros(SHAPE, bool)
    mask[row : row + side, column : column + side] = True
    return mask


MASS = MarkedFinding(square(20, 10, 11), "mass")  # rows 20 to 30, columns 10 to 20
CALCIFICATIONS = MarkedFinding(square(80, 40, 5), "calcifications")  # rows 80 to 84


def a_case(**fields: object) -> Case:
    """A malignant case of a mass and calcifications; the whole picture is breast."""
    known = {
        "image": np.full(SHAPE, 0.5, np.float32),
        "lesion_mask": MASS.mask | CALCIFICATIONS.mask,
        "lesions": (MASS, CALCIFICATIONS),
    }
    return make_case(**{**known, **fields})


def on(x: float, y: float) -> Mark:
    return point_mark(LOW, x, y)


def graded(case: Case, class_index: int, *marks: Mark) -> Grade | None:
    return grade_of(case, Answer(class_index, 75, marks), lambda _: case, SIZE)


def told(case: Case, *marks: Mark) -> list[str]:
    return feedback(compare_marks(case, marks, SIZE))


def test_the_tolerance_of_these_tests_is_three_pixels() -> None:
    scale = fit(a_case().image, SIZE).scale
    assert pytest.approx(3, abs=0.5) == TOLERANCE_PX / scale


# --- grades ---


def test_a_malignant_case_is_right_if_a_mark_lies_on_a_finding() -> None:
    assert graded(a_case(), MALIGNANT, on(15, 25)) is Grade.RIGHT
    assert graded(a_case(), MALIGNANT, on(5, 100), on(22, 25)) is Grade.RIGHT  # 2 px beside
    assert graded(a_case(), MALIGNANT, on(30, 25)) is Grade.LESION_MISSED  # 10 px beside
    assert graded(a_case(), MALIGNANT) is Grade.LESION_MISSED  # nothing marked
    assert graded(a_case(), BENIGN, on(15, 25)) is Grade.WRONG


def test_a_mark_on_the_recombined_image_counts_on_its_own_grid() -> None:
    recombined = np.full((240, 180), 0.5, np.float32)
    mask = np.zeros((240, 180), bool)
    mask[40:62, 20:42] = True
    case = a_case(recombined=recombined, recombined_mask=mask)
    assert graded(case, MALIGNANT, point_mark(RECOMBINED, 30, 50)) is Grade.RIGHT
    assert graded(case, MALIGNANT, point_mark(RECOMBINED, 46, 50)) is Grade.RIGHT  # 5 of 6 px
    assert graded(case, MALIGNANT, point_mark(RECOMBINED, 100, 50)) is Grade.LESION_MISSED
    # A mark on a picture that the case does not have, as from another version of it, is none.
    assert graded(a_case(), MALIGNANT, point_mark(RECOMBINED, 30, 50)) is Grade.LESION_MISSED


def test_marks_do_not_matter_where_no_lesion_can_be_missed() -> None:
    unmarked = a_case(lesion_mask=None, lesions=())
    assert graded(unmarked, MALIGNANT, on(80, 10)) is Grade.RIGHT
    for pathology in (Pathology.BENIGN, Pathology.NORMAL):
        assert graded(a_case(pathology=pathology), BENIGN, on(80, 10)) is Grade.RIGHT
        assert graded(a_case(pathology=pathology), MALIGNANT) is Grade.WRONG
    assert graded(a_case(pathology=None), MALIGNANT, on(15, 25)) is None


def test_only_a_case_whose_marks_matter_is_read_and_one_that_cannot_be_has_no_grade() -> None:
    def unreadable(case_id: str) -> Case:
        raise UnreadableImage(f"{case_id} is damaged.")

    case = a_case()
    assert grade_of(case, Answer(MALIGNANT, 75), unreadable, SIZE) is None
    assert grade_of(case, Answer(BENIGN, 75), unreadable, SIZE) is Grade.WRONG


def test_the_score_counts_only_what_is_right() -> None:
    malignant, benign = a_case(), a_case(pathology=Pathology.BENIGN)
    assert score_line([]) == ""
    readings = [
        (malignant, Grade.RIGHT), (malignant, Grade.LESION_MISSED), (malignant, Grade.WRONG),
        (benign, Grade.RIGHT),
    ]  # fmt: skip
    assert score_line(readings) == (
        "So far: 1 of 3 malignant right and 1 class right, lesion missed; 1 of 1 not malignant "
        "right."
    )
    assert score_line(readings[:1]) == "So far: 1 of 1 malignant right."


# --- feedback ---


def test_the_feedback_names_what_was_found_missed_and_marked_in_vain() -> None:
    assert told(a_case(), on(15, 25), on(42, 60), on(80, 10)) == [
        "Found on the low-energy image: finding 1 of 2 (mass), by mark 1, inside its outline.",
        "Missed on the low-energy image: finding 2 of 2 (calcifications); the nearest mark, 2, is "
        "20 px from its outline.",
        "On no finding of the low-energy image: marks 2 and 3.",
        "A mark counts within 3 px on the low-energy image of a finding's outline, which is the "
        "pointing game's tolerance of 15 px on the network's grid.",
    ]


def test_a_mark_beside_the_outline_within_reach_has_found_it() -> None:
    assert told(a_case(), on(22, 25))[:2] == [
        "Found on the low-energy image: finding 1 of 2 (mass), by mark 1, 2 px from its outline.",
        "Missed on the low-energy image: finding 2 of 2 (calcifications); the nearest mark, 1, is "
        "58 px from its outline.",  # 55 rows and 18 columns
    ]


def test_distances_are_in_millimetres_where_the_size_of_a_pixel_is_known() -> None:
    lines = told(a_case(pixel_spacing=(0.5, 0.5)), on(22, 25))
    assert "by mark 1, 1.0 mm from its outline" in lines[0]
    assert "is 29 mm from its outline" in lines[1]
    assert lines[-1].startswith("A mark counts within 1.5 mm on the low-energy image")
    # Rows of 1 mm, columns of 0.1 mm: 55 rows and 18 columns are 55 mm and 1.8 mm.
    lines = told(a_case(pixel_spacing=(1.0, 0.1)), on(22, 25))
    assert "is 55 mm from its outline" in lines[1]


def test_one_mask_of_all_findings_is_told_by_its_regions() -> None:
    assert told(a_case(lesions=()), on(15, 25))[0] == (
        "Found on the low-energy image: marked region 1 of 2, by mark 1, inside its outline."
    )


def test_without_a_mark_all_findings_are_missed() -> None:
    assert told(a_case()) == [
        "Missed on the low-energy image: finding 1 of 2 (mass) and finding 2 of 2 "
        "(calcifications); you made no mark there."
    ]


def test_marks_on_one_of_two_pictures() -> None:
    """Who finds the lesion on one image has not missed it; marks are numbered over both."""
    recombined = np.full((240, 180), 0.5, np.float32)
    mask = np.zeros((240, 180), bool)
    mask[40:62, 20:42] = True
    case = a_case(recombined=recombined, recombined_mask=mask)
    assert told(case, point_mark(RECOMBINED, 30, 50))[:2] == [
        "Not marked on the low-energy image: finding 1 of 2 (mass) and finding 2 of 2 "
        "(calcifications).",
        "Found on the recombined image: marked region 1 of 1, by mark 1, inside its outline.",
    ]
    lines = told(case, on(80, 10), point_mark(RECOMBINED, 100, 50))
    assert lines[2] == "On no finding of the low-energy image: mark 1."
    assert lines[3] == (
        "Missed on the recombined image: marked region 1 of 1; the nearest mark, 2, is 59 px from "
        "its outline."
    )
    assert lines[-1].startswith(
        "A mark counts within 3 px on the low-energy image and 6 px on the recombined image of"
    )


def test_a_case_without_marked_findings() -> None:
    case = a_case(lesion_mask=None, lesions=())
    assert told(case) == ["Nothing is marked on this case by its source."]
    assert told(case, on(15, 25)) == [
        "On the low-energy image nothing is marked by the source; you made 1.",
        "Nothing is marked on this case by its source.",
    ]


def test_a_mark_in_the_corner_of_the_picture_is_measured() -> None:
    (found,) = compare_marks(a_case(), [on(SHAPE[1], SHAPE[0])], SIZE)
    assert isinstance(found, MarksOnPicture)
    assert found.pixels[0].tolist() == [
        pytest.approx(np.hypot(119 - 30, 89 - 20)), pytest.approx(np.hypot(119 - 84, 89 - 44)),
    ]  # fmt: skip
