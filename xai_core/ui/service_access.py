"""The one explanation service of this process, or one clear sentence why there is none."""

from __future__ import annotations

import gc
import secrets
from dataclasses import dataclass, field

import streamlit as st

from xai_core.errors import XaiError
from xai_core.explain.service import ExplainService, open_service
from xai_core.model.layers import Layer
from xai_core.settings import Settings, read_settings
from xai_core.ui import session
from xai_core.ui.frame import say_phantom
from xai_core.ui.wording import plain


@dataclass
class BrowserSession:
    """``name``: random, for this browser session alone."""

    name: str = field(default_factory=lambda: secrets.token_hex(8))


def _close(service: ExplainService) -> None:
    service.close()


@st.cache_resource(  # type: ignore[untyped-decorator]
    max_entries=2, show_spinner="Loading the model and the cases", on_release=_close
)
def _opened(key: str, _settings: Settings) -> ExplainService:  # noqa: ARG001 - the cache's key
    service = open_service(_settings)
    # What is here now stays: collections need not look at it again (see .streamlit/config.toml).
    gc.collect()
    gc.freeze()
    return service


def service_or_stop() -> ExplainService:
    """The service; where the settings, the weights or the cases are unusable the page says so."""
    try:
        settings = read_settings()
        service: ExplainService = _opened(repr(settings), settings)
    except XaiError as problem:
        st.markdown("### The dashboard cannot start yet")
        st.error(plain(str(problem), limit=600))
        st.caption("Mend this, then reload the page.")
        st.stop()
    say_phantom(service.source.is_phantom, service.explainer.classifier.spec.trained_on_phantoms)
    return service


def layers(service: ExplainService) -> tuple[Layer, ...]:
    """The layers that the model of a service can be explained at, in its order."""
    return service.explainer.classifier.layers


def session_id() -> str:
    """This browser session's name at the service."""
    return session.part(BrowserSession).name
