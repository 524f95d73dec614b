"""The one list of pages: the router, the links of the frame and the tests read it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PageEntry:
    """``file``: from the project's folder, as Streamlit names pages.  ``title``: in the links."""

    file: str
    title: str


PAGES = (
    PageEntry("pages/explore.py", "Explore"),
    PageEntry("pages/compare.py", "Compare"),
    PageEntry("pages/your_image.py", "Your image"),
    PageEntry("pages/demo.py", "Demo"),
    PageEntry("pages/about.py", "About"),
)
"""In the order of the links; the first one is shown where the address names none."""
