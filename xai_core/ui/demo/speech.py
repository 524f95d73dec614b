"""What the presenter says, large, with the way on and the way back."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import streamlit as st

from xai_core.model.spec import ModelSpec
from xai_core.settings import ASSETS
from xai_core.types import CaseRecord, Outcome, Prediction
from xai_core.ui.demo import keys, tour
from xai_core.ui.demo.stops import STOPS, Stop, filled
from xai_core.ui.words import plain

_KEYS = "Keys: right and left arrow, Page Down and Page Up (a remote), or N and P."


def show(
    record: CaseRecord | None, prediction: Prediction | None, spec: ModelSpec,
    outcome: Outcome | None, link: tuple[str, str, Mapping[str, str]] | None,
) -> None:  # fmt: skip
    """Draw the speech of the stop.

    Args:
        record, prediction, outcome: of the stop's case; None while it is not chosen yet.
        link: the page that shows the same by hand: its file, its title and the address there.
    """
    st.html(ASSETS / "pages" / "demo.css")
    number = tour.place()
    stop = STOPS[number]
    with st.container(key="tour"):
        st.caption(f"Stop {number + 1} of {len(STOPS)}")
        if record is None:
            st.markdown("## Choosing the cases")
            st.caption(
                "The model looks at the library's cases; the tour begins with the first that fits."
            )
        else:
            _speech(stop, record, prediction, spec, outcome)
        _ways(number)
        if link is not None:
            file, title, address = link
            st.page_link(file, label=f"The same by hand, on {title}", query_params=dict(address))
        _list(number)


def _speech(
    stop: Stop, record: CaseRecord, prediction: Prediction | None, spec: ModelSpec,
    outcome: Outcome | None,
) -> None:  # fmt: skip
    st.markdown(f"## {filled(stop.title, record, prediction, spec, outcome)}")
    with st.container(key="say"):
        st.markdown(plain(filled(stop.say, record, prediction, spec, outcome), 800))
    with st.container(key="do"):
        st.markdown(f"By hand: {stop.do}")


def _ways(number: int) -> None:
    first, last = number == 0, number == len(STOPS) - 1
    back, onward = partial(tour.go, number - 1), partial(tour.go, number + 1)
    left, right = st.columns(2)
    left.button("Back", key="tour back", on_click=back, disabled=first, shortcut="P",
                width="stretch")  # fmt: skip
    right.button("Next", key="tour next", on_click=onward, disabled=last, shortcut="N",
                 width="stretch")  # fmt: skip
    keys.listen(number, len(STOPS) - 1, tour.go)
    st.caption(_KEYS)


def _list(number: int) -> None:
    with st.expander("All stops, about five minutes"), st.container(key="stops"):
        for i, stop in enumerate(STOPS):
            st.button(
                f"{i + 1}. {stop.short or stop.title}",
                key=f"tour stop {i + 1}",
                on_click=partial(tour.go, i),
                disabled=i == number,
                type="tertiary",
                width="stretch",
            )
