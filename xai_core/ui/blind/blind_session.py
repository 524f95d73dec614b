"""What this browser session reads blind: the case, the marks, the answers, what has been shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from xai_core.ui import session
from xai_core.ui.address import write_address
from xai_core.ui.blind.reading import Answer, Mark, alias, in_blind_order

_SWITCH = "blind"


@dataclass(frozen=True)
class Progress:
    """How far one case is: marks so far, the answer once committed, whether the model was shown."""

    marks: tuple[Mark, ...] = ()
    nothing: bool = False
    answer: Answer | None = None
    model: bool = False


@dataclass
class Blind:
    """``case_id``: the case being read.  ``seen``: cases whose truth was on show openly.
    ``changed``: another case since the list was drawn.  ``awaited``: whether small pictures are
    still being made."""

    on: bool = False
    case_id: str | None = None
    seen: set[str] = field(default_factory=set)
    cases: dict[str, Progress] = field(default_factory=dict)
    changed: bool = False
    awaited: bool = False


def now() -> Blind:
    """The session's blind reading."""
    return session.part(Blind)


def progress() -> Progress:
    """How far the case being read is."""
    blind = now()
    return blind.cases.get(blind.case_id or "", Progress())


def update(**fields: object) -> None:
    """Change how far the case being read is."""
    blind = now()
    if blind.case_id is not None:
        blind.cases[blind.case_id] = replace(progress(), **fields)  # type: ignore[arg-type]


def switch(on: bool, case_ids: Iterable[str]) -> None:
    """Begin with a case whose truth has not been on show, or go back to reading openly."""
    blind = now()
    if on and not blind.on:
        order = list(in_blind_order(case_ids).values())
        fresh = (c for c in order if c not in blind.seen and c not in blind.cases)
        blind.case_id = next(fresh, order[0])
    blind.on = on


def go(case_id: str | None) -> None:
    """Read another case; one already answered shows what it showed."""
    if case_id is not None:
        now().case_id = case_id
        if progress().model:
            session.change(case_id=case_id)


def show_model() -> None:
    """Let the model speak of the case: the last thing to be shown."""
    update(model=True)
    session.change(case_id=now().case_id)


def marks_on_show(case_id: str) -> dict[str, object] | None:
    """The reader's marks on a case, as the viewer draws them; None where it was not read blind."""
    blind = now()
    if not blind.on or blind.case_id != case_id:
        return None
    marks = [mark.as_json() for mark in progress().marks]
    return {"of": alias(case_id), "list": marks, "open": progress().answer is None}


# --- the address --------------------------------------------------------------------------


def for_request(given: Mapping[str, str]) -> Mapping[str, str]:
    """An address without what speaks of a blind reading."""
    blind = given.get(_SWITCH) == "on"
    return {k: v for k, v in given.items() if k != _SWITCH and not (blind and k == "case")}


def take(given: Mapping[str, str], case_ids: Iterable[str]) -> list[str]:
    """Take over what an address says of a blind reading; a sentence where it cannot be used."""
    wanted = given.get(_SWITCH, "off")
    if wanted not in ("on", "off"):
        return [f"The address says blind “{wanted:.60}”, but only on and off exist; it is off."]
    ids = tuple(case_ids)
    switch(wanted == "on", ids)
    name = given.get("case")
    if wanted == "off" or name is None:
        return []
    found = in_blind_order(ids).get(name)
    if found is None:
        return ["The address names a blind case that is not among these; another one is shown."]
    go(found)
    return []


def address() -> dict[str, str]:
    """The address of what is on show; before the answer it names nothing but the case's alias."""
    blind = now()
    if not blind.on or blind.case_id is None:
        return write_address(session.current())
    named = {_SWITCH: "on", "case": alias(blind.case_id)}
    return write_address(session.current()) | named if progress().model else named
