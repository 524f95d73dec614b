"""The filter of the list of cases over several runs of a page: the list, the address, the pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.pages import blind_page, compare_page
from tests.ui.stand_in_service import (
    StandInService,
    page_text,
    session_part,
    use_stand_in,
    without_error,
)
from xai_core.ui.case_filter import CaseFilter
from xai_core.ui.chosen_filter import ChosenFilter


def explore_page() -> None:
    """Explore's list of cases; what the filters would report is typed into text boxes."""
    import streamlit as st

    from tests.ui.stand_in_service import STAND_INS
    from xai_core.ui import case_list, chosen_filter, session
    from xai_core.ui.blind import page

    service = STAND_INS[-1]
    page.restore(service)

    def list_with_boxes() -> None:
        for name in ("outcomes", "densities"):
            st.text_input(name, key=name, on_change=change, args=(name,))
        st.text_input("search", key="search", on_change=search)
        case_list.show(service)

    def change(name: str) -> None:
        chosen_filter.change(**{name: frozenset(st.session_state[name].split())})

    def search() -> None:
        chosen_filter.change(search=st.session_state["search"])

    for sentence in session.problems():
        st.warning(sentence)
    list_with_boxes()


def features_page() -> None:
    """The Features page up to its list of cases."""
    from tests.ui.stand_in_service import STAND_INS
    from xai_core.ui import case_list, chosen_filter, session
    from xai_core.ui.features import tab_choice

    service = STAND_INS[-1]
    session.restore(
        service.records,
        service.classifier,
        lambda parameters: chosen_filter.read_parameters(parameters, service.records),
    )
    tab_choice.update_address()
    case_list.show(service)


@pytest.fixture
def stand_in() -> Iterator[StandInService]:
    with use_stand_in() as stand_in:
        yield stand_in


def opened(page: Callable[[], None], **address: str) -> AppTest:
    test = AppTest.from_function(page, default_timeout=60)
    for name, value in address.items():
        test.query_params[name] = value
    return without_error(test.run())


def address(page: AppTest) -> dict[str, str]:
    parameters = page.query_params.items()
    return {name: value[0] if isinstance(value, list) else value for name, value in parameters}


def chosen(page: AppTest) -> CaseFilter:
    return session_part(page, ChosenFilter).filter


def test_the_address_follows_the_filter_and_a_cleared_filter_leaves_it(
    stand_in: StandInService,
) -> None:
    page = opened(explore_page, case="TN-1")
    before = address(page)
    without_error(page.text_input("outcomes").set_value("TP FN").run())
    assert address(page) == before | {"outcome": "FN,TP"}
    without_error(page.text_input("search").set_value("patient").run())
    assert address(page) == before | {"outcome": "FN,TP", "find": "patient"}
    page.text_input("outcomes").set_value("").run()
    without_error(page.text_input("search").set_value(" ").run())
    assert address(page) == before


@pytest.mark.parametrize("page_function", [explore_page, features_page, compare_page])
def test_every_page_with_the_list_restores_the_filter_and_keeps_it(
    stand_in: StandInService, page_function: Callable[[], None]
) -> None:
    page = opened(page_function, outcome="TN", truth="normal", find="tn-2")
    expected = CaseFilter(frozenset({"TN"}), frozenset({"normal"}), search="tn-2")
    assert chosen(page) == expected
    filters = {"outcome": "TN", "truth": "normal", "find": "tn-2"}
    assert filters.items() <= address(page).items()
    assert chosen(without_error(page.run())) == expected


def test_unusable_values_are_told_once_and_the_others_act(stand_in: StandInService) -> None:
    page = opened(explore_page, outcome="TN,maybe", density="Z")
    assert [warning.value.partition(",")[0] for warning in page.warning] == [
        "The address's outcome names “maybe”",
        "The address's density names “Z”",
    ]
    assert chosen(page) == CaseFilter(outcomes=frozenset({"TN"}))
    assert address(page)["outcome"] == "TN"
    assert "density" not in address(page)
    without_error(page.text_input("search").set_value("x").run())
    assert not page.warning


def test_figure_3_which_shows_no_list_has_no_filter(stand_in: StandInService) -> None:
    page = opened(compare_page, view="figure3", outcome="TP")
    assert chosen(page) == CaseFilter()
    assert "outcome" not in address(page)


def test_in_blind_reading_filters_neither_act_nor_stay_in_the_address(
    stand_in: StandInService,
) -> None:
    page = opened(blind_page, blind="on", outcome="FN", truth="malignant", find="spiculated")
    assert chosen(page) == CaseFilter()
    assert set(address(page)) == {"blind", "case"}
    assert "outcome, truth, find had no effect" in page_text(page)


def test_a_filter_rests_while_blind_reading_is_on(stand_in: StandInService) -> None:
    page = opened(blind_page, outcome="TP", find="tp")
    assert address(page)["outcome"] == "TP"
    without_error(page.toggle[0].set_value(True).run())
    assert set(address(page)) == {"blind", "case"}
    without_error(page.toggle[0].set_value(False).run())
    assert address(page)["outcome"] == "TP"
    assert address(page)["find"] == "tp"
