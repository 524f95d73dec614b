"""Minimal pages for tests.

``AppTest.from_function`` runs a function's source text alone, so each page imports what it needs.
"""


def one_choice() -> None:
    """A widget for the method, and a button that changes the method without the widget."""
    import streamlit as st

    from tests.ui.stand_in_service import CLASSIFIER
    from xai_core.cam import METHODS
    from xai_core.ui import session

    session.restore(["A", "B"], CLASSIFIER)
    chosen = session.current().request.method
    st.radio(
        "Method",
        tuple(METHODS),
        index=tuple(METHODS).index(chosen),
        key=session.widget_key("method", chosen),
        on_change=session.on_user_change("method", lambda value: session.change(method=value)),
    )
    st.button("Hybrid", on_click=lambda: session.change(method="hybrid-cam"))


def page_after_page() -> None:
    """A page that lists what its address has unusable; a switch leaves it for another page."""
    import streamlit as st

    from tests.ui.stand_in_service import CLASSIFIER
    from xai_core.ui import session

    session.begin_page("Second" if st.toggle("Leave") else "First")
    session.restore(["A", "B"], CLASSIFIER)
    for sentence in session.problems():
        st.warning(sentence)
    st.button("Nothing")


def levels_page() -> None:
    """The handlers of the viewer's area levels, driven by plain widgets instead of the viewer."""
    import streamlit as st

    from tests.ui.stand_in_service import CLASSIFIER
    from xai_core.ui import session, viewer

    session.restore(["A", "B"], CLASSIFIER)
    st.text_input(
        "typed", key="typed", on_change=lambda: viewer.add_levels(st.session_state["typed"])
    )
    st.multiselect(
        "on",
        viewer.offered_levels(),
        key="on",
        on_change=lambda: viewer.choose_levels(st.session_state["on"]),
    )
    st.button("paper", on_click=viewer.reset_levels)
    st.caption(viewer.level_problem())
    session.update_address()


def compare_page() -> None:
    """The Compare page without its frame, on the stand-in service."""
    from tests.ui.stand_in_service import STAND_INS
    from xai_core.ui.compare import page

    page.show(STAND_INS[-1])


def live_page() -> None:
    """The parts of Explore that follow a job, on the stand-in service."""
    import streamlit as st

    from tests.ui.stand_in_service import STAND_INS
    from xai_core.ui import live, session

    service = STAND_INS[-1]
    session.restore(service.records, service.classifier)
    live.show(service, session.current(), st.container(), st.container(), st.container())


def explore_page() -> None:
    """Explore's layout: a list of cases, the controls and the parts that follow a job."""
    import streamlit as st

    from tests.ui.stand_in_service import STAND_INS
    from xai_core.ui import controls, curves, deferred, live, session

    service = STAND_INS[-1]
    session.restore(service.records, service.classifier)
    deferred.draw_after_picture(lambda: st.radio("Case", list(service.records)), "list-place")
    controls.show(service, None)
    curves.show_mode_choice()
    live.show(service, session.current(), st.container(), st.container(), st.container())


def silent_viewer_page() -> None:
    """A page that sent the viewer three seconds ago and got no report that it has drawn."""
    import time
    from functools import partial

    import streamlit as st

    from tests.ui.stand_in_service import STAND_INS
    from xai_core.ui import deferred, live, session

    service = STAND_INS[-1]
    session.restore(service.records, service.classifier)
    if deferred.viewer_has_drawn():
        st.caption("the rest")
    else:
        live._body(
            partial(live._draw_left, ""), service, session.current(), False, time.monotonic() - 3
        )


def your_image_page() -> None:
    """The Your image page without its frame."""
    from tests.ui.stand_in_service import STAND_INS
    from xai_core.ui.your_image import page

    page.show(STAND_INS[-1])


def case_override_page() -> None:
    """A page of the library's cases; with the switch on, a page that shows its own case."""
    import streamlit as st

    from tests.ui.stand_in_service import STAND_INS
    from xai_core.cases.sources.upload import OWN_ID
    from xai_core.ui import session

    session.restore_case()
    session.restore(STAND_INS[-1].records, STAND_INS[-1].classifier)
    if st.toggle("Own"):
        session.override_case(OWN_ID)
    st.button("Score-CAM", on_click=lambda: session.change(method="score-cam"))
    st.markdown(f"{session.current().case_id} {session.current().request.method}")


def demo_page() -> None:
    """The Demo page without its frame."""
    from tests.ui.stand_in_service import STAND_INS
    from xai_core.ui.demo import page

    page.show(STAND_INS[-1])


def blind_page() -> None:
    """Blind reading without the frame; the model's part is only a line with the case's id.

    A text box stands for the browser's tab, which reports what it keeps.
    """
    import streamlit as st

    from tests.ui.stand_in_service import STAND_INS
    from xai_core.ui import session
    from xai_core.ui.blind import page, tab_store

    service = STAND_INS[-1]
    page.restore(service)
    st.text_input(
        "kept",
        key="kept",
        on_change=lambda: tab_store.take(service, [st.session_state["kept"], 0]),
    )
    page.show_switch(service)
    if page.is_on():
        page.show_case_list(service)
    if page.is_reading():
        page.show(service)
    else:
        page.show_answer(service)
        st.caption(f"open: {session.current().case_id}")
    page.keep_readings(service)
    for sentence in session.problems():
        st.warning(sentence)
