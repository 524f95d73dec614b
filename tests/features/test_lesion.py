"""Changed cases of a phantom library: their ids, their pixels, their truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xai_core.cases.sources.library import PhantomLibrary
from xai_core.errors import BadRequest, CaseError, CaseNotFound
from xai_core.features.lesion import (
    Change,
    LesionCases,
    changed_id,
    read_change,
    write_change,
)
from xai_core.phantom.lexicon import CONSPICUITY_TERM, MASS_MARGIN
from xai_core.types import Case

MARGIN = "mass margin"


@pytest.fixture(scope="module")
def cases(library: PhantomLibrary) -> LesionCases:
    return LesionCases(library)


# --- text -------------------------------------------------------------------------------------


def test_a_change_is_written_as_a_short_text() -> None:
    change = Change({MARGIN: "circumscribed"}, diameter=20.0, contrast=0.5, number=2)
    text = "mass margin:circumscribed,diameter:20,contrast:0.5,number:2"
    assert write_change(change) == text
    assert read_change(text) == change
    assert write_change(Change()) == ""
    assert read_change("") == Change()


@given(
    st.sampled_from(sorted(MASS_MARGIN)) | st.none(),
    st.floats(4, 80).map(lambda v: round(v, 1)) | st.none(),
    st.floats(0, 3).map(lambda v: round(v, 1)),
    st.integers(0, 4) | st.none(),
)
def test_every_change_is_read_as_it_was_written(
    margin: str | None, diameter: float | None, contrast: float, number: int | None
) -> None:
    change = Change({MARGIN: margin} if margin else {}, diameter, contrast, number)
    assert read_change(write_change(change)) == change


@pytest.mark.parametrize(
    "text",
    ["spiculated", "diameter:wide", "diameter:nan", "number:1.5", "contrast:", "x:y," * 200],
)
def test_a_text_of_another_form_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(
        BadRequest, match=r"^The (change|diameter|number|contrast) is .*; give .*\.$"
    ):
        read_change(text)


# --- pixels -----------------------------------------------------------------------------------


@pytest.mark.parametrize("case_id", ["PH-0001", "PH-0001B", "PH-0002"])
def test_nothing_changed_is_the_library_s_own_case(
    library: PhantomLibrary, cases: LesionCases, case_id: str
) -> None:
    own, drawn = library.load(case_id), cases.load(case_id)
    for name in ("image", "recombined", "lesion_mask", "recombined_mask"):
        np.testing.assert_array_equal(getattr(drawn, name), getattr(own, name))
    assert changed_id(case_id, Change()) == case_id
    assert (drawn.findings, drawn.birads, drawn.note) == (own.findings, own.birads, own.note)


def _changed(cases: LesionCases, change: Change) -> Case:
    return cases.load(changed_id("PH-0001", change))


def test_a_changed_margin_changes_pixels_about_the_lesion_alone(cases: LesionCases) -> None:
    before = cases.load("PH-0001")
    after = _changed(cases, Change({MARGIN: "circumscribed"}))
    differs = after.image != before.image
    assert differs.any()
    assert before.lesion_mask is not None
    rows, columns = np.nonzero(before.lesion_mask)
    centre = rows.mean(), columns.mean()
    size = max(np.ptp(rows), np.ptp(columns))
    far = np.hypot(*(np.indices(differs.shape) - np.array(centre)[:, None, None])) > 3 * size + 10
    assert far.any()
    assert not differs[far].any()
    assert after.findings != before.findings
    assert "circumscribed" in after.findings[0]
    assert after.descriptors[MARGIN] == "circumscribed"
    assert after.is_phantom


def test_without_a_lesion_nothing_is_marked_and_the_truth_is_0(cases: LesionCases) -> None:
    name = changed_id("PH-0001", Change(number=0))
    case = cases.load(name)
    assert case.lesion_mask is None
    assert case.findings == ()
    assert cases.truth(name).probability == 0
    assert cases.truth("PH-0001").probability > 0.5


def test_enhancement_changes_the_recombined_image_alone(cases: LesionCases) -> None:
    before = cases.load("PH-0001")
    known = {cue.term: cue for cue in cases.cues("PH-0001")}
    pattern = known["mass enhancement"]
    other = next(v for v in pattern.values if v not in (pattern.value, "none", "washed out"))
    after = _changed(cases, Change({"mass enhancement": other, CONSPICUITY_TERM: "high"}))
    np.testing.assert_array_equal(after.image, before.image)
    assert after.recombined is not None
    assert before.recombined is not None
    assert (after.recombined != before.recombined).any()


def test_the_truth_follows_the_margin(cases: LesionCases) -> None:
    changed = changed_id("PH-0001", Change({MARGIN: "circumscribed"}))
    assert cases.truth(changed).probability < cases.truth("PH-0001").probability


# --- what there is ----------------------------------------------------------------------------


def test_cues_are_the_lesion_s_terms_with_its_own_values(cases: LesionCases) -> None:
    known = {cue.term: cue for cue in cases.cues("PH-0001")}
    assert known[MARGIN].value == "spiculated"
    assert known[MARGIN].values == tuple(MASS_MARGIN)
    assert cases.cues("PH-0002") == ()


def test_no_case_is_listed(cases: LesionCases) -> None:
    assert cases.records() == ()


def test_the_breast_is_kept_after_the_first_drawing(library: PhantomLibrary) -> None:
    fresh = LesionCases(library)
    assert not fresh.has_breast("PH-0001")
    first = fresh.load("PH-0001")
    assert fresh.has_breast(changed_id("PH-0001", Change(number=0)))
    assert fresh.load("PH-0001") is first


@pytest.mark.parametrize(
    ("case_id", "sentence"),
    [
        ("PH-9999", r"There is no case 'PH-9999'"),
        ("PH-9999 with number:0", r"There is no case 'PH-9999'"),
        ("PH-0001 with mass margin:fuzzy", r"The mass margin is 'fuzzy'; allowed are "),
        ("PH-0001 with oil cyst wall:thin", r"A lesion of the kind mass has no 'oil cyst wall'"),
        ("PH-0002 with number:1", r"This breast has no lesion"),
        ("PH-0001 with number:9", r"The number of lesions is 9; give 0 to 4"),
    ],
)
def test_what_cannot_be_drawn_is_told_in_a_sentence(
    cases: LesionCases, case_id: str, sentence: str
) -> None:
    with pytest.raises(CaseError, match=sentence):
        cases.load(case_id)
    if case_id.startswith("PH-9999"):
        with pytest.raises(CaseNotFound):
            cases.load(case_id)
