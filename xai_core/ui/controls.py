"""The controls of the request: method, layer, class, and the method's own options."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import streamlit as st

from xai_core.cam import METHODS, PAPER_METHODS
from xai_core.cam.options import Kind, Option
from xai_core.explain.request import PREDICTED
from xai_core.explain.service import PageService
from xai_core.ui import deferred, session
from xai_core.ui.service_access import layers
from xai_core.ui.wording import layer_words, plain

_LIST_WIDTH = 140  # px: the longest title and the arrow
_ALL = 0  # stands for None in a choice of counts: Streamlit uses None for "nothing chosen"


def show(service: PageService, predicted: int | None) -> None:
    """Draw the controls in one row, deferred until after the first picture.

    Args:
        service: whose model is explained.
        predicted: the index of the class the model predicts for this case; None while unknown.
    """
    deferred.draw_after_picture(lambda: _draw(service, predicted), "controls-place")


def _draw(service: PageService, predicted: int | None) -> None:
    with st.container(horizontal=True, key="controls", gap="large", vertical_alignment="bottom"):
        _show_method_choice()
        show_layer_choice(service)
        show_target_choice(service, predicted)
        _show_options()


def method_help(names: Iterable[str]) -> str:
    """What each of these methods does, a line each."""
    return "  \n".join(f"**{METHODS[m].title}**: {METHODS[m].description}" for m in names)


def _show_method_choice() -> None:
    """The paper's methods side by side, and all others in a list beside them: one line."""
    chosen = session.current().request.method
    _choice(
        "Method",
        "method",
        PAPER_METHODS,
        lambda name: METHODS[name].title,
        method_help(PAPER_METHODS),
    )
    others = tuple(name for name in METHODS if name not in PAPER_METHODS)
    listed = chosen if chosen in others else None
    st.selectbox(
        "Other methods",
        others,
        index=None if listed is None else others.index(listed),
        format_func=lambda name: METHODS[name].title,
        placeholder=f"{len(others)} more",
        key=session.widget_key("choose another method", listed),
        help=method_help(others),
        on_change=session.on_user_change("choose another method", _set_method),
        width=_LIST_WIDTH,
    )


def _set_method(name: str | None) -> None:
    if name is not None:
        session.change(method=name)


def show_layer_choice(service: PageService) -> None:
    """Draw the choice of the layer; ``service``: whose model is explained."""
    titles = {layer.name: layer.title for layer in layers(service)}
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


def show_target_choice(service: PageService, predicted: int | None) -> None:
    """Draw the choice of the class to explain; the arguments are those of :func:`show`."""
    names = service.classifier.spec.class_names
    _choice(
        "Explain the class",
        "target",
        (PREDICTED, *names),
        lambda name: _target_title(name, None if predicted is None else names[predicted]),
        "The score the map explains. As predicted: the class the model decided for.",
    )


def _target_title(name: str, predicted: str | None) -> str:
    if name != PREDICTED:
        return plain(name)
    return PREDICTED if predicted is None else f"{PREDICTED} ({plain(predicted)})"


def _choice(
    label: str, field: str, options: tuple[str, ...], title: Callable[[str], str], help: str
) -> None:
    value = getattr(session.current().request, field)
    chosen = value if value in options else None
    widget = f"choose {field}"
    st.segmented_control(
        label,
        options,
        default=chosen,
        required=chosen is not None,
        format_func=title,
        key=session.widget_key(widget, chosen),
        help=help,
        on_change=session.on_user_change(widget, lambda value: session.change(**{field: value})),
    )


def _show_options() -> None:
    """Draw the options of the current method, without area levels: the viewer has those."""
    declared = METHODS[session.current().request.method].options.declared()
    options = [option for option in declared if option.kind is not Kind.PERCENTAGES]
    for option in options:
        if not option.expert:
            _show_option(option)
    conventions = [option for option in options if option.expert]
    if conventions:
        request = session.current().request
        changed = sum(request.option(option.name) != option.default for option in conventions)
        label = f"Conventions, {changed} changed" if changed else "Conventions"
        with st.popover(label, help="Choices that papers and software make differently."):
            for option in conventions:
                _show_option(option)


def _show_option(option: Option) -> None:
    chosen = session.current().request.option(option.name)
    widget = f"choose {option.name}"

    def change(value: Any) -> None:
        session.change(**{option.name: value})

    if option.kind is Kind.SWITCH:
        st.toggle(
            option.title,
            value=chosen,
            key=session.widget_key(widget, chosen),
            help=option.help,
            on_change=session.on_user_change(widget, change),
        )
        return
    if option.kind is Kind.CHOICE:
        choices: tuple[Any, ...] = option.choices
        title: Callable[[Any], str] = lambda value: str(value).replace("-", " ")  # noqa: E731
        apply: Callable[[Any], None] = change
    elif option.kind is Kind.NUMBER:
        choices = tuple(sorted({option.default, *option.suggested, chosen}))
        title, apply = str, change
    else:
        chosen = chosen or _ALL
        choices = tuple(sorted({_ALL, *option.suggested, chosen}))
        title = _count_title(option)
        apply = lambda n: change(None if n == _ALL else n)  # noqa: E731
    st.segmented_control(
        option.title,
        choices,
        default=chosen,
        required=True,
        format_func=title,
        key=session.widget_key(widget, chosen),
        help=option.help,
        on_change=session.on_user_change(widget, apply),
    )


def _count_title(option: Option) -> Callable[[int], str]:
    """How a count is named; whether fewer are an approximation, the method says."""
    method = METHODS[session.current().request.method]
    fewer = method.options.of({option.name: option.least})
    exact, fast = (" (exact)", " (fast)") if method.exact_options(fewer) is not None else ("", "")
    return lambda n: f"all{exact}" if n == _ALL else f"first {n}{fast}"
