"""The page for a picture of one's own: a place to drop it, then what the model makes of it."""

from __future__ import annotations

import streamlit as st

from xai_core.cases.upload import OWN_ID
from xai_core.service import ExplainService
from xai_core.settings import ASSETS
from xai_core.ui import aside, controls, curves, frame, live, state
from xai_core.ui.words import plain
from xai_core.ui.your_image import drop, facts, own, typical
from xai_core.ui.your_image.own import Own

_BEFORE = """
1. What the file says of its picture is shown (never a name, a number or a date), how its values
   became grey, and what part of it the network sees.
2. A measure says how unlike the image is to what the model was trained on.
3. Then the same viewer, maps and curves as on Explore.
"""


def show(service: ExplainService) -> None:
    """Draw the page.  ``service``: the dashboard's, which lends its model."""
    typical.begin()
    st.html(ASSETS / "pages" / "your_image.css")
    frame.say_phantom(cases=False, model=service.explainer.classifier.spec.trained_on_phantoms)
    state.restore(service.records, service.explainer.classifier)
    if state.problems():
        st.warning("  \n".join(plain(sentence, 400) for sentence in state.problems()))
    mine = own.held()
    if mine is None:
        _invite(service)
    else:
        _explain(service, mine)


def _invite(service: ExplainService) -> None:
    st.markdown("## Your image")
    st.markdown(
        "Drop a mammogram of your own here. This model was **trained on phantoms and is not "
        "validated for any real image**: use it to learn what such a model does, never to judge a "
        "case."
    )
    with st.container(key="drop"):
        drop.show(service, "A DICOM file or a picture (PNG, JPEG, TIFF)")
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**What happens then**")
        st.markdown(_BEFORE)
    with right:
        st.markdown("**What is kept**")
        st.markdown(drop.KEPT)
        st.caption(drop.ACCEPTED)


def _explain(service: ExplainService, mine: Own) -> None:
    aside.lend(OWN_ID)
    state.mirror(drop.settings())
    with st.sidebar:
        drop.show(service, "Another file")
        st.button("Forget this image", on_click=drop.forget, width="stretch")
        with st.container(key="file-facts"):
            facts.show(mine.upload, service.explainer.classifier.spec.input_size)
            st.caption(drop.KEPT)
    shown = state.show()
    controls.show(mine.service, mine.service.predicted(OWN_ID))
    left, right = st.columns([1.7, 1], gap="large")
    with right:
        typical.show(mine.upload.case)
        curves.choose_mode()
    live.show(mine.service, shown, left, right)
