"""Cases of the phantom library with a cue of their lesions changed, drawn when they are asked for.

A changed case has an id of its own, ``PH-0001 with mass margin:spiculated,diameter:20``, so that it
is explained, kept and named like any other case.  Its pixels and its truth come from the generator
(:mod:`xai_core.phantom.counterfactual`); with nothing changed they are the library's own.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace

import numpy as np
from cachetools import LRUCache

from xai_core.cases.base import with_pixels
from xai_core.cases.sources.library import PhantomLibrary
from xai_core.errors import BadRequest, CaseError, CaseNotFound
from xai_core.phantom.anatomy import stream
from xai_core.phantom.counterfactual import (
    CONTRASTS,
    DIAMETERS,
    MOST_LESIONS,
    Change,
    Truth,
    changed_plans,
    counterfactual,
    opposite_cues,
    truth_of,
    values_of,
)
from xai_core.phantom.generate import Phantom
from xai_core.phantom.lesion import LesionPlan
from xai_core.phantom.library import SECOND
from xai_core.phantom.plan import plan_lesions
from xai_core.phantom.teaching import finding
from xai_core.phantom.tissue import Background, draw_background
from xai_core.types import BoolArray, Case, CaseRecord, FloatArray, Pathology

__all__ = ["CONTRASTS", "DIAMETERS", "MOST_LESIONS", "Change", "Cue", "LesionCases", "Truth"]

# --- Changes as text --------------------------------------------------------------------------

SEPARATOR = " with "
_DIAMETER, _CONTRAST, _NUMBER = "diameter", "contrast", "number"
_LONGEST = 400  # characters


def write_change(change: Change) -> str:
    """A change as text, "" where it changes nothing: ``mass margin:spiculated,diameter:20``."""
    parts = [f"{term}:{value}" for term, value in sorted(change.descriptors.items())]
    if change.diameter is not None:
        parts.append(f"{_DIAMETER}:{change.diameter:g}")
    if change.contrast != 1:
        parts.append(f"{_CONTRAST}:{change.contrast:g}")
    if change.number is not None:
        parts.append(f"{_NUMBER}:{change.number}")
    return ",".join(parts)


def read_change(text: str) -> Change:
    """The change that :func:`write_change` wrote.  Whether a lesion can have it is not checked.

    Raises:
        BadRequest: a text of another form.
    """
    descriptors: dict[str, str] = {}
    fields: dict[str, float] = {}
    for part in text.split(",") if text else ():
        name, colon, value = part.partition(":")
        if not colon or len(text) > _LONGEST:
            raise BadRequest(
                f"The change is {text!r:.80}; give cues and their values such as "
                "mass margin:spiculated,diameter:20."
            )
        if name in (_DIAMETER, _CONTRAST, _NUMBER):
            try:
                number = float(value)
            except ValueError:
                number = np.nan
            whole = name != _NUMBER or number == round(number, 0)
            if not np.isfinite(number) or not whole:
                raise BadRequest(f"The {name} is {value!r:.40}; give a number.") from None
            fields[name] = number
        else:
            descriptors[name] = value
    number_of = fields.get(_NUMBER)
    return Change(
        descriptors, fields.get(_DIAMETER), fields.get(_CONTRAST, 1.0),
        None if number_of is None else int(number_of),
    )  # fmt: skip


def changed_id(case_id: str, change: Change) -> str:
    """The id of a changed case; ``case_id`` itself where nothing is changed."""
    text = write_change(change)
    return f"{case_id}{SEPARATOR}{text}" if text else case_id


# --- Cases ------------------------------------------------------------------------------------

_BREASTS = 3  # breasts kept in memory, about 20 MB each
_DRAWN = 40  # changed cases kept in memory, about 4 MB each


@dataclass(frozen=True)
class Recipe:
    """What a library case was drawn from."""

    seed: int
    pathology: Pathology
    view: str
    laterality: str
    height: int
    first_view: bool

    def background(self) -> Background:
        """The breast without lesions: the slow part, up to some seconds."""
        return draw_background(self.seed, self.view, self.height, side=self.laterality)

    def plans(self) -> tuple[LesionPlan, ...]:
        """The lesions as the library has them."""
        return plan_lesions(stream(self.seed, "plan"), self.pathology)

    def draw(self, background: Background, change: Change) -> Phantom:
        """The phantom with ``change``."""
        return counterfactual(
            self.seed, background, self.pathology, change, self.laterality, recombined=True,
            first_view=self.first_view,
        )  # fmt: skip


@dataclass(frozen=True)
class Cue:
    """A descriptor of a case's lesions: its lexicon term, the values that it can have, and the
    value that it has; ``value`` is None for a term that does not apply, such as the conspicuity of
    a lesion that does not enhance."""

    term: str
    values: tuple[str, ...]
    value: str | None


@dataclass(frozen=True, eq=False)
class _Drawn:
    case: Case
    truth: Truth


class LesionCases:
    """A source of the library's cases, changed or not.  It lists none: there is no end of them.

    Args:
        library: the phantom library; its manifest gives each case's seed.
    """

    is_phantom = True
    warnings: tuple[str, ...] = ()

    def __init__(self, library: PhantomLibrary) -> None:
        self._library = library
        self.name = f"{library.name}, one cue changed"
        self._records = {record.id: record for record in library.records()}
        self._backgrounds: LRUCache[str, Background] = LRUCache(_BREASTS)
        self._cases: LRUCache[str, _Drawn] = LRUCache(_DRAWN)
        self._lock = threading.Lock()

    def records(self) -> tuple[CaseRecord, ...]:
        """None: a changed case is found by its id alone."""
        return ()

    def load(self, case_id: str) -> Case:
        """The case with its pixels, drawn if it was not drawn lately.

        Raises:
            CaseNotFound: the library has no case of that id.
            CaseError: its lesions cannot be changed so, or the case cannot be drawn again.
        """
        return self._drawn(case_id).case

    def truth(self, case_id: str) -> Truth:
        """What the generator knows of the case; see :meth:`load` for errors."""
        return self._drawn(case_id).truth

    def has_breast(self, case_id: str) -> bool:
        """Whether the tissue of the case is in memory, so that a change is drawn at once."""
        return case_id.partition(SEPARATOR)[0] in self._backgrounds

    def plans(self, case_id: str) -> tuple[LesionPlan, ...]:
        """The lesions of a library case as it is.

        Raises:
            CaseError: see :meth:`load`.
        """
        return self._recipe(case_id).plans()

    def cues(self, case_id: str) -> tuple[Cue, ...]:
        """The descriptors of a library case's lesions, which all share them; none without a lesion.

        Raises:
            CaseError: see :meth:`load`.
        """
        plans = self.plans(case_id)
        if not plans:
            return ()
        first = plans[0]
        return tuple(
            Cue(term, values, first.descriptors.get(term))
            for term, values in values_of(first).items()
        )

    def opposite(self, case_id: str) -> tuple[tuple[str, str], ...]:
        """The low-energy descriptors of a library case's lesions that speak most for the other
        class, term and value, the largest change of the log-odds first.

        Only values that occur together: an irregular mass is never circumscribed, so the shape
        changes with the margin.  Cues that speak for the other class already are left out.

        Raises:
            CaseError: see :meth:`load`.
        """
        plans = self.plans(case_id)
        return opposite_cues(plans[0]) if plans else ()

    def check(self, case_id: str, change: Change) -> None:
        """Raises:
        BadRequest: the lesions of the library case cannot be changed so.
        """
        changed_plans(self.plans(case_id), change)

    def _recipe(self, case_id: str) -> Recipe:
        record = self._records.get(case_id)
        seed = self._library.texture_seed(case_id) if record else None
        if record is None or record.pathology is None:
            raise CaseNotFound(f"There is no case {case_id!r:.60} in {self._library.name}.")
        if seed is None or record.view is None or record.laterality is None:
            raise CaseError(
                f"The library does not say what {case_id} was drawn from, so no cue of it can be "
                "changed; generate the library again."
            )
        return Recipe(
            seed, record.pathology, record.view, record.laterality,
            self._library.load(case_id).image.shape[0], not case_id.endswith(SECOND),
        )  # fmt: skip

    def _drawn(self, case_id: str) -> _Drawn:
        with self._lock:
            known = self._cases.get(case_id)
            if known is None:
                known = self._cases[case_id] = self._draw(case_id)
            return known

    def _draw(self, case_id: str) -> _Drawn:
        base, _, text = case_id.partition(SEPARATOR)
        recipe = self._recipe(base)
        try:
            change = read_change(text)
            changed_plans(recipe.plans(), change)
        except BadRequest as problem:
            raise CaseError(str(problem)) from None
        if base not in self._backgrounds:
            self._backgrounds[base] = recipe.background()
        phantom = recipe.draw(self._backgrounds[base], change)
        truth = truth_of(phantom)
        second = phantom.recombined
        case = with_pixels(
            self._records[base],
            image=_stored(phantom.image),
            recombined=None if second is None else _stored(second.image),
            lesion_mask=_some(phantom.mask),
            recombined_mask=None if second is None else _some(second.mask),
        )
        return _Drawn(_described(case, case_id, phantom, truth), truth)


def _described(case: Case, case_id: str, phantom: Phantom, truth: Truth) -> Case:
    """The case with what the phantom now is; the library's own words where nothing is changed."""
    if case_id == case.id:
        return case
    return replace(
        case,
        id=case_id,
        birads=truth.birads,
        findings=tuple(finding(plan) for plan in phantom.plans),
        descriptors={k: v for plan in phantom.plans for k, v in plan.descriptors.items()},
        note="",
        other_view=None,
    )


def _stored(image: FloatArray) -> FloatArray:
    """As a library's picture is read: 256 grey levels, float32 in [0, 1]."""
    return (np.rint(image).clip(0, 255) / 255).astype(np.float32)


def _some(mask: BoolArray) -> BoolArray | None:
    return mask if mask.any() else None
