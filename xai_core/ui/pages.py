"""The list of pages, read by the router, the navigation links and the tests."""

from __future__ import annotations

from dataclasses import dataclass

from xai_core.settings import ROOT


@dataclass(frozen=True)
class PageEntry:
    """``file``: path from the project's root.  ``title``: of the link."""

    file: str
    title: str

    @property
    def path(self) -> str:
        """See :func:`path_of`."""
        return path_of(self.file)


def path_of(file: str) -> str:
    """The whole path of a page's file; Streamlit takes others as below the router's folder."""
    return str(ROOT / file)


PAGES = (
    PageEntry("pages/explore.py", "Explore"),
    PageEntry("pages/compare.py", "Compare"),
    PageEntry("pages/features.py", "Features"),
    PageEntry("pages/your_image.py", "Your image"),
    PageEntry("pages/demo.py", "Demo"),
    PageEntry("pages/about.py", "About"),
)
"""In the order of the links; the first one is shown if the address names no page."""
