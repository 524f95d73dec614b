"""Blind reading, one script run after another: what is on the page and in its address at each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.pages import blind_page
from tests.ui.stand_in_service import StandInService, clean, four_cases, on_duty
from xai_core.ui.blind.reading import alias, in_blind_order

ORDER = in_blind_order(four_cases())


@pytest.fixture
def stand_in() -> Iterator[StandInService]:
    with on_duty(predicted=False) as stand_in:
        yield stand_in


def opened(**address: str) -> AppTest:
    page = AppTest.from_function(blind_page, default_timeout=60)
    for name, value in address.items():
        page.query_params[name] = value
    return clean(page.run())


def address(page: AppTest) -> dict[str, str]:
    given = page.query_params.items()
    return {name: value[0] if isinstance(value, list) else value for name, value in given}


def words(page: AppTest) -> str:
    kinds = ("markdown", "caption", "warning", "error", "checkbox", "button", "toggle")
    found = [element for kind in kinds for element in page.get(kind)]
    return " ".join(str(getattr(e, "label", "") or getattr(e, "value", "")) for e in found)


def answer(page: AppTest, called: str, sure: int) -> AppTest:
    page.checkbox[0].check().run()
    page.segmented_control[0].set_value(called).run()
    page.segmented_control[1].set_value(sure).run()
    return clean(page)


def test_the_switch_begins_with_a_case_not_seen(stand_in: StandInService) -> None:
    first = next(iter(ORDER.values()))
    page = opened(case=first)
    assert f"open: {first}" in words(page)
    page.toggle[0].set_value(True).run()
    second = list(ORDER.values())[1]
    assert address(clean(page)) == {"blind": "on", "case": alias(second)}
    page.toggle[0].set_value(False).run()
    assert f"open: {first}" in words(clean(page))
    assert address(page)["case"] == first


@pytest.mark.parametrize("case_id", list(ORDER.values()))
def test_before_the_answer_nothing_says_what_it_is(stand_in: StandInService, case_id: str) -> None:
    stand_in.predict_all()
    page = opened(blind="on", case=alias(case_id))
    for secret in ("TP-", "TN-", "normal", "patient", "probability", "open:"):
        assert secret not in words(page)
    assert not stand_in.asked  # the model has not even been asked
    assert next(b for b in page.button if "Commit" in b.label).disabled


def test_truth_first_then_the_model(stand_in: StandInService) -> None:
    page = opened(blind="on", case=alias("TP-1"))
    answer(page, "Malignant", 75)
    next(b for b in page.button if "Commit" in b.label).click().run()
    said = words(clean(page))
    assert "You said **malignant**, 75 % sure: **right**" in said
    assert "1 of 1 malignant right" in said
    assert "open:" not in said
    assert address(page) == {"blind": "on", "case": alias("TP-1")}
    next(b for b in page.button if "Now the model" in b.label).click().run()
    said = words(clean(page))
    assert "open: TP-1" in said
    assert "You said **malignant**" in said
    assert address(page)["method"] == "grad-cam"
    assert address(page)["case"] == alias("TP-1")


def test_an_address_that_names_no_case_is_a_sentence(stand_in: StandInService) -> None:
    page = opened(blind="on", case="TP-1")  # its own name is none of the aliases
    assert "names a blind case that is not among these" in page.warning[0].value
    page = opened(blind="perhaps")
    assert "only on and off exist" in page.warning[0].value
    assert "open:" in words(page)


def test_a_case_that_cannot_be_read_is_a_sentence_without_its_name(
    stand_in: StandInService,
) -> None:
    stand_in.unreadable = ("TN-1",)
    page = opened(blind="on", case=alias("TN-1"))
    assert "cannot be read from its files" in page.error[0].value
    assert "TN-1" not in words(page)
