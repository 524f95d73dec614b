"""Blind reading over several runs of a page: what the page and its address hold at each stage."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.pages import blind_page
from tests.ui.stand_in_service import StandInService, four_cases, use_stand_in, without_error
from xai_core.ui.blind.reading import alias, cases_by_alias

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
    return " ".join(str(getattr(e, "label", "") or getattr(e, "value", "")) for e in elements)


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
    assert "You said **malignant**, 75 % sure: **right**" in text
    assert "1 of 1 malignant right" in text
    assert "open:" not in text
    assert address(page) == {"blind": "on", "case": alias("TP-1")}
    next(b for b in page.button if "Now the model" in b.label).click().run()
    text = page_text(without_error(page))
    assert "open: TP-1" in text
    assert "You said **malignant**" in text
    assert address(page)["method"] == "grad-cam"
    assert address(page)["case"] == alias("TP-1")


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
