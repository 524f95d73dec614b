"""The state of blind reading in this browser session, and its part of the address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from xai_core.ui import session
from xai_core.ui.address import write_address
from xai_core.ui.blind.grading import Grade
from xai_core.ui.blind.reading import Answer, CommittedReading, Mark, alias, cases_by_alias

_PARAMETER = "blind"  # of the address


@dataclass(frozen=True)
class ReadingProgress:
    """The reading of one case: marks so far, whether the reader ticked "nothing to mark", the
    answer once it is committed, and whether the model's decision has been shown."""

    marks: tuple[Mark, ...] = ()
    nothing_to_mark: bool = False
    answer: Answer | None = None
    model_shown: bool = False


@dataclass
class BlindReading:
    """Blind reading in this session.

    ``on``: whether the switch is on.  ``case_id``: the case being read; ``chosen``: whether the
    reader or an address chose it.  ``seen``: cases whose truth was shown outside blind reading.
    ``cases``: progress by case id.  ``grades``: of the answers, as far as they were needed; None
    where there is none.  ``case_changed``: whether another case was chosen since the list was
    drawn.  ``thumbnails_pending``: whether thumbnails are still being made.
    """

    on: bool = False
    case_id: str | None = None
    chosen: bool = False
    seen: set[str] = field(default_factory=set)
    cases: dict[str, ReadingProgress] = field(default_factory=dict)
    grades: dict[str, Grade | None] = field(default_factory=dict)
    case_changed: bool = False
    thumbnails_pending: bool = False


def state() -> BlindReading:
    """The state of blind reading in this session."""
    return session.part(BlindReading)


def progress() -> ReadingProgress:
    """The progress of the case being read."""
    blind = state()
    return blind.cases.get(blind.case_id or "", ReadingProgress())


def update_progress(**fields: object) -> None:
    """Change fields of the progress of the case being read."""
    blind = state()
    if blind.case_id is not None:
        blind.cases[blind.case_id] = replace(progress(), **fields)  # type: ignore[arg-type]


def switch(on: bool, case_ids: Iterable[str]) -> None:
    """Switch blind reading on, starting with a case whose truth was not shown yet, or off."""
    blind = state()
    if on and not blind.on:
        blind.case_id, blind.chosen = _first_unseen(case_ids), False
    blind.on = on


def _first_unseen(case_ids: Iterable[str]) -> str:
    blind = state()
    order = list(cases_by_alias(case_ids).values())
    return next((c for c in order if c not in blind.seen and c not in blind.cases), order[0])


def go_to(case_id: str | None) -> None:
    """Read another case; a case that was read before appears at the stage it had reached."""
    if case_id is not None:
        state().case_id, state().chosen = case_id, True
        if progress().model_shown:
            session.change(case_id=case_id)


def show_model() -> None:
    """Show the model's decision about the case being read: the last stage."""
    update_progress(model_shown=True)
    session.change(case_id=state().case_id)


def committed() -> dict[str, CommittedReading]:
    """The committed readings of this session, by case id."""
    return {
        case_id: CommittedReading(one.answer, one.model_shown)
        for case_id, one in state().cases.items()
        if one.answer is not None
    }


def restore_readings(readings: Mapping[str, CommittedReading], case_ids: Iterable[str]) -> None:
    """Take over readings of an earlier session; what was answered in this one stays as it is.

    ``case_ids``: of the source.
    """
    blind = state()
    answered = committed()
    for case_id, reading in readings.items():
        if case_id not in answered:
            blind.cases[case_id] = ReadingProgress(
                reading.answer.marks,
                not reading.answer.marks,
                reading.answer,
                reading.model_shown,
            )
    if not blind.on:
        return
    # The switch chose a case as an unread one before it was known that it is read.
    if not blind.chosen and blind.case_id in readings and blind.case_id not in answered:
        blind.case_id = _first_unseen(case_ids)
    if progress().model_shown:
        session.change(case_id=blind.case_id)


def viewer_marks(case_id: str) -> dict[str, object] | None:
    """The reader's marks on a case as the viewer takes them; None if it is not being read blind.

    ``of``: the case's alias.  ``list``: the marks.  ``open``: whether they can be changed.
    """
    blind = state()
    if not blind.on or blind.case_id != case_id:
        return None
    marks = [mark.as_json() for mark in progress().marks]
    return {"of": alias(case_id), "list": marks, "open": progress().answer is None}


# --- the address ---


def request_part(parameters: Mapping[str, str]) -> Mapping[str, str]:
    """The parameters of the case request: those of an address without blind reading's own."""
    blind = parameters.get(_PARAMETER) == "on"
    return {k: v for k, v in parameters.items() if k != _PARAMETER and not (blind and k == "case")}


def read_blind_part(parameters: Mapping[str, str], case_ids: Iterable[str]) -> list[str]:
    """Apply an address's parameters of blind reading; returns sentences about unusable ones."""
    switch_text = parameters.get(_PARAMETER, "off")
    if switch_text not in ("on", "off"):
        return [
            f"The address says blind “{switch_text:.60}”, but only on and off exist; it is off."
        ]
    ids = tuple(case_ids)
    switch(switch_text == "on", ids)
    case_alias = parameters.get("case")
    if switch_text == "off" or case_alias is None:
        return []
    case_id = cases_by_alias(ids).get(case_alias)
    if case_id is None:
        return ["The address names a blind case that is not among these; another one is shown."]
    go_to(case_id)
    return []


def blind_address() -> dict[str, str]:
    """The parameters that restore the page; until the model is shown, only the case's alias."""
    blind = state()
    if not blind.on or blind.case_id is None:
        return write_address(session.current())
    blind_part = {_PARAMETER: "on", "case": alias(blind.case_id)}
    return write_address(session.current()) | blind_part if progress().model_shown else blind_part
