"""Pages as small as can be.  Streamlit runs a function's text alone: each imports what it needs."""


def one_choice() -> None:
    """A choice of method, and a button that chooses from elsewhere."""
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
        key=session.key_showing("method", chosen),
        on_change=session.when_changed("method", lambda value: session.change(method=value)),
    )
    st.button("Hybrid", on_click=lambda: session.change(method="hybrid-cam"))


def level_hands() -> None:
    """What a hand on the viewer's levels asks for, without a viewer."""
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
    st.button("paper", on_click=viewer.paper_levels)
    st.caption(viewer.level_problem())
    session.mirror()


def compare_page() -> None:
    """The Compare page without its frame, on the desk that is on duty."""
    from tests.ui.stand_in_service import ON_DUTY
    from xai_core.ui.compare import page

    page.show(ON_DUTY[-1])


def explained_page() -> None:
    """The part of Explore that follows a job, on the desk that is on duty."""
    import streamlit as st

    from tests.ui.stand_in_service import ON_DUTY
    from xai_core.ui import live, session

    service = ON_DUTY[-1]
    session.restore(service.records, service.explainer.classifier)
    live.show(service, session.current(), st.container(), st.container())


def explore_page() -> None:
    """As Explore is laid out: a list, choices and the part that follows a job."""
    import streamlit as st

    from tests.ui.stand_in_service import ON_DUTY
    from xai_core.ui import controls, curves, deferred, live, session

    service = ON_DUTY[-1]
    session.restore(service.records, service.explainer.classifier)
    deferred.draw_after_picture(lambda: st.radio("Case", list(service.records)), "list-place")
    controls.show(service, None)
    curves.choose_mode()
    live.show(service, session.current(), st.container(), st.container())


def silent_viewer_page() -> None:
    """A first sight that was sent three seconds ago, and nothing heard of the viewer."""
    import time

    import streamlit as st

    from tests.ui.stand_in_service import ON_DUTY
    from xai_core.ui import deferred, live, session

    service = ON_DUTY[-1]
    session.restore(service.records, service.explainer.classifier)
    if deferred.viewer_has_drawn():
        st.caption("the rest")
    else:
        live._body(live._left, service, session.current(), False, time.monotonic() - 3)


def your_image_page() -> None:
    """The page for one's own image without its frame's navigation."""

    from tests.ui.stand_in_service import ON_DUTY
    from xai_core.ui.your_image import page

    page.show(ON_DUTY[-1])


def aside_page() -> None:
    """Two pages in one: the library's, or with the switch on that of another case."""
    import streamlit as st

    from tests.ui.stand_in_service import ON_DUTY
    from xai_core.cases.sources.upload import OWN_ID
    from xai_core.ui import session
    from xai_core.ui import session as ui_session

    session.restore_case()
    ui_session.restore(ON_DUTY[-1].records, ON_DUTY[-1].explainer.classifier)
    if st.toggle("Own"):
        session.override_case(OWN_ID)
    st.button("Score-CAM", on_click=lambda: ui_session.change(method="score-cam"))
    st.markdown(f"{ui_session.current().case_id} {ui_session.current().request.method}")


def demo_page() -> None:
    """The tour without its frame."""
    from tests.ui.stand_in_service import ON_DUTY
    from xai_core.ui.demo import page

    page.show(ON_DUTY[-1])


def blind_page() -> None:
    """Blind reading without the frame and the model's part, on the desk that is on duty."""
    import streamlit as st

    from tests.ui.stand_in_service import ON_DUTY
    from xai_core.ui import session
    from xai_core.ui.blind import page

    service = ON_DUTY[-1]
    page.restore(service)
    page.switch(service)
    if page.on():
        page.cases(service)
    if page.reading():
        page.show(service)
    else:
        page.reader_summary(service)
        st.caption(f"open: {session.current().case_id}")
    for sentence in session.problems():
        st.warning(sentence)
