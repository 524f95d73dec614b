"""What was read from the file, how it was windowed, and how it lies in the network's square."""

from __future__ import annotations

import numpy as np
import streamlit as st

from xai_core.cases.upload import Upload
from xai_core.model.geometry import Geometry, fit, letterbox
from xai_core.ui.remembered import remembered
from xai_core.ui.words import facts_table, plain
from xai_core.viz.pictures import to_png


def show(upload: Upload, input_size: int) -> None:
    """Draw all of it, for a narrow column."""
    case = upload.case
    for warning in case.warnings:
        st.warning(plain(warning, 400))
    st.markdown("**Read from the file**")
    st.markdown(facts_table(upload.header))
    st.caption("Nothing else of the header is read for show: no name, number or date.")
    st.markdown(f"**Windowed:** {plain(upload.windowed, 200)}")
    geometry = remembered("geometry", (case, input_size), lambda: fit(case.image, input_size))
    height, width = case.image.shape
    st.markdown(f"**What the network sees:** {geometry_words(geometry, (height, width))}")

    def drawn() -> bytes:
        return to_png(np.rint(letterbox(case.image, geometry) * 255).astype(np.uint8))

    st.image(
        remembered("network's square", (case, input_size), drawn),
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
