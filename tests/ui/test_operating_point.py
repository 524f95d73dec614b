"""Pages decide by an operating point that a setting changed, and name it; the curves' caveat."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.cases.builders import make_release
from tests.ui.stand_in_service import (
    CLASSIFIER,
    SPEC,
    page_text,
    set_viewer_drawn,
    use_stand_in,
    without_error,
)
from xai_core.cases import CddCesm
from xai_core.explain.explainer import Explainer
from xai_core.model.classifier import Classifier


@pytest.fixture(autouse=True)
def own_service() -> Iterator[None]:
    """No service of another test is used, and none is left for one."""
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


def first_case_page() -> None:
    """The verdict of the source's first case, and the notice, as on every page."""
    import time

    import streamlit as st

    from xai_core.ui import frame, session, verdict
    from xai_core.ui.service_access import service_or_stop

    session.part(frame.Notice).place = st.empty()  # as frame.begin does, without its links
    service = service_or_stop()
    record = next(iter(service.records.values()))
    while record.id not in service.predictions():
        time.sleep(0.05)
    verdict.show(record, service.predictions()[record.id], service.classifier.spec)
    verdict.show_scores(service.predictions()[record.id], service.classifier.spec)


def test_a_case_between_changes_sides_and_the_page_says_by_what(
    tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = make_release(tmp_path / "release")
    source = CddCesm(release)
    case = source.load(source.records()[0].id)
    prediction = Explainer(Classifier.open(tiny_weights, "cpu")).predict(case)
    p = prediction.probabilities[1]
    threshold = round(p * 0.9 if p < 0.5 else p + 0.1 * (1 - p), 6)
    larger, other = ("malignant", "benign") if p >= 0.5 else ("benign", "malignant")
    for name, value in {
        "XAI_CASES": str(release), "XAI_WEIGHTS": str(tiny_weights), "XAI_ENGINE": "torch",
        "XAI_STORE": str(tmp_path / "store"), "XAI_PRECOMPUTED": str(tmp_path / "none"),
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)

    def says() -> tuple[str, str]:
        page = AppTest.from_function(first_case_page, default_timeout=60)
        set_viewer_drawn(page)
        without_error(page.run())
        (metric,) = (m for m in page.metric if m.label == "The model says")
        return metric.value.split()[0], page_text(page)

    decided, text = says()
    assert decided == larger
    assert "decided by the larger logit" in text
    assert "The predicted class is decided by" not in text, "nothing was set"
    monkeypatch.setenv("XAI_THRESHOLD", str(threshold))
    decided, text = says()
    assert decided == other
    note = f"P(malignant) at least {threshold:g} (set by XAI_THRESHOLD)"
    assert f"· decided by {note}" in text
    assert f"The predicted class is decided by {note}." in text


def curves_page() -> None:
    """What Explore, Demo and Your image show beside the viewer, and the About page."""
    from tests.ui.stand_in_service import STAND_INS
    from xai_core.explain.request import CaseRequest, ExplainRequest
    from xai_core.ui import live, session
    from xai_core.ui.about import page as about

    service = STAND_INS[-1]
    session.restore(list(service.records), service.classifier)
    shown = CaseRequest("TP-1", ExplainRequest(curves="adaptive"))
    live._draw_right(service, shown, (service.ask(shown, "test"), None))  # type: ignore[arg-type]
    about.show(service)  # type: ignore[arg-type]


@pytest.mark.parametrize("share", [0.12, 0.0])
def test_what_the_model_was_trained_on_is_said_where_curves_are_shown(share: float) -> None:
    spec = dataclasses.replace(SPEC, blurred_share=share)
    with use_stand_in() as stand_in:
        engine = SimpleNamespace(status=SimpleNamespace(sentence="a test"))
        stand_in.classifier = SimpleNamespace(**{**vars(CLASSIFIER), "spec": spec}, engine=engine)
        page = AppTest.from_function(curves_page, default_timeout=60)
        set_viewer_drawn(page)
        without_error(page.run())
        text = page_text(page)
    assert "never trained on" not in text
    assert text.count("12 % of this model's training pictures were blurred") == (2 if share else 0)
