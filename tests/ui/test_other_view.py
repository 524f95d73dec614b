"""The link from one view of a breast to the other."""

from __future__ import annotations

from dataclasses import replace

from streamlit.testing.v1 import AppTest

from tests.ui import pages
from tests.ui.stand_in_service import session_part, set_viewer_drawn, use_stand_in, without_error
from xai_core.ui.session import ShownRequest


def test_the_other_view_of_the_same_breast_is_one_press_away() -> None:
    with use_stand_in() as service:
        first, second, *_ = service.cases
        for one, other, view in ((first, second, "CC"), (second, first, "MLO")):
            service.cases[one] = replace(service.cases[one], other_view=other, view=view)
        page = AppTest.from_function(pages.live_page)
        set_viewer_drawn(page)
        without_error(page.run())
        button = page.button("other view")
        assert button.label.startswith("The same breast,")
        assert button.label.endswith("MLO")
        without_error(button.click().run())
        assert session_part(page, ShownRequest).request.case_id == second
        assert page.button("other view").label.endswith("CC")


def test_a_case_without_a_second_view_has_no_such_button() -> None:
    with use_stand_in():
        page = AppTest.from_function(pages.live_page)
        set_viewer_drawn(page)
        without_error(page.run())
        assert not [button for button in page.button if button.key == "other view"]
