"""Access to the explanation service of this process; a page without it shows why and stops."""

from __future__ import annotations

import gc
import secrets
from dataclasses import dataclass, field

import streamlit as st

from xai_core.errors import XaiError
from xai_core.explain.service import ExplainService, PageService, open_service
from xai_core.model.layers import Layer
from xai_core.settings import Settings, read_settings
from xai_core.ui import session
from xai_core.ui.frame import add_origin_notice
from xai_core.ui.wording import plain


@dataclass
class BrowserSession:
    """``session_id``: random, identifies this browser session to the service."""

    session_id: str = field(default_factory=lambda: secrets.token_hex(8))


def _close(service: ExplainService) -> None:
    service.close()


@st.cache_resource(  # type: ignore[untyped-decorator]
    max_entries=2, show_spinner="Loading the model and the cases", on_release=_close
)
def _cached_service(key: str, _settings: Settings) -> ExplainService:  # noqa: ARG001 - the key
    service = open_service(_settings)
    # The objects made so far live as long as the process.  Freezing them exempts them from later
    # garbage collections, which stay short (see .streamlit/config.toml).
    gc.collect()
    gc.freeze()
    return service


def service_or_stop() -> PageService:
    """The service; if the settings, weights or cases are unusable, show why and stop the page."""
    try:
        settings = read_settings()
        service: ExplainService = _cached_service(repr(settings), settings)
    except XaiError as problem:
        st.markdown("### The dashboard cannot start yet")
        st.error(plain(str(problem), limit=600))
        st.caption("Mend this, then reload the page.")
        st.stop()
    spec = service.classifier.spec
    add_origin_notice(service.source.is_phantom, spec.trained_on(), spec.set_decision())
    return service


def layers(service: PageService) -> tuple[Layer, ...]:
    """The layers at which the service's model can be explained, from input to output."""
    return service.classifier.layers


def session_id() -> str:
    """The id by which the service knows this browser session."""
    return session.part(BrowserSession).session_id
