"""The catalogue of cues: what can be changed of a lesion, one thing at a time.

Every cue is a pair of states of the same phantom.  Descriptors come from the tables of the kinds of
lesion: each value of a term against the term's reference, the value that benign lesions of the kind
mostly have.  A new value, term or kind is a new cue without a line here.  The kinds that are common
also have size, contrast and number, and, as controls, the descriptors of the recombined image.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from xai_core.errors import BadRequest
from xai_core.phantom.counterfactual import DIAMETERS, Change
from xai_core.phantom.kinds import KINDS, LESION_KINDS
from xai_core.phantom.lesion import LesionKind, LesionPlan
from xai_core.phantom.lexicon import CONSPICUITY, CONSPICUITY_TERM, Table
from xai_core.phantom.place import lesion_radius
from xai_core.phantom.tissue import Background

States = tuple[Change, Change]
"""The two states of a pair, before and after."""

_COMMON = 0.1  # share among lesions from which on a kind's size, contrast and number are cues
_SIZES = (0.67, 1.5)
_CONTRASTS = (0.5, 1.5)
_NUMBERS = (2, 3)
# Values that are not the lexicon's.
_AS_IT_IS, _ONE, _NONE = "as it is", "one", "none"
_WORDS = {2: "two", 3: "three"}
_UNBOUND = 1000.0  # mm, more than any breast has room for


@dataclass(frozen=True)
class Cue:
    """One thing that is changed of a lesion.

    ``id``: ``group:value``, such as ``mass-margin:spiculated``.  ``kind``: of the lesions that have
    it.  ``title``: what is changed.  ``before``, ``after``: its value in the two states, in the
    lexicon's words where it has some.  ``control``: whether only the recombined image shows it,
    which the model never sees.  ``states``: first lesion as planned, background -> both states.
    """

    id: str
    kind: str
    title: str
    before: str
    after: str
    states: Callable[[LesionPlan, Background], States]
    control: bool = False

    @property
    def group(self) -> str:
        """The id without the value."""
        return self.id.partition(":")[0]


# --- Descriptors ------------------------------------------------------------------------------


def reference_of(table: Table) -> str:
    """The value that benign lesions mostly have: the largest frequency times 1 - P(malignant) by
    its weight alone."""
    return max(table, key=lambda value: table[value][0] / (1 + np.exp(table[value][1])))


def _descriptor(
    kind: LesionKind, term: str, before: str, after: str, plan: LesionPlan, _: Background
) -> States:
    held = _companions(kind, term, before, after, plan)
    return (
        Change({**held, term: before}, number=1),
        Change({**held, term: after}, number=1),
    )


def _companions(
    kind: LesionKind, term: str, before: str, after: str, plan: LesionPlan
) -> dict[str, str]:
    """Values of the terms that go with ``term`` beside which the generator draws both states: the
    lesion's own where it can be so, else the commonest.  A model has seen no others."""
    held = {}
    for name, (other, tables) in kind.given.items():
        if name == term:  # how often the two states occur with each value of the other term
            beside, frequency = other, {
                value: min(table.get(before, 0.0), table.get(after, 0.0))
                for value, table in tables.items()
            }  # fmt: skip
        elif other == term:
            one, two = tables[before], tables[after]
            beside, frequency = name, {
                value: min(one.get(value, 0.0), two.get(value, 0.0)) for value in kind.terms[name]
            }  # fmt: skip
        else:
            continue
        best = max(frequency, key=lambda value: frequency[value])
        if not frequency[plan.descriptors[beside]] and frequency[best]:
            held[beside] = best
    return held


# --- Size, contrast, number -------------------------------------------------------------------


def _size(factor: float, plan: LesionPlan, background: Background) -> States:
    """The larger of the two has room in the breast: one without room is drawn smaller than its
    diameter tells."""
    widest = 2 * lesion_radius(replace(plan, diameter=_UNBOUND), background)
    room = min(widest / LESION_KINDS[plan.kind].size, DIAMETERS[1])
    before = min(plan.diameter, room / max(factor, 1.0))
    return Change(diameter=before, number=1), Change(diameter=before * factor, number=1)


def _contrast(factor: float, _: LesionPlan, __: Background) -> States:
    return Change(number=1), Change(number=1, contrast=factor)


