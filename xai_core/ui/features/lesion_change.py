"""The change of the lesion that this browser session looks at, and the reader's guess about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from xai_core.errors import BadRequest, CaseError
from xai_core.features.lesion import Change, LesionCases, read_change, write_change
from xai_core.ui import session

CHANGE = "change"
"""The address parameter of the change."""
GUESSES = {"up": "up", "same": "about the same", "down": "down"}
SHOWN = "shown"
"""In the place of a guess: the reader wanted to see the answer without guessing."""


@dataclass
class LesionChange:
    """``case_id``: the library case that ``change`` belongs to.  ``guess``: a key of
    :data:`GUESSES`, :data:`SHOWN`, or None while the answer is hidden.  ``at_once``: whether
    answers are shown without asking for a guess.  ``asked``: a change from the address that is not
    checked yet.  ``problem``: why it could not be used, in a sentence.  ``curves``: whether the
    curves of both maps are measured.  ``sweep``: the cue that is swept through its range."""

    case_id: str = ""
    change: Change = field(default_factory=Change)
    guess: str | None = None
    at_once: bool = False
    asked: str | None = None
    problem: str = ""
    curves: bool = False
    sweep: str | None = None


def state() -> LesionChange:
    """This session's state."""
    return session.part(LesionChange)


def read_parameters(parameters: Mapping[str, str]) -> list[str]:
    """Take the change from an address; it is checked once its case is known."""
    state().asked = parameters.get(CHANGE, "")
    return []


def begin(cases: LesionCases | None, case_id: str) -> None:
    """Take over the change of the address, or none where another case is shown.

    ``cases``: None where the source has no phantoms, so that nothing can be changed.
    """
    now = state()
    if now.case_id != case_id:
        now.case_id, now.change, now.guess, now.problem = case_id, Change(), None, ""
    if now.asked is not None and cases is not None:
        text, now.asked = now.asked, None
        try:
            change = read_change(text)
            cases.check(case_id, change)
        except (BadRequest, CaseError) as problem:
            now.problem = f"{problem} The lesion is shown as it is."
            change = Change()
        if change != now.change:
            now.change, now.guess = change, None


def address() -> dict[str, str]:
    """The address parameter that restores the change; empty if nothing is changed."""
    text = write_change(state().change)
    return {CHANGE: text} if text else {}


def is_changed() -> bool:
    """Whether anything of the lesion is changed."""
    return state().change != Change()


def set_cue(term: str, value: str, original: str | None) -> None:
    """Change a descriptor; its original value takes the change back."""
    descriptors = {k: v for k, v in state().change.descriptors.items() if k != term}
    if value != original:
        descriptors[term] = value
    _set(replace(state().change, descriptors=descriptors))


def set_number(**fields: Any) -> None:
    """Change the diameter, the contrast or the number of lesions; None takes it back."""
    _set(replace(state().change, **fields))


def set_change(change: Change) -> None:
    """Look at another change."""
    _set(change)


def back() -> None:
    """Change nothing."""
    _set(Change())


def _set(change: Change) -> None:
    now = state()
    now.problem = ""
    if change != now.change:
        now.change, now.guess = change, None


def set_curves(on: bool) -> None:
    """Whether to measure the curves of both maps."""
    state().curves = on


def set_sweep(cue: str | None) -> None:
    """Sweep another cue; None ends it."""
    state().sweep = cue


def open_step(change: Change) -> None:
    """Look at a step of a sweep, whose answer was seen there."""
    set_change(change)
    state().guess = SHOWN


def guess(value: str) -> None:
    """Note what the reader guesses; the answer is shown from now on."""
    state().guess = value


def answer_is_shown() -> bool:
    """Whether the model's answer is on show."""
    now = state()
    return now.guess is not None or now.at_once or not is_changed()
