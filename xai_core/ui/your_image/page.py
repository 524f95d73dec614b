"""The page for a picture of one's own: where it is dropped, what it is, what the model makes of it.

Where a file is dropped; what cannot be read is one sentence.

What was read from the file, how it was windowed, and how it lies in the network's square.

How unlike the image is to the phantoms, beside the warning that nothing here is validated.

The page for a picture of one's own: a place to drop it, then what the model makes of it."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from xai_core.cases.sources.upload import OWN_ID, Upload
from xai_core.errors import XaiError
from xai_core.explain.service import ExplainService
from xai_core.preprocessing.letterbox import Geometry, fit, letterbox
from xai_core.settings import ASSETS
from xai_core.study.out_of_distribution import (
    OutOfDistributionScore,
    Reference,
    UnusualQuantity,
    reference_values,
)
from xai_core.study.realism.measure import IMAGE_KEYS, TITLES, measure_square, to_square
from xai_core.types import Case
from xai_core.ui import controls, curves, frame, live, session
from xai_core.ui.address import write_address
from xai_core.ui.memo import memoised
from xai_core.ui.wording import facts_table, plain
from xai_core.ui.your_image import own
from xai_core.ui.your_image.own import Own
from xai_core.viz.pictures import to_png


@dataclass
class Drop:
    """``problem``: why the last file could not be read, in a sentence.  ``turn``: how many files
    were taken; each place to drop one takes one."""

    problem: str | None = None
    turn: int = 0


ACCEPTED = (
    "A grey mammogram as DICOM (one frame), PNG, JPEG or TIFF; 8 or 16 bits; 32 px on each side to "
    "100 megapixels."
)
KEPT = (
    "**Nothing is kept.** The image stays in this program's memory while this tab is open, for it "
    "alone, and goes when the tab is closed or you press Forget. No file, score or name is "
    "stored; a DICOM file lies in a temporary folder for the seconds in which it is decoded."
)


def show_drop(service: ExplainService, label: str) -> None:
    """Draw the place; a file dropped there is read, and the page drawn anew."""
    kept = session.part(Drop)
    file = st.file_uploader(label, key=f"own file {kept.turn}", help=ACCEPTED)
    if file is not None:
        with st.spinner("Reading the file"):
            try:
                own.take(file.getvalue(), file.name, service)
                kept.problem = None
            except XaiError as problem:
                kept.problem = str(problem)
        _let_go(file.file_id)
        kept.turn += 1  # an empty one: the old one would be read again
        st.rerun()
    if kept.problem:
        st.error(plain(kept.problem, 600))


def forget_image() -> None:
    """Let go of the image on show, and of what was said about a file."""
    session.part(Drop).problem = None
    own.forget()


def address_settings() -> dict[str, str]:
    """What the address of this page keeps: how an image is explained, never which."""
    address = write_address(session.current())
    del address["case"]
    return address


def _let_go(file_id: str) -> None:
    """Streamlit holds an uploaded file's bytes until the session ends; ours may go now."""
    context = get_script_run_ctx()
    if context is not None:
        context.uploaded_file_mgr.remove_file(context.session_id, file_id)


def show_facts(upload: Upload, input_size: int) -> None:
    """Draw all of it, for a narrow column."""
    case = upload.case
    for warning in case.warnings:
        st.warning(plain(warning, 400))
    st.markdown("**Read from the file**")
    st.markdown(facts_table(upload.header))
    st.caption("Nothing else of the header is read for show: no name, number or date.")
    st.markdown(f"**Windowed:** {plain(upload.windowed, 200)}")
    geometry = memoised("geometry", (case, input_size), lambda: fit(case.image, input_size))
    height, width = case.image.shape
    st.markdown(f"**What the network sees:** {geometry_words(geometry, (height, width))}")

    def drawn() -> bytes:
        return to_png(np.rint(letterbox(case.image, geometry) * 255).astype(np.uint8))

    st.image(
        memoised("network's square", (case, input_size), drawn),
        width="stretch",
        alt="Your image as the network sees it: cropped to the breast and padded to a square",
    )


