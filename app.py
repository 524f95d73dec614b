"""The dashboard as a web application: ``streamlit run app.py`` serves it."""

import streamlit as st

from xai_core.ui import serving

app = st.App(
    serving.ROUTER,
    middleware=serving.middleware(),
    exception_handlers={Exception: serving.answer_error},
)
