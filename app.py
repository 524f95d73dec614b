"""The router: it serves the pages of ``xai_core/ui/pages.py``, nothing else."""

import streamlit as st

from xai_core.ui.pages import PAGES

pages = [st.Page(entry.file, title=entry.title) for entry in PAGES]


def start() -> None:
    """Streamlit serves its first page at "/" alone, so that is a way in, not a page."""
    st.switch_page(pages[0], query_params=st.query_params.to_dict())


# The frame draws the links: a page opened cold never runs this file.
st.navigation([st.Page(start, default=True), *pages], position="hidden").run()
