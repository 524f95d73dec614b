"""What is asked: method, layer, class."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from xai_core.cam import METHODS
from xai_core.request import PREDICTED, TARGETS
from xai_core.types import CLASS_NAMES, LAYER_TITLES, LAYERS
from xai_core.ui import first_sight, state
from xai_core.ui.words import LAYER_WORDS, METHOD_WORDS

_ALL = 0
FAST = 48  # channels of the fast Score-CAM: an eighth of Stage 3's


def show(predicted: int | None) -> None:
    """Draw the choices in one row, after the first picture.

    Args:
        predicted: the model's class for this case, to name it; None while unknown.
    """
    first_sight.then(lambda: _row(predicted), "controls-place")


def _row(predicted: int | None) -> None:
    with st.container(horizontal=True, key="controls", gap="large"):
        _choice(
            "Method",
            "method",
            tuple(METHODS),
            lambda name: METHODS[name].title,
            "  \n".join(f"**{METHODS[m].title}**: {words}" for m, words in METHOD_WORDS.items()),
        )
        _choice(
            "Layer of the network",
            "layer",
            LAYERS,
            LAYER_TITLES.__getitem__,
            "Where in the network we look. "
            + " ".join(
                f"**{LAYER_TITLES[name]}** is {LAYER_WORDS[name]} fields." for name in LAYERS
            ),
        )
        target_class(predicted)
        if state.show().method == "score-cam":
            _channels()


def _channels() -> None:
    """Score-CAM from all channels, or a quick look from the first ones."""
    chosen = state.show().channels or _ALL
    st.segmented_control(
        "Channels",
        sorted({_ALL, FAST, chosen}),
        default=chosen,
        required=True,
        format_func=lambda n: "all (exact)" if n == _ALL else f"first {n} (fast)",
        key=state.key_showing("choose channels", chosen),
        help="Exact Score-CAM asks the model once per channel. The fast one asks about the first "
        "few alone; where the exact map is known, the agreement of the two is shown.",
        on_change=state.when_changed(
            "choose channels", lambda n: state.change(channels=None if n == _ALL else n)
        ),
    )


def target_class(predicted: int | None) -> None:
    """Draw the choice of the class alone; ``predicted`` as for :func:`show`."""
    _choice(
        "Explain the class",
        "target",
        TARGETS,
        lambda name: _target(name, predicted),
        "The score the map explains. As predicted: the class the model decided for.",
    )


def _target(name: str, predicted: int | None) -> str:
    if name != PREDICTED:
        return name
    return PREDICTED if predicted is None else f"{PREDICTED} ({CLASS_NAMES[predicted]})"


def _choice(
    label: str, field: str, options: tuple[str, ...], title: Callable[[str], str], help: str
) -> None:
    chosen = getattr(state.show(), field)
    widget = f"choose {field}"
    st.segmented_control(
        label,
        options,
        default=chosen,
        required=True,
        format_func=title,
        key=state.key_showing(widget, chosen),
        help=help,
        on_change=state.when_changed(widget, lambda value: state.change(**{field: value})),
    )
