"""The router: the list of pages, nothing else."""

import streamlit as st

explore = st.Page("pages/explore.py", title="Explore")
compare = st.Page("pages/compare.py", title="Compare")
your_image = st.Page("pages/your_image.py", title="Your image")
demo = st.Page("pages/demo.py", title="Demo")
about = st.Page("pages/about.py", title="About")


def start() -> None:
    """Streamlit serves its first page at "/" alone, so that is a way in, not a page."""
    st.switch_page(explore, query_params=st.query_params.to_dict())


# The frame draws the links: a page opened cold never runs this file.
pages = [st.Page(start, default=True), explore, compare, your_image, demo, about]
st.navigation(pages, position="hidden").run()