def _number(number: int, _: LesionPlan, __: Background) -> States:
    return Change(number=1), Change(number=number)


# --- The recombined image ---------------------------------------------------------------------


def _conspicuity(
    pattern_term: str, pattern: str, before: str, after: str, _: LesionPlan, __: Background
) -> States:
    first, second = (
        Change({pattern_term: pattern, CONSPICUITY_TERM: value}, number=1)
        for value in (before, after)
    )
    return first, second


# --- The catalogue ----------------------------------------------------------------------------


def _catalogue(kinds: Sequence[LesionKind]) -> tuple[Cue, ...]:
    common = [kind for kind in kinds if kind.share >= _COMMON]
    found: list[Cue] = []
    for kind in kinds:
        for term, table in kind.terms.items():
            reference = reference_of(table)
            several = sum(term in other.terms for other in kinds) > 1
            group = f"{slug(kind.name)}-{slug(term)}" if several else slug(term)
            found += _values(kind, group, term, reference, table)
        if kind in common:
            found += _quantities(kind)
        found.append(
            Cue(
                f"{slug(kind.name)}:none", kind.name, kind.name, _ONE, _NONE, partial(_number, 0)
            )
        )  # fmt: skip
    for kind in common:
        found += _controls(kind)
    return tuple(found)


def _values(
    kind: LesionKind, group: str, term: str, reference: str, values: Iterable[str],
    control: bool = False,
) -> list[Cue]:  # fmt: skip
    return [
        Cue(
            f"{group}:{slug(value)}", kind.name, term, reference, value,
            partial(_descriptor, kind, term, reference, value), control,
        )
        for value in values
        if value != reference
    ]  # fmt: skip


def _quantities(kind: LesionKind) -> list[Cue]:
    name = slug(kind.name)
    out = []
    for what, factors, states in (
        ("diameter", _SIZES, _size), ("contrast", _CONTRASTS, _contrast),
    ):  # fmt: skip
        out += [
            Cue(
                f"{name}-{what}:{factor:g}", kind.name, f"{kind.name}: {what}", _AS_IT_IS,
                f"times {factor:g}", partial(states, factor),
            )
            for factor in factors
        ]  # fmt: skip
    out += [
        Cue(
            f"{name}-number:{number}", kind.name, f"{kind.name}: number of lesions", _ONE,
            _WORDS[number], partial(_number, number),
        )
        for number in _NUMBERS
    ]  # fmt: skip
    return out


def _controls(kind: LesionKind) -> list[Cue]:
    usual = _mostly_benign(kind.patterns)
    term, name = kind.pattern_term, slug(kind.name)
    group = slug(term) if term.startswith(kind.name) else f"{name}-{slug(term)}"
    out = _values(kind, group, term, usual, kind.patterns, control=True)
    enhancing = _mostly_benign({p: s for p, s in kind.patterns.items() if p != "none"})
    least, *more = CONSPICUITY
    out += [
        Cue(
            f"{name}-{slug(CONSPICUITY_TERM)}:{slug(value)}", kind.name,
            f"{kind.name}: {CONSPICUITY_TERM}", least, value,
            partial(_conspicuity, term, enhancing, least, value), control=True,
        )
        for value in more
    ]  # fmt: skip
    return out


def _mostly_benign(patterns: Mapping[str, tuple[float, float]]) -> str:
    return max(patterns, key=lambda value: patterns[value][0])


def slug(text: str) -> str:
    """``text`` in lower-case letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


CUES: tuple[Cue, ...] = _catalogue(KINDS)
"""Every cue, the controls last."""


def choose(wanted: Sequence[str]) -> tuple[Cue, ...]:
    """The cues of ``wanted``, ids or groups; all of them where it is empty.

    Raises:
        BadRequest: no cue has such an id or group.
    """
    for name in wanted:
        if not any(name in (cue.id, cue.group) for cue in CUES):
            groups = ", ".join(dict.fromkeys(cue.group for cue in CUES))
            raise BadRequest(
                f"There is no cue {name!r:.60}; give a group of {groups}, or one cue of a group, "
                f"such as {CUES[0].id}."
            )
    return tuple(cue for cue in CUES if not wanted or {cue.id, cue.group} & set(wanted))