def geometry_words(geometry: Geometry, shape: tuple[int, int]) -> str:
    """Crop, scale and padding of a picture (H, W), in words."""
    x0, y0, x1, y1 = geometry.crop
    size = geometry.size
    whole = (x0, y0, x1, y1) == (0, 0, shape[1], shape[0])
    crop = (
        f"all {shape[1]} x {shape[0]} px"
        if whole
        else f"columns {x0} to {x1}, rows {y0} to {y1} of {shape[1]} x {shape[0]} px, the largest "
        "region above air"
    )
    left, top = (round(pad) for pad in geometry.pad)
    pads = ", ".join(
        words
        for words, pad in ((f"{left} px of black beside", left), (f"{top} px above", top))
        if pad
    )
    return f"{crop}; scaled by {geometry.scale:.3g} to {size} x {size}" + (
        f"; {pads}." if pads else "."
    )


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
    """The built-in phantoms; where they must be measured, in the background, for some seconds."""
    pool = ThreadPoolExecutor(1, thread_name_prefix="typical")
    return pool.submit(lambda: Reference(reference_values()))


def begin_reference() -> None:
    """Start to learn what phantoms measure, so that the figure is there when an image is."""
    _reference()


def show_out_of_distribution(case: Case) -> None:
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
    found = memoised(
        "unlikeness",
        (case, reference),
        lambda: reference.compare(measure_square(to_square(case.image, None, case.laterality))),
    )
    st.markdown(sentence(found, reference.size), help=_HELP)
    if found is not None and found.unusual:
        st.caption(
            "Outside the phantoms' usual range: "
            + "; ".join(map(odd_words, found.unusual[:3]))
            + "."
        )


def sentence(found: OutOfDistributionScore | None, size: int) -> str:
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


def odd_words(odd: UnusualQuantity) -> str:
    """A quantity, its value and what is usual."""
    digits = 2 if abs(odd.high) < 10 else 0
    value, low, high = (f"{v:.{digits}f}" for v in (odd.value, odd.low, odd.high))
    return f"{TITLES[odd.key]} {value} (usual {low} to {high})"


_BEFORE = """
1. What the file says of its picture is shown (never a name, a number or a date), how its values
   became grey, and what part of it the network sees.
2. A measure says how unlike the image is to what the model was trained on.
3. Then the same viewer, maps and curves as on Explore.
"""


def show(service: ExplainService) -> None:
    """Draw the page.  ``service``: the dashboard's, which lends its model."""
    begin_reference()
    st.html(ASSETS / "pages" / "your_image.css")
    frame.say_phantom(cases=False, model=service.explainer.classifier.spec.trained_on_phantoms)
    session.restore(service.records, service.explainer.classifier)
    if session.problems():
        st.warning("  \n".join(plain(sentence, 400) for sentence in session.problems()))
    mine = own.held()
    if mine is None:
        _invite(service)
    else:
        _explain(service, mine)


def _invite(service: ExplainService) -> None:
    st.markdown("## Your image")
    st.markdown(
        "Drop a mammogram of your own here. This model was **trained on phantoms and is not "
        "validated for any real image**: use it to learn what such a model does, never to judge a "
        "case."
    )
    with st.container(key="drop"):
        show_drop(service, "A DICOM file or a picture (PNG, JPEG, TIFF)")
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**What happens then**")
        st.markdown(_BEFORE)
    with right:
        st.markdown("**What is kept**")
        st.markdown(KEPT)
        st.caption(ACCEPTED)


def _explain(service: ExplainService, mine: Own) -> None:
    session.override_case(OWN_ID)
    session.mirror(address_settings())
    with st.sidebar:
        show_drop(service, "Another file")
        st.button("Forget this image", on_click=forget_image, width="stretch")
        with st.container(key="file-facts"):
            show_facts(mine.upload, service.explainer.classifier.spec.input_size)
            st.caption(KEPT)
    shown = session.current()
    controls.show(mine.service, mine.service.predicted(OWN_ID))
    left, right = st.columns([1.7, 1], gap="large")
    with right:
        show_out_of_distribution(mine.upload.case)
        curves.choose_mode()
    live.show(mine.service, shown, left, right)
