"""What is asked: method, layer, class."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from xai_core.cam import METHODS
from xai_core.request import PREDICTED
from xai_core.service import ExplainService
from xai_core.ui import first_sight, state
from xai_core.ui.service_access import layers
from xai_core.ui.words import METHOD_WORDS, layer_words

_ALL = 0
FAST = 48  # channels of the fast Score-CAM: an eighth of Stage 3's


def show(service: ExplainService, predicted: int | None) -> None:
    """Draw the choices in one row, after the first picture.

    Args:
        service: whose model is explained.
        predicted: the model's class for this case, to name it; None while unknown.
    """
    first_sight.then(lambda: _row(service, predicted), "controls-place")


def _row(service: ExplainService, predicted: int | None) -> None:
    titles = {layer.name: layer.title for layer in layers(service)}
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
            tuple(titles),
            titles.__getitem__,
            "Where in the network we look. "
            + " ".join(
                f"**{layer.title}** is {layer_words(layer)} fields." for layer in layers(service)
            ),
        )
        target_class(service, predicted)
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


def target_class(service: ExplainService, predicted: int | None) -> None:
    """Draw the choice of the class alone; the arguments are those of :func:`show`."""
    names = service.explainer.classifier.spec.class_names
    _choice(
        "Explain the class",
        "target",
        (PREDICTED, *names),
        lambda name: _target(name, None if predicted is None else names[predicted]),
        "The score the map explains. As predicted: the class the model decided for.",
    )


def _target(name: str, predicted: str | None) -> str:
    if name != PREDICTED:
        return name
    return PREDICTED if predicted is None else f"{PREDICTED} ({predicted})"


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
