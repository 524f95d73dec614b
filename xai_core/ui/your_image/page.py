"""The Your image page: the upload of a file, the facts read from it, and its explanation.

Beside the explanation stands the notice that the model is not validated for such images, with the
image's distance from the phantoms that the model was trained on.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from xai_core.cases.sources.upload import OWN_ID, Upload
from xai_core.errors import UnreadableImage, XaiError
from xai_core.explain.service import PageService
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
from xai_core.ui.your_image.own import OwnImage
from xai_core.viz.pictures import to_png

_BEFORE = """
1. What the file says of its picture is shown (never a name, a number or a date), how its values
   became grey, and what part of it the network sees.
2. A measure says how unlike the image is to what the model was trained on.
3. Then the same viewer, maps and curves as on Explore.
"""
UPLOAD_MB = 64
"""The most that an uploaded file may have, in MiB: what the drop zone says, and what is enforced by
the browser and here.  ``server.maxUploadSize`` is 1 more, since it counts the whole request."""

ACCEPTED = (
    "A grey mammogram as DICOM (one frame), PNG, JPEG or TIFF; 8 or 16 bits; 32 px on each side to "
    f"100 megapixels; at most {UPLOAD_MB} MB."
)
KEPT = (
    "**Nothing is kept.** The image stays in this program's memory while this tab is open, for it "
    "alone, and goes when the tab is closed or you press Forget. No file, score or name is "
    "stored; the file lies in a temporary folder for the seconds in which it is decoded."
)


# --- the page ---


def show(service: PageService) -> None:
    """Draw the page.  ``service``: the dashboard's; its model explains the own image too."""
    begin_reference()
    st.html(ASSETS / "pages" / "your_image.css")
    spec = service.classifier.spec
    frame.add_origin_notice(cases=False, model=spec.trained_on(), decision=spec.set_decision())
    session.restore(service.records, service.classifier)
    if session.problems():
        st.warning("  \n".join(plain(sentence, 400) for sentence in session.problems()))
    image = own.current_image()
    if image is None:
        _show_invitation(service)
    else:
        _show_explanation(service, image)


def _show_invitation(service: PageService) -> None:
    trained_on = service.classifier.spec.trained_on()
    st.markdown("## Your image")
    st.markdown(
        f"Drop a mammogram of your own here. This model "
        f"{f'was **trained on {trained_on} and is not ' if trained_on else 'is **not '}"
        "validated for any real image**: use it to learn what such a model does, never to judge a "
        "case."
    )
    with st.container(key="drop"):
        show_upload(service, "A DICOM file or a picture (PNG, JPEG, TIFF)")
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**What happens then**")
        st.markdown(_BEFORE)
    with right:
        st.markdown("**What is kept**")
        st.markdown(KEPT)
        st.caption(ACCEPTED)


def _show_explanation(service: PageService, image: OwnImage) -> None:
    session.override_case(OWN_ID)
    session.update_address(page_address())
    with st.sidebar:
        show_upload(service, "Another file")
        st.button("Forget this image", on_click=forget_image, width="stretch")
        with st.container(key="file-facts"):
            show_facts(image.upload, service.classifier.spec.input_size)
            st.caption(KEPT)
    shown = session.current()
    controls.show(image.service, image.service.predicted(OWN_ID))
    top = st.container()
    left, right = st.columns([1.7, 1], gap="large")
    with right:
        show_out_of_distribution(image.upload.case)
        curves.show_mode_choice()
    live.show(image.service, shown, top, left, right)


def page_address() -> dict[str, str]:
    """The parameters of this page's address: the request, but never the image."""
    address = write_address(session.current())
    del address["case"]
    return address


# --- the upload ---


@dataclass
class FileUpload:
    """``problem``: why the last file could not be read, in a sentence.  ``count``: how many files
    were uploaded; each one gets a new upload widget."""

    problem: str | None = None
    count: int = 0


def show_upload(service: PageService, label: str) -> None:
    """Draw the upload widget; read an uploaded file and draw the page again."""
    state = session.part(FileUpload)
    file = st.file_uploader(
        label, key=f"own file {state.count}", help=ACCEPTED, max_upload_size=UPLOAD_MB
    )
    if file is not None:
        with st.spinner("Reading the file"):
            try:
                check_upload_size(file.size)  # the browser's word is not taken for it
                own.open_file(file.getvalue(), file.name, service)
                state.problem = None
            except XaiError as problem:
                state.problem = str(problem)
        _discard_uploaded_bytes(file.file_id)
        state.count += 1  # a new, empty widget: the old one would return the file again
        st.rerun()
    if state.problem:
        st.error(plain(state.problem, 600))


