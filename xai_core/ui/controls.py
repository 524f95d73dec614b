"""What is asked: method, layer, class."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from xai_core.cam import METHODS
from xai_core.request import PREDICTED, TARGETS
from xai_core.types import CLASS_NAMES, LAYER_TITLES, LAYERS
from xai_core.ui import state
from xai_core.ui.words import LAYER_WORDS, METHOD_WORDS


def show(predicted: int | None) -> None:
    """Draw the choices in one row.

    Args:
        predicted: the model's class for this case, to name it; None while unknown.
    """
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
