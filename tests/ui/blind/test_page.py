"""Blind reading over several runs of a page: what the page and its address hold at each stage."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.ui.pages import blind_page
from tests.ui.stand_in_service import (
    STAND_INS,
    StandInService,
    four_cases,
    session_part,
    unescaped,
    use_stand_in,
    without_error,
)
from xai_core.ui.blind.blind_session import BlindReading, ReadingProgress
from xai_core.ui.blind.reading import CommittedReading, Mark, alias, cases_by_alias, point_mark
from xai_core.ui.blind.stored_readings import source_key, write

ORDER = cases_by_alias(four_cases())


@pytest.fixture
def stand_in() -> Iterator[StandInService]:
    with use_stand_in(predicted=False) as stand_in:
        yield stand_in


def opened(**address: str) -> AppTest:
    page = AppTest.from_function(blind_page, default_timeout=60)
    for name, value in address.items():
        page.query_params[name] = value
    return without_error(page.run())


def address(page: AppTest) -> dict[str, str]:
    parameters = page.query_params.items()
    return {name: value[0] if isinstance(value, list) else value for name, value in parameters}


def page_text(page: AppTest) -> str:
    kinds = ("markdown", "caption", "warning", "error", "checkbox", "button", "toggle")
    elements = [element for kind in kinds for element in page.get(kind)]
    return unescaped(
        " ".join(str(getattr(e, "label", "") or getattr(e, "value", "")) for e in elements)
    )


def answer(page: AppTest, class_name: str, confidence: int) -> AppTest:
    page.checkbox[0].check().run()
    page.segmented_control[0].set_value(class_name).run()
    page.segmented_control[1].set_value(confidence).run()
    return without_error(page)


def test_blind_reading_starts_with_a_case_whose_truth_was_not_shown(
    stand_in: StandInService,
) -> None:
    first = next(iter(ORDER.values()))
    page = opened(case=first)
    assert f"open: {first}" in page_text(page)
    page.toggle[0].set_value(True).run()
    second = list(ORDER.values())[1]
    assert address(without_error(page)) == {"blind": "on", "case": alias(second)}
    page.toggle[0].set_value(False).run()
    assert f"open: {first}" in page_text(without_error(page))
    assert address(page)["case"] == first


@pytest.mark.parametrize("case_id", list(ORDER.values()))
def test_before_the_answer_the_page_does_not_hold_the_truth(
    stand_in: StandInService, case_id: str
) -> None:
    stand_in.predict_all()
    page = opened(blind="on", case=alias(case_id))
    for secret in ("TP-", "TN-", "normal", "patient", "probability", "open:"):
        assert secret not in page_text(page)
    assert not stand_in.asked  # no explanation was requested
    assert next(b for b in page.button if "Commit" in b.label).disabled


def test_the_truth_is_shown_after_the_answer_and_the_model_after_the_truth(
    stand_in: StandInService,
) -> None:
    page = opened(blind="on", case=alias("TP-1"))
    answer(page, "Malignant", 75)
    next(b for b in page.button if "Commit" in b.label).click().run()
    text = page_text(without_error(page))
    assert "You said **malignant**, 75 % sure: **class right, lesion missed**" in text
    assert "0 of 1 malignant right and 1 class right, lesion missed" in text
    assert "Missed on the low-energy image: marked region 1 of 1; you made no mark" in text
    assert "open:" not in text
    assert address(page) == {"blind": "on", "case": alias("TP-1")}
    next(b for b in page.button if "Now the model" in b.label).click().run()
    text = page_text(without_error(page))
    assert "open: TP-1" in text
    assert "You said **malignant**" in text
    assert address(page)["method"] == "grad-cam"
    assert address(page)["case"] == alias("TP-1")


def commit(page: AppTest, case_id: str, class_name: str, *marks: Mark) -> AppTest:
    """Read the case on show with these marks, as if they had come from the viewer."""
    state = session_part(page, BlindReading)
    state.cases[case_id] = ReadingProgress(marks, nothing_to_mark=not marks)
    page.segmented_control[0].set_value(class_name).run()
    page.segmented_control[1].set_value(75).run()
    next(b for b in page.button if "Commit" in b.label).click().run()
    return without_error(page)


def tab_text(page: AppTest) -> str:
    """The text that the page gives the browser's tab to keep."""
    readings = {
        case_id: CommittedReading(one.answer, one.model_shown)
        for case_id, one in session_part(page, BlindReading).cases.items()
        if one.answer is not None
    }
    source = source_key(STAND_INS[-1].source.name, STAND_INS[-1].records)
    return write(readings, source, str(st.get_option("server.cookieSecret")))


