"""A person's own image while it is on show: the case, and a service that knows nothing else.

That service has no store: what it scores stays in memory, and goes when the tab is closed, loses
its connection, or the image is forgotten.
"""

from __future__ import annotations

import threading

import streamlit as st

from xai_core.cases.sources.upload import OneCase, Upload, read_own
from xai_core.explain.explainer import Explainer
from xai_core.explain.service import ExplainService
from xai_core.ui import memo


class Own:
    """``upload``: what was read.  ``service``: explains it, with the dashboard's own model."""

    def __init__(self, upload: Upload, lender: ExplainService) -> None:
        self.upload = upload
        explainer = Explainer(lender.explainer.classifier, store=None)
        self.service = ExplainService(explainer, OneCase(upload.case))

    def close(self) -> None:
        """End the service at its next chunk, without waiting for that."""
        threading.Thread(target=self.service.close, name="close-own", daemon=True).start()


class Holder:
    """A browser session's place for one image of its own."""

    def __init__(self) -> None:
        self.own: Own | None = None

    def put(self, own: Own | None) -> None:
        """Hold ``own`` instead of what was held, which ends with every picture made of it."""
        before, self.own = self.own, own
        if before is not None:
            before.close()
            memo.forget(before.upload.case)  # now, not when Python collects it


@st.cache_resource(  # type: ignore[untyped-decorator]
    scope="session", show_spinner=False, on_release=lambda holder: holder.put(None)
)
def _holder() -> Holder:
    # Streamlit keeps a session for some minutes after its tab was closed, but lets go of this at
    # once: an image of a person must not wait for that.
    return Holder()


def held() -> Own | None:
    """This session's own image; None where there is none."""
    holder: Holder = _holder()
    return holder.own


def take(data: bytes, name: str, lender: ExplainService) -> None:
    """Read a file and hold it instead of the one before.

    Raises:
        UnreadableImage: see :func:`xai_core.cases.sources.upload.read_own`; the one before stays.
    """
    _holder().put(Own(read_own(data, name), lender))


def forget() -> None:
    """Let go of the image and of every picture made of it."""
    _holder().put(None)
