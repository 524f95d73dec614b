"""The reader's answers in the browser tab, so that they survive a reload of the page.

Streamlit begins a new session at every reload, and what several people share, the server's memory
or its disk, is no place for the answers of one.  The tab's ``sessionStorage`` is: nobody else reads
it, another tab is another reader, and it ends with the tab.  ``assets/pages/blind_store.js`` keeps
there what :mod:`xai_core.ui.blind.stored_readings` writes, and reports it to a session that does
not know it yet.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from xai_core.explain.service import PageService
from xai_core.settings import ASSETS
from xai_core.ui import session
from xai_core.ui.blind import blind_session, stored_readings

_KEY = "blind store"


@dataclass
class TabStore:
    """``name``: of this session, so that a tab that outlives its session reports again.
    ``reported``: whether the tab told this session what it keeps."""

    name: str = field(default_factory=lambda: secrets.token_hex(8))
    reported: bool = False


@st.cache_resource(show_spinner=False)  # type: ignore[untyped-decorator]
def _component() -> Any:
    """The component, registered once: a script that keeps a text and shows nothing."""
    return st.components.v2.component(
        "cesm_blind_store",
        html="<span hidden></span>",
        js=(ASSETS / "pages" / "blind_store.js").read_text("utf-8"),
    )


def keep(service: PageService) -> None:
    """Have the tab keep the readings of this session, and take over what it kept before.

    Drawn last on a page: what the tab reports starts a new run of the page.
    """
    store = session.part(TabStore)
    data = {
        "session": store.name,
        "reported": store.reported,
        "readings": _text(service),
        "limit": stored_readings.LIMIT,
    }

    def handle() -> None:
        take(service, st.session_state[_KEY]["stored"])

    _component()(data=data, key=_KEY, on_stored_change=handle)


def take(service: PageService, message: object) -> None:
    """Take over the readings in a message from the tab, which is unchecked: ``[text, time]``."""
    text = message[0] if isinstance(message, list) and message else ""
    found = stored_readings.read(text, _source(service), _secret(), service.records)
    session.part(TabStore).reported = True
    blind_session.restore_readings(found, service.records)


def _text(service: PageService) -> str:
    return stored_readings.write(blind_session.committed(), _source(service), _secret())


def _source(service: PageService) -> str:
    records: Mapping[str, Any] = service.records
    return stored_readings.source_key(service.source.name, records)


def _secret() -> str:
    """Streamlit's key for signing: another one after every start unless the operator sets it."""
    return str(st.get_option("server.cookieSecret"))