def test_a_mark_on_the_lesion_makes_the_reading_right(stand_in: StandInService) -> None:
    mask = stand_in.cases["TP-1"].lesion_mask
    assert mask is not None
    row, column = (int(index.mean()) for index in mask.nonzero())
    page = opened(blind="on", case=alias("TP-1"))
    text = page_text(commit(page, "TP-1", "Malignant", point_mark("low", column, row)))
    assert "You said **malignant**, 75 % sure: **right**" in text
    assert "So far: 1 of 1 malignant right." in text
    assert "by mark 1, inside its outline" in text


def test_readings_survive_a_reload(stand_in: StandInService) -> None:
    page = opened(blind="on", case=alias("TP-1"))
    commit(page, "TP-1", "Malignant")
    text = tab_text(page)
    assert "TP-1" not in text

    again = opened(blind="on", case=alias("TP-1"))
    assert "Your reading" in page_text(again)
    again.text_input[0].set_value(text).run()
    shown = page_text(without_error(again))
    assert "You said **malignant**, 75 % sure: **class right, lesion missed**" in shown
    assert "0 of 1 malignant right and 1 class right" in shown
    assert tab_text(again) == text

    next(b for b in again.button if "Now the model" in b.label).click().run()
    third = opened(blind="on", case=alias("TP-1"), method="hybrid-cam")
    third.text_input[0].set_value(tab_text(again)).run()
    assert "open: TP-1" in page_text(without_error(third))  # at the stage that it had reached
    assert address(third)["method"] == "hybrid-cam"


def test_an_answer_of_this_session_stays_and_an_unread_case_is_chosen_anew(
    stand_in: StandInService,
) -> None:
    page = opened(blind="on", case=alias("TN-1"))
    commit(page, "TN-1", "Malignant")
    text = tab_text(page)

    again = opened(blind="on", case=alias("TN-1"))
    commit(again, "TN-1", "Benign")
    again.text_input[0].set_value(text).run()
    assert "You said **benign**, 75 % sure: **right**" in page_text(without_error(again))

    first = next(iter(ORDER.values()))
    page = opened(blind="on", case=alias(first))
    commit(page, first, "Benign")
    fresh = opened(case=list(ORDER.values())[-1])
    fresh.toggle[0].set_value(True).run()
    assert address(fresh)["case"] == alias(first)  # the first one whose truth was not shown
    fresh.text_input[0].set_value(tab_text(page)).run()
    assert address(without_error(fresh))["case"] == alias(list(ORDER.values())[1])
    assert "Your reading" in page_text(fresh)


@pytest.mark.parametrize("how", ["changed", "of another source", "nonsense"])
def test_a_text_that_is_not_this_servers_opens_no_truth(stand_in: StandInService, how: str) -> None:
    page = opened(blind="on", case=alias("TP-1"))
    text = tab_text(commit(page, "TP-1", "Malignant"))
    if how == "changed":
        text = text.replace(alias("TP-1"), alias("TN-1"))
    elif how == "of another source":
        stand_in.cases = {k: c for k, c in stand_in.cases.items() if k != "TP-2"}
    else:
        text = "x" * 500
    for case_id in ("TP-1", "TN-1"):
        again = opened(blind="on", case=alias(case_id))
        again.text_input[0].set_value(text).run()
        shown = page_text(without_error(again))
        assert "Your reading" in shown
        for secret in ("You said", "The truth", "normal", "malignant right", case_id):
            assert secret not in shown
        assert tab_text(again) == ""


def test_an_address_with_an_unknown_alias_gets_a_sentence(stand_in: StandInService) -> None:
    page = opened(blind="on", case="TP-1")  # an id, not an alias
    assert "names a blind case that is not among these" in page.warning[0].value
    page = opened(blind="perhaps")
    assert "only on and off exist" in page.warning[0].value
    assert "open:" in page_text(page)


def test_an_unreadable_case_gets_a_sentence_without_its_id(
    stand_in: StandInService,
) -> None:
    stand_in.unreadable = ("TN-1",)
    page = opened(blind="on", case=alias("TN-1"))
    assert "cannot be read from its files" in page.error[0].value
    assert "TN-1" not in page_text(page)
