"""The image and the heatmap over it: opacity, outline, colour bar.  The largest thing there is."""

from __future__ import annotations

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from xai_core.cam import METHODS
from xai_core.explanation import Explanation
from xai_core.model.geometry import Geometry, fit
from xai_core.types import CLASS_NAMES, Case, Heatmap, MapState
from xai_core.ui.remembered import remembered
from xai_core.ui.words import asked_words, state_words
from xai_core.viz.colormap import colours
from xai_core.viz.pictures import grey, outline, overlay, to_png
from xai_core.viz.screen import Screen, screen_of

_HEIGHT, _WIDTH = 1100, 1400  # px a picture is made for; the style fits it to the window


def show(case: Case, explanation: Explanation | None, input_size: int) -> None:
    """Draw what there is: the image at once, and the map as soon as there is a part of one."""
    heatmap = explanation.heatmap if explanation else None
    place, opacity, outlined, beside = _options(case)
    if explanation:
        geometry = explanation.prepared.geometry
    else:
        geometry = remembered("geometry", (case,), lambda: fit(case.image, input_size))
    screen = screen_of(
        (case.image.shape[0], case.image.shape[1]), geometry, case.lesion_mask, _HEIGHT, _WIDTH
    )
    mask = case.lesion_mask if outlined else None
    plain_png = remembered("original", (case, outlined), lambda: _original(case, screen, mask))
    over_png = plain_png
    if heatmap is not None and heatmap.state is MapState.OK:
        over_png = remembered(
            "overlay",
            (case, heatmap, outlined, opacity),
            lambda: _overlay(case, screen, mask, heatmap, geometry, opacity),
        )
    with place, st.container(horizontal=True, key="pictures", gap="small"):
        if beside:
            st.image(plain_png, alt=f"The mammogram {case.id} as it is")
        st.image(over_png, alt=_alt(case, explanation))
    with place:
        _legend(explanation)


def _options(case: Case) -> tuple[DeltaGenerator, float, bool, bool]:
    """The place for the pictures, above the options that govern them; and the options."""
    place = st.container()
    has_lesion = case.lesion_mask is not None and bool(case.lesion_mask.any())
    with st.container(horizontal=True, key="picture-options", vertical_alignment="center"):
        opacity = st.slider(
            "Heatmap opacity (%)", 0, 100, 55, 5, key="opacity", persist_state="session", width=220
        )
        beside = st.toggle("Original beside it", True, key="beside", persist_state="session")
        outlined = st.toggle(
            "Lesion outline", key="outline", persist_state="session", disabled=not has_lesion,
            help="The lesion as marked by the source; nothing is marked in this case."
            if not has_lesion else "The lesion as marked by the source.",
        )  # fmt: skip
    return place, opacity / 100, outlined and has_lesion, beside


def _original(case: Case, screen: Screen, mask: np.ndarray | None) -> bytes:
    rgb = grey(screen.image(case.image))
    return to_png(outline(rgb, screen.mask(mask), width=3) if mask is not None else rgb)


def _overlay(
    case: Case, screen: Screen, mask: np.ndarray | None, heatmap: Heatmap, geometry: Geometry,
    opacity: float,
) -> bytes:  # fmt: skip
    heat = screen.heat(heatmap.values, geometry)
    rgb = overlay(screen.image(case.image), heat, opacity)
    return to_png(outline(rgb, screen.mask(mask), width=3) if mask is not None else rgb)


def _alt(case: Case, explanation: Explanation | None) -> str:
    if explanation is None or explanation.heatmap is None:
        return f"The mammogram {case.id}; no heatmap yet"
    words = asked_words(explanation.request, explanation.target)
    return f"The mammogram {case.id} with the heatmap over it: {words}"


@st.cache_data(max_entries=1, show_spinner=False)  # type: ignore[untyped-decorator]
def _bar() -> bytes:
    return to_png(np.repeat(colours(np.linspace(0, 1, 400, dtype=np.float32))[None], 12, axis=0))


def _legend(explanation: Explanation | None) -> None:
    """The colour bar in the class's score, or why there is no colour."""
    heatmap = explanation.heatmap if explanation else None
    if explanation is None or heatmap is None:
        st.caption("The heatmap is being computed.")
        return
    name = CLASS_NAMES[explanation.target]
    why = state_words(heatmap.state, name)
    if why:
        st.info(why)
        return
    with st.container(horizontal=True, key="legend", vertical_alignment="center", gap="small"):
        st.markdown(f"{name} class score")
        st.markdown("0")
        st.image(_bar(), width=260, alt="Colour scale from dark (no evidence) to pale yellow")
        st.markdown(f"{heatmap.scale:.3g}")
        st.caption(METHODS[explanation.request.method].unit)
