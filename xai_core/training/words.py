"""A lesion's descriptors as numbers, so that the network can be asked for them while it learns.

A label says one bit of a lesion; its descriptors say which cue the bit hangs on.  The heads that
name them are dropped at export, as the dense ones are.
"""

from __future__ import annotations

from collections.abc import Sequence

from xai_core.phantom.lexicon import KIND, TERMS
from xai_core.phantom.plan import LesionPlan

TABLES: dict[str, tuple[str, ...]] = {"kind": tuple(KIND)} | {
    term: tuple(table) for terms in TERMS.values() for term, table in terms.items()
}
"""Term -> its values; a value's place in the tuple is its number."""

UNKNOWN = -1
Words = tuple[int, ...]
"""One number per term of ``TABLES``; ``UNKNOWN`` where the term does not apply or is not given."""

NOTHING: Words = (UNKNOWN,) * len(TABLES)


def words_of(plans: Sequence[LesionPlan]) -> Words:
    """The numbers of a breast's lesions, which share their descriptors."""
    if not plans:
        return NOTHING
    said = {"kind": plans[0].kind, **plans[0].descriptors}
    return tuple(
        values.index(said[term]) if term in said else UNKNOWN for term, values in TABLES.items()
    )
