"""What is asked: method, layer, class, and the method's own options."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from xai_core.cam import METHODS
from xai_core.cam.options import Kind, Option
from xai_core.request import PREDICTED, TARGETS
from xai_core.types import CLASS_NAMES, LAYER_TITLES, LAYERS
from xai_core.ui import first_sight, state
from xai_core.ui.words import LAYER_WORDS

_ALL = 0  # in a choice of counts, which has no place for None


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
            "  \n".join(f"**{m.title}**: {m.description}" for m in METHODS.values()),
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
        _options()


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
    chosen = getattr(state.show().request, field)
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


def _options() -> None:
    """The options of the method on show.  Area levels are switched in the viewer."""
    declared = METHODS[state.show().request.method].options.declared()
    drawn = [option for option in declared if option.kind is not Kind.PERCENTAGES]
    for option in drawn:
        if not option.expert:
            _option(option)
    experts = [option for option in drawn if option.expert]
    if experts:
        request = state.show().request
        changed = sum(request.option(option.name) != option.default for option in experts)
        label = f"Conventions, {changed} changed" if changed else "Conventions"
        with st.popover(label, help="Choices that papers and software make differently."):
            for option in experts:
                _option(option)


def _option(option: Option) -> None:
    chosen = state.show().request.option(option.name)
    widget = f"choose {option.name}"

    def change(value: Any) -> None:
        state.change(**{option.name: value})

    if option.kind is Kind.SWITCH:
        st.toggle(
            option.title,
            value=chosen,
            key=state.key_showing(widget, chosen),
            help=option.help,
            on_change=state.when_changed(widget, change),
        )
        return
    if option.kind is Kind.CHOICE:
        choices: tuple[Any, ...] = option.choices
        words: Callable[[Any], str] = lambda value: str(value).replace("-", " ")  # noqa: E731
        decide: Callable[[Any], None] = change
    else:
        chosen = chosen or _ALL
        choices = tuple(sorted({_ALL, *option.suggested, chosen}))
        words = _count_words
        decide = lambda n: change(None if n == _ALL else n)  # noqa: E731
    st.segmented_control(
        option.title,
        choices,
        default=chosen,
        required=True,
        format_func=words,
        key=state.key_showing(widget, chosen),
        help=option.help,
        on_change=state.when_changed(widget, decide),
    )


def _count_words(n: int) -> str:
    return "all (exact)" if n == _ALL else f"first {n} (fast)"
