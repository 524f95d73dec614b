"""Real images in training: selection by patient, masks and targets."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cases.builders import make_release
from xai_core.errors import BadRequest
from xai_core.training.real import patient_number, read_real

SIZE = 64


@pytest.mark.parametrize(("patient", "number"), [("P17", 17), ("P2", 2), ("unknown", None)])
def test_the_number_of_a_patient(patient: str, number: int | None) -> None:
    assert patient_number(patient) == number


def test_only_marked_images_of_odd_patients_are_read(tmp_path: Path) -> None:
    """Of the little release only P7's left CC view is labelled and marked."""
    images = read_real(make_release(tmp_path), SIZE)
    assert len(images) == 1
    assert images[0].image.shape == images[0].mask.shape == (SIZE, SIZE)
    assert images[0].malignant
    assert images[0].mask.any()


def test_a_release_without_such_an_image_is_refused(tmp_path: Path) -> None:
    root = make_release(tmp_path)
    for path in root.rglob("P7_*"):
        path.unlink()
    with pytest.raises(BadRequest, match="odd number"):
        read_real(root, SIZE)
