"""Pages as small as can be.  Streamlit runs a function's text alone: each imports what it needs."""


def one_choice() -> None:
    """A choice of method, and a button that chooses from elsewhere."""
    import streamlit as st

    from tests.ui.desk import CLASSIFIER
    from xai_core.cam import METHODS
    from xai_core.ui import state

    state.restore(["A", "B"], CLASSIFIER)
    chosen = state.show().request.method
    st.radio(
        "Method",
        tuple(METHODS),
        index=tuple(METHODS).index(chosen),
        key=state.key_showing("method", chosen),
        on_change=state.when_changed("method", lambda value: state.change(method=value)),
    )
    st.button("Hybrid", on_click=lambda: state.change(method="hybrid-cam"))


def level_hands() -> None:
    """What a hand on the viewer's levels asks for, without a viewer."""
    import streamlit as st

    from tests.ui.desk import CLASSIFIER
    from xai_core.ui import levels, state

    state.restore(["A", "B"], CLASSIFIER)
    st.text_input("typed", key="typed", on_change=lambda: levels.add(st.session_state["typed"]))
    st.multiselect(
        "on", levels.offered(), key="on", on_change=lambda: levels.choose(st.session_state["on"])
    )
    st.button("paper", on_click=levels.back_to_paper)
    st.caption(levels.problem())
    state.mirror()


def compare_page() -> None:
    """The Compare page without its frame, on the desk that is on duty."""
    from tests.ui.desk import ON_DUTY
    from xai_core.ui.compare import page

    page.show(ON_DUTY[-1])


def explained_page() -> None:
    """The part of Explore that follows a job, on the desk that is on duty."""
    import streamlit as st

    from tests.ui.desk import ON_DUTY
    from xai_core.ui import live, state

    service = ON_DUTY[-1]
    state.restore(service.records, service.explainer.classifier)
    live.show(service, state.show(), st.container(), st.container())


def explore_page() -> None:
    """As Explore is laid out: a list, choices and the part that follows a job."""
    import streamlit as st

    from tests.ui.desk import ON_DUTY
    from xai_core.ui import controls, curves, first_sight, live, state

    service = ON_DUTY[-1]
    state.restore(service.records, service.explainer.classifier)
    first_sight.then(lambda: st.radio("Case", list(service.records)), "list-place")
    controls.show(service, None)
    curves.choose_mode()
    live.show(service, state.show(), st.container(), st.container())


def silent_viewer_page() -> None:
    """A first sight that was sent three seconds ago, and nothing heard of the viewer."""
    import time

    import streamlit as st

    from tests.ui.desk import ON_DUTY
    from xai_core.ui import first_sight, live, state

    service = ON_DUTY[-1]
    state.restore(service.records, service.explainer.classifier)
    if first_sight.had():
        st.caption("the rest")
    else:
        live._body(live._left, service, state.show(), False, time.monotonic() - 3)


def your_image_page() -> None:
    """The page for one's own image without its frame's navigation."""

    from tests.ui.desk import ON_DUTY
    from xai_core.ui.your_image import page

    page.show(ON_DUTY[-1])


def aside_page() -> None:
    """Two pages in one: the library's, or with the switch on that of another case."""
    import streamlit as st

    from tests.ui.desk import ON_DUTY
    from xai_core.cases.upload import OWN_ID
    from xai_core.ui import aside, state

    aside.take_back()
    state.restore(ON_DUTY[-1].records, ON_DUTY[-1].explainer.classifier)
    if st.toggle("Own"):
        aside.lend(OWN_ID)
    st.button("Score-CAM", on_click=lambda: state.change(method="score-cam"))
    st.markdown(f"{state.show().case_id} {state.show().request.method}")


def demo_page() -> None:
    """The tour without its frame."""
    from tests.ui.desk import ON_DUTY
    from xai_core.ui.demo import page

    page.show(ON_DUTY[-1])


def blind_page() -> None:
    """Blind reading without the frame and the model's part, on the desk that is on duty."""
    import streamlit as st

    from tests.ui.desk import ON_DUTY
    from xai_core.ui import state
    from xai_core.ui.blind import page

    service = ON_DUTY[-1]
    page.restore(service)
    page.switch(service)
    if page.on():
        page.cases(service)
    if page.reading():
        page.show(service)
    else:
        page.told(service)
        st.caption(f"open: {state.show().case_id}")
    for sentence in state.problems():
        st.warning(sentence)
