"""A person's own image while it is on show: the case, and a service that knows nothing else.

That service has no store: what it scores stays in memory, and goes when the tab is closed, loses
its connection, or the image is forgotten.
"""

from __future__ import annotations

import threading
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from xai_core.cases.upload import OneCase, Upload, read_own
from xai_core.explainer import Explainer
from xai_core.service import ExplainService

_REMEMBERED = "remembered "  # see xai_core/ui/remembered.py: pictures made for the viewer


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
    """A browser session's place for one image of its own.

    ``state``: Streamlit's values of that session, in which :mod:`xai_core.ui.remembered` keeps the
    pictures made of it; None where there is no session.
    """

    def __init__(self, state: Any = None) -> None:
        self.own: Own | None = None
        self._state = state

    def put(self, own: Own | None) -> None:
        """Hold ``own`` instead of what was held, which ends with every picture made of it."""
        before, self.own = self.own, own
        if before is None:
            return
        before.close()
        if self._state is not None:
            for key in [k for k in self._state.filtered_state if k.startswith(_REMEMBERED)]:
                del self._state[key]


@st.cache_resource(  # type: ignore[untyped-decorator]
    scope="session", show_spinner=False, on_release=lambda holder: holder.put(None)
)
def _holder() -> Holder:
    # Streamlit keeps a session for some minutes after its tab was closed, but lets go of this at
    # once: an image of a person must not wait for that.
    context = get_script_run_ctx()
    return Holder(context.session_state if context else None)


def held() -> Own | None:
    """This session's own image; None where there is none."""
    holder: Holder = _holder()
    return holder.own


def take(data: bytes, name: str, lender: ExplainService) -> None:
    """Read a file and hold it instead of the one before.

    Raises:
        UnreadableImage: see :func:`xai_core.cases.upload.read_own`; the one before stays.
    """
    _holder().put(Own(read_own(data, name), lender))


def forget() -> None:
    """Let go of the image and of every picture made of it."""
    _holder().put(None)
