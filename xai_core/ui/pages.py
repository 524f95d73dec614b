"""The list of pages, read by the router, the navigation links and the tests."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PageEntry:
    """``file``: path from the project's root, as Streamlit names pages.  ``title``: of the link."""

    file: str
    title: str


PAGES = (
    PageEntry("pages/explore.py", "Explore"),
    PageEntry("pages/compare.py", "Compare"),
    PageEntry("pages/your_image.py", "Your image"),
    PageEntry("pages/demo.py", "Demo"),
    PageEntry("pages/about.py", "About"),
)
"""In the order of the links; the first one is shown if the address names no page."""
