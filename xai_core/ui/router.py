"""The script that Streamlit runs for every session: it routes an address to its page."""

import importlib
import sys

import streamlit as st

from xai_core.ui.pages import PAGES

_HEAVY = "xai_core.ui.service_access"  # imports the model's libraries, once for all sessions

if _HEAVY not in sys.modules:
    with st.spinner("Starting: the libraries of the model are being loaded."):
        importlib.import_module(_HEAVY)

pages = [st.Page(entry.path, title=entry.title) for entry in PAGES]


def start() -> None:
    """Streamlit serves its first page at "/" alone, so that is a way in, not a page."""
    st.switch_page(pages[0], query_params=st.query_params.to_dict())


# The frame draws the links.
st.navigation([st.Page(start, default=True), *pages], position="hidden").run()
