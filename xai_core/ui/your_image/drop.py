"""Where a file is dropped; what cannot be read is one sentence."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from xai_core.errors import XaiError
from xai_core.service import ExplainService
from xai_core.ui import state
from xai_core.ui.address import write_address
from xai_core.ui.words import plain
from xai_core.ui.your_image import own


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


def show(service: ExplainService, label: str) -> None:
    """Draw the place; a file dropped there is read, and the page drawn anew."""
    kept = state.part(Drop)
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


def forget() -> None:
    """Let go of the image on show, and of what was said about a file."""
    state.part(Drop).problem = None
    own.forget()


def settings() -> dict[str, str]:
    """What the address of this page keeps: how an image is explained, never which."""
    address = write_address(state.show())
    del address["case"]
    return address


def _let_go(file_id: str) -> None:
    """Streamlit holds an uploaded file's bytes until the session ends; ours may go now."""
    context = get_script_run_ctx()
    if context is not None:
        context.uploaded_file_mgr.remove_file(context.session_id, file_id)
