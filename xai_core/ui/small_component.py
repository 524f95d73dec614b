"""Components of one script: how they are registered, and their messages to Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from xai_core.settings import ASSETS
from xai_core.ui import session

_FOLDER = ASSETS / "viewer"


@dataclass
class HandledMessages:
    """``ids``: by the component's key, the message from the browser that was handled last."""

    ids: dict[str, int] = field(default_factory=dict)


def component_parts(name: str) -> dict[str, str]:
    """The HTML, CSS and JavaScript of the component in the folder ``name`` of ``assets/viewer``:
    files of this project, never case data."""
    folder = _FOLDER / name
    parts = {kind: (folder / f"{name}.{kind}").read_text("utf-8") for kind in ("html", "css", "js")}
    # Its script sends through the viewer's outbox: one message at a time.
    parts["js"] = (_FOLDER / "model" / "outbox.js").read_text("utf-8") + parts["js"]
    return parts


@st.cache_resource(show_spinner=False)  # type: ignore[untyped-decorator]
def _component(name: str) -> Any:
    """The component of the folder ``name``, registered once."""
    return st.components.v2.component(f"cesm_{name}", **component_parts(name))


def mount(
    name: str, data: Mapping[str, Any], key: str, message: str, handle: Callable[[Any], None]
) -> None:
    """Draw a component.

    Args:
        name: of its folder in ``assets/viewer``.
        data: what it draws.
        key: identifies it in the session.
        message: the name of the messages that it sends.
        handle: called with what a message holds: plain values from outside, so it checks them.
    """
    handled = session.part(HandledMessages)

    def callback() -> None:
        sent = st.session_state[key][message]
        handled.ids[key] = sent["id"]
        handle(sent["value"])

    _component(name)(
        data=dict(data) | {"answered": handled.ids.get(key, 0)},
        key=key,
        **{f"on_{message}_change": callback},
    )
