"""How unlike the image is to the phantoms, beside the warning that nothing here is validated."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

import streamlit as st

from xai_core.cases.library import PhantomLibrary
from xai_core.errors import XaiError
from xai_core.study.realism.measure import LOW_ENERGY, measurable, measure_source, measure_square
from xai_core.study.realism.quantities import IMAGE_KEYS, TITLES
from xai_core.study.realism.square import to_square
from xai_core.study.unlike import Odd, Reference, Unlikeness
from xai_core.types import Case
from xai_core.ui.remembered import remembered

_POLL = 1.0  # seconds between looks while the phantoms are measured, once for all sessions
_NOTICE = (
    "**Not validated for this image.** The model learnt from phantoms (synthetic images) and from "
    "where lesions are marked in some real ones. What it says here means nothing about a patient."
)
_HELP = (
    f"Mahalanobis distance of {len(IMAGE_KEYS)} quantities (power spectrum exponent, grey levels "
    "in the breast, its share of the square, its shape, grey under the skin) to the built-in "
    "phantoms, which come from the generator that made the training phantoms. The share is of "
    "phantoms that lie nearer to the others than this image does.  \n"
    "**It does not catch** what these quantities do not see: an unusual lesion, a marker, another "
    "machine's way of sharpening, a file that was altered. Being like the phantoms is no sign that "
    "the answer is right."
)


@st.cache_resource(show_spinner=False)  # type: ignore[untyped-decorator]
def _reference() -> Future[Reference]:
    """The built-in phantoms, measured in the background: some seconds."""
    return ThreadPoolExecutor(1, thread_name_prefix="typical").submit(_measured)


def _measured() -> Reference:
    source = PhantomLibrary()
    found = measure_source(source, measurable(source), (LOW_ENERGY,))
    return Reference([m.values for one in found if isinstance(one, list) for m in one])


def begin() -> None:
    """Start to measure the phantoms, so that the figure is there when an image is."""
    _reference()


def show(case: Case) -> None:
    """Draw the notice and the measure under it."""
    with st.container(border=True, key="unvalidated"):
        st.markdown(_NOTICE)
        waiting = not _reference().done()
        st.fragment(_measure, run_every=_POLL if waiting else None)(case, waiting)


def _measure(case: Case, waiting: bool) -> None:
    future: Future[Reference] = _reference()
    if not future.done():
        st.caption("Unlike the training phantoms? They are being measured, once.")
        return
    if waiting:
        st.rerun()
    try:
        reference = future.result()
    except (XaiError, ValueError) as problem:
        st.caption(f"Unlike the training phantoms? They cannot be measured here: {problem}")
        return
    found = remembered(
        "unlikeness",
        (case, reference),
        lambda: reference.compare(measure_square(to_square(case.image, None, case.laterality))),
    )
    st.markdown(sentence(found, reference.size), help=_HELP)
    if found is not None and found.odd:
        st.caption(
            "Outside the phantoms' usual range: " + "; ".join(map(odd_words, found.odd[:3])) + "."
        )


def sentence(found: Unlikeness | None, size: int) -> str:
    """The measure in words."""
    if found is None:
        return (
            "**Unlike the training phantoms:** it cannot be measured as a breast on a dark ground, "
            "so it is further away than any of them."
        )
    if found.nearer >= 1:
        share = f"further from them than all {size} built-in phantoms"
    else:
        share = f"further from them than {found.nearer:.0%} of the {size} built-in phantoms"
    return f"**Unlike the training phantoms:** {share} (distance {found.distance:.1f})."


def odd_words(odd: Odd) -> str:
    """A quantity, its value and what is usual."""
    digits = 2 if abs(odd.high) < 10 else 0
    value, low, high = (f"{v:.{digits}f}" for v in (odd.value, odd.low, odd.high))
    return f"{TITLES[odd.key]} {value} (usual {low} to {high})"
