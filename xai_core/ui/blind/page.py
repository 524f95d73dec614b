"""Blind reading on the Explore page: look, mark, answer; then the truth; then the model."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from xai_core.errors import XaiError
from xai_core.service import ExplainService
from xai_core.types import Case
from xai_core.ui import beside, case_grid, state, steps
from xai_core.ui.blind import answer, picture, session, truth
from xai_core.ui.blind.alias import alias, in_blind_order
from xai_core.ui.case_grid import Tile
from xai_core.ui.words import view_words

_POLL_PICTURES = 0.7  # seconds between looks at the small pictures while they are made
_HELP = (
    "Read as a reader does: the truth, the model and all that gives them away are hidden until you "
    "have marked a spot, or nothing, and answered. Then the truth is shown, and then the model."
)


def restore(service: ExplainService) -> None:
    """Take over the address, a blind one or not, and write it anew."""
    ids = tuple(service.records)
    state.restore(
        ids, service.explainer.classifier, lambda given: _take(given, ids), session.for_request
    )
    if not session.now().on:
        session.now().seen.add(state.show().case_id)
    beside_it = {} if reading() else beside.address(state.show())
    state.mirror(session.address() | beside_it)


def _take(given: Mapping[str, str], ids: tuple[str, ...]) -> list[str]:
    return session.take(given, ids) + beside.take(given)


def switch(service: ExplainService) -> None:
    """Draw the switch."""
    on = session.now().on
    st.toggle(
        "Blind reading",
        value=on,
        key=state.key_showing("blind", on),
        on_change=state.when_changed("blind", lambda on: session.switch(on, service.records)),
        help=_HELP,
    )


def on() -> bool:
    """Whether cases are read blind."""
    return session.now().on


def reading() -> bool:
    """Whether a case is on show of which the model must not speak yet."""
    return session.now().on and not session.progress().model


def cases(service: ExplainService) -> None:
    """Draw the list of cases, without anything known of them."""
    # At first as if the pictures were there, see case_list.
    every = _POLL_PICTURES if session.now().awaited else None
    st.fragment(_cases, run_every=every)(service, every)


def _cases(service: ExplainService, every: float | None) -> None:
    order = in_blind_order(service.records)
    keys, current = tuple(order), alias(session.now().case_id or "")
    here = keys.index(current) if current in keys else 0

    def go(key: str | None) -> None:
        if key is not None:
            session.go(order[key])
            session.now().changed = True

    def there(by: int) -> str | None:
        now = keys.index(alias(session.now().case_id or keys[0]))
        return keys[now + by] if 0 <= now + by < len(keys) else None

    steps.show(there, go)
    if session.now().changed:
        session.now().changed = False
        st.rerun()
    read = sum(progress.answer is not None for progress in session.now().cases.values())
    session.now().awaited = case_grid.show(
        service,
        keys,
        current,
        lambda key: _tile(order[key], key, keys.index(key) + 1),
        said=f"Case {here + 1} of {len(keys)}; {read} read",
        pick=go,
        above="20rem",
        name="blind cases",
    )
    if (_POLL_PICTURES if session.now().awaited else None) != every:
        st.rerun()


def _tile(case_id: str, key: str, number: int) -> Tile:
    done = session.now().cases.get(case_id)
    read = ("read",) if done is not None and done.answer is not None else ()
    words = ", ".join((f"Case {number}", *read))
    return Tile(case_id, key, f"Case {number}", read, words=words)


def show(service: ExplainService) -> None:
    """Draw the case being read, as far as the reader is with it."""
    case_id = session.now().case_id or next(iter(service.records))
    key = alias(case_id)
    number = list(in_blind_order(service.records)).index(key) + 1
    name = f"Case {number}"
    try:
        case = service.load(case_id)
    except XaiError:
        st.error(f"{name} cannot be read from its files. Go on with the next one.")
        return
    given = session.progress().answer
    size = service.explainer.classifier.spec.input_size
    left, right = st.columns([1.7, 1], gap="large")
    with left:
        st.caption(f"Blind reading · **{name}** of {len(service.records)} · {view_words(case)}")
        picture.show(case, size, name, truth=given is not None)
    with right:
        if given is None:
            answer.ask(key)
        else:
            _after(service, case, size)


def _after(service: ExplainService, case: Case, size: int) -> None:
    given = session.progress().answer
    if given is None:
        return
    truth.show(case, given, size)
    st.caption(truth.tally(service.records))
    st.button(
        "Now the model", type="primary", key="show the model", on_click=session.show_model,
        help="What the model said of this case, and its maps.",
    )  # fmt: skip


def told(service: ExplainService) -> None:
    """Above the model's answer: what the reader said."""
    case_id, given = session.now().case_id, session.progress().answer
    if session.now().on and case_id is not None and given is not None:
        st.markdown(truth.line(service.records[case_id], given))
