"""The tour: the speech at the side, the scene beside it."""

from __future__ import annotations

import streamlit as st

from xai_core.service import ExplainService
from xai_core.ui import state
from xai_core.ui.demo import scene, speech, tour
from xai_core.ui.demo.cast import Cast, choose
from xai_core.ui.demo.stops import STOPS
from xai_core.ui.words import plain

_POLL = 1.0  # seconds between looks at the predictions while the stop's case is not chosen


def show(service: ExplainService) -> None:
    """Draw the page."""
    tour.restore(service)
    state.mirror({"stop": str(tour.place() + 1)})
    if state.problems():
        st.warning("  \n".join(plain(sentence, 400) for sentence in state.problems()))
    cast = _cast(service)
    number = tour.place()
    stop = STOPS[number]
    case_id = stop.pick(cast)
    spec = service.explainer.classifier.spec
    if case_id is None:
        with st.sidebar:
            speech.show(None, None, spec, None, None)
        st.fragment(_await, run_every=_POLL)(service)
        return
    scene.set_up(service, number, stop, case_id, cast)
    with st.sidebar:
        speech.show(
            service.records[case_id],
            service.predictions().get(case_id),
            spec,
            cast.outcome(case_id),
            scene.address(service, stop, case_id, cast),
        )
    scene.draw(service, stop)


def _cast(service: ExplainService) -> Cast:
    done, total = service.prediction_progress()
    spec = service.explainer.classifier.spec
    return choose(
        tuple(service.records), service.outcomes(), service.predictions(), done == total,
        spec.threshold, spec.positive,
    )  # fmt: skip


def _await(service: ExplainService) -> None:
    if STOPS[tour.place()].pick(_cast(service)) is not None:
        st.rerun()
    done, total = service.prediction_progress()
    st.info(
        "The cases of this tour are chosen by what the model says of them: "
        f"{done} of {total} predicted so far."
    )
