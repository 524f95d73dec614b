"""A user's own image in this browser session: its case, and a service for that case alone.

The service has no disk store: its scores stay in memory and are dropped when the tab is closed,
when its connection is lost, or when the image is forgotten.
"""

from __future__ import annotations

import threading

import streamlit as st

from xai_core.cases.sources.upload import OneCase, Upload, read_own
from xai_core.explain.explainer import Explainer
from xai_core.explain.service import ExplainService, PageService
from xai_core.ui import memo


class OwnImage:
    """``upload``: what was read from the file.  ``service``: explains it with the dashboard's
    model, taken from ``dashboard_service``."""

    def __init__(self, upload: Upload, dashboard_service: PageService) -> None:
        self.upload = upload
        explainer = Explainer(dashboard_service.classifier, store=None)
        self.service = ExplainService(explainer, OneCase(upload.case))

    def close(self) -> None:
        """End the service at its next chunk, without waiting for it."""
        threading.Thread(target=self.service.close, name="close-own", daemon=True).start()


class OwnImageHolder:
    """Holds at most one own image for a browser session."""

    def __init__(self) -> None:
        self.image: OwnImage | None = None

    def replace(self, image: OwnImage | None) -> None:
        """Hold ``image``; the previous one is closed and everything made from it is dropped."""
        previous, self.image = self.image, image
        if previous is not None:
            previous.close()
            memo.forget(previous.upload.case)  # now, not when Python collects it


@st.cache_resource(  # type: ignore[untyped-decorator]
    scope="session", show_spinner=False, on_release=lambda holder: holder.replace(None)
)
def _holder() -> OwnImageHolder:
    # Streamlit keeps a session's state for some minutes after its tab was closed, but releases
    # this resource at once; a person's image must not be kept longer.
    return OwnImageHolder()


def current_image() -> OwnImage | None:
    """This session's own image; None if there is none."""
    holder: OwnImageHolder = _holder()
    return holder.image


def open_file(data: bytes, name: str, dashboard_service: PageService) -> None:
    """Read a file and hold its image instead of the previous one.

    Raises:
        UnreadableImage: see :func:`xai_core.cases.sources.upload.read_own`; the previous image
            stays.
    """
    _holder().replace(OwnImage(read_own(data, name), dashboard_service))


def forget() -> None:
    """Drop the image and everything made from it."""
    _holder().replace(None)