def check_upload_size(size: int) -> None:
    """Check that an uploaded file of ``size`` bytes is within what the drop zone says.

    Raises:
        UnreadableImage: it is larger.
    """
    if size > UPLOAD_MB * 2**20:
        raise UnreadableImage(
            f"The file has {size / 2**20:,.1f} MB; at most {UPLOAD_MB} MB are taken."
        )


def forget_image() -> None:
    """Drop the own image and the problem of the last file."""
    session.part(FileUpload).problem = None
    own.forget()


def _discard_uploaded_bytes(file_id: str) -> None:
    """Remove an uploaded file from Streamlit, which would hold it until the session ends."""
    context = get_script_run_ctx()
    if context is not None:
        context.uploaded_file_mgr.remove_file(context.session_id, file_id)


# --- the facts of the file ---


def show_facts(upload: Upload, input_size: int) -> None:
    """Draw the header's facts, the windowing and the network's input, for a narrow column."""
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

    def make() -> bytes:
        return to_png(np.rint(letterbox(case.image, geometry) * 255).astype(np.uint8))

    st.image(
        memoised("network's square", (case, input_size), make),
        width="stretch",
        alt="Your image as the network sees it: cropped to the breast and padded to a square",
    )


def geometry_words(geometry: Geometry, shape: tuple[int, int]) -> str:
    """The crop, scale and padding of a picture of ``shape`` (H, W) as a sentence."""
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


# --- the distance from the phantoms ---

_POLL = 1.0  # seconds, while the phantoms are measured (once for all sessions)
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
    """The measurements of the built-in phantoms; made in the background if they are not stored."""
    pool = ThreadPoolExecutor(1, thread_name_prefix="reference")
    return pool.submit(lambda: Reference(reference_values()))


def begin_reference() -> None:
    """Start measuring the phantoms, so that the result is known once an image is uploaded."""
    _reference()


def show_out_of_distribution(case: Case) -> None:
    """Draw the notice and, under it, the case's distance from the phantoms."""
    with st.container(border=True, key="unvalidated"):
        st.markdown(_NOTICE)
        waiting = not _reference().done()
        st.fragment(_show_distance, run_every=_POLL if waiting else None)(case, waiting)


def _show_distance(case: Case, waiting: bool) -> None:
    future: Future[Reference] = _reference()
    if not future.done():
        st.caption("Unlike the training phantoms? They are being measured, once.")
        return
    if waiting:
        st.rerun()
    try:
        reference = future.result()
    except (XaiError, ValueError) as problem:
        reason = plain(str(problem), 400)
        st.caption(f"Unlike the training phantoms? They cannot be measured here: {reason}")
        return
    score = memoised(
        "unlikeness",
        (case, reference),
        lambda: reference.compare(measure_square(to_square(case.image, None, case.laterality))),
    )
    st.markdown(distance_sentence(score, reference.size), help=_HELP)
    if score is not None and score.unusual:
        quantities = "; ".join(map(unusual_quantity_words, score.unusual[:3]))
        st.caption(f"Outside the phantoms' usual range: {quantities}.")


def distance_sentence(score: OutOfDistributionScore | None, size: int) -> str:
    """The distance from the ``size`` phantoms as a sentence; ``score``: None if not measurable."""
    if score is None:
        return (
            "**Unlike the training phantoms:** it cannot be measured as a breast on a dark ground, "
            "so it is further away than any of them."
        )
    if score.nearer >= 1:
        share = f"further from them than all {size} built-in phantoms"
    else:
        share = f"further from them than {score.nearer:.0%} of the {size} built-in phantoms"
    return f"**Unlike the training phantoms:** {share} (distance {score.distance:.1f})."


def unusual_quantity_words(quantity: UnusualQuantity) -> str:
    """A quantity's title, its value and the phantoms' usual range."""
    digits = 2 if abs(quantity.high) < 10 else 0
    value, low, high = (
        f"{number:.{digits}f}" for number in (quantity.value, quantity.low, quantity.high)
    )
    return f"{TITLES[quantity.key]} {value} (usual {low} to {high})"
