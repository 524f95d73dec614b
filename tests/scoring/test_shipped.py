"""The shipped precomputed results are complete and belong to the built-in model and library."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import BUILT_IN_LAYERS
from xai_core.cam import PAPER_METHODS
from xai_core.cases.sources.library import PhantomLibrary
from xai_core.explain.explainer import Explainer
from xai_core.explain.identity import model_digest
from xai_core.explain.request import ExplainRequest
from xai_core.model.classifier import Classifier
from xai_core.scoring.disk_store import DiskStore
from xai_core.scoring.precomputed import MANIFEST, PrecomputedResults
from xai_core.settings import DEFAULT_WEIGHTS, PRECOMPUTED
from xai_core.study.predictions import predict_case
from xai_core.study.selection import first_of_each_outcome
from xai_core.types import DENSE_LEVELS, Outcome

EACH = 3  # cases of every outcome with all maps and curves
_FEW = 8  # channels that are scored again


def manifest() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((PRECOMPUTED / MANIFEST).read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier.open(DEFAULT_WEIGHTS, "cpu")


@pytest.fixture
def precomputed(classifier: Classifier, tmp_path: Path) -> Explainer:
    """An explainer with only the precomputed results in its store."""
    results = PrecomputedResults(PRECOMPUTED, model_digest(classifier.spec))
    return Explainer(classifier, DiskStore(tmp_path, precomputed=results))


@pytest.fixture(scope="module")
def shown(classifier: Classifier, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The ids of the cases with precomputed explanations, in the library's order."""
    results = PrecomputedResults(PRECOMPUTED, model_digest(classifier.spec))
    store = DiskStore(tmp_path_factory.mktemp("own"), precomputed=results)
    explainer = Explainer(classifier, store)
    library = PhantomLibrary()
    ids = [record.id for record in library.records()]
    outcomes = {key: predict_case(explainer, library.load(key)).outcome for key in ids}
    assert not list(explainer.store.folder.rglob("*.safetensors")), (
        "every prediction is precomputed"
    )
    first = first_of_each_outcome(
        ids, {key: value for key, value in outcomes.items() if value}, EACH
    )
    assert all(len(first[outcome]) == EACH for outcome in Outcome)
    return [key for key in ids if any(key in keys for keys in first.values())]


def test_the_manifest_is_of_these_weights_and_complete() -> None:
    found = manifest()
    assert found["request"]["weights"] == hashlib.sha256(DEFAULT_WEIGHTS.read_bytes()).hexdigest()
    assert found["complete"] is True
    assert f"--showcase {EACH}" in found["command"]
    there = {p.relative_to(PRECOMPUTED).as_posix() for p in PRECOMPUTED.rglob("*.safetensors")}
    assert there == found["files"].keys()
    assert sum(p.stat().st_size for p in PRECOMPUTED.rglob("*.*")) < 30e6


@pytest.mark.slow
def test_all_outcomes_and_both_views_are_shown(shown: list[str]) -> None:
    records = {record.id: record for record in PhantomLibrary().records()}
    assert len(shown) == 4 * EACH
    assert {records[key].view for key in shown} == {"CC", "MLO"}


@pytest.mark.slow
def test_shipped_cases_need_no_scoring(precomputed: Explainer, shown: list[str]) -> None:
    library = PhantomLibrary()
    for key in shown:
        case = library.load(key)
        for method in PAPER_METHODS:
            for layer in BUILT_IN_LAYERS:
                request = ExplainRequest(method, layer)
                assert precomputed.explain(case, request).forwards == 0
                levels = dataclasses.replace(request, curves="none").with_options(
                    levels=DENSE_LEVELS
                )
                assert precomputed.explain(case, levels).forwards == 0
    assert precomputed.store.notices() == ()


@pytest.mark.slow
@pytest.mark.parametrize("method", sorted(PAPER_METHODS))
def test_recomputed_sample_equals_the_shipped_results(
    method: str, precomputed: Explainer, classifier: Classifier, shown: list[str]
) -> None:
    key = shown[sorted(PAPER_METHODS).index(method)]
    case = PhantomLibrary().load(key)
    # Score-CAM's first channels tell whether its logits are these; all of them take minutes.  One
    # method's curves do, too.
    channels = _FEW if method == "score-cam" else None
    curves = "adaptive" if method == "grad-cam" else "none"
    request = ExplainRequest(method, BUILT_IN_LAYERS[1], curves=curves)
    request = request.with_options(channels=channels)
    kept, again = precomputed.explain(case, request), Explainer(classifier).explain(case, request)
    assert kept.forwards == 0
    assert again.forwards > 0
    assert kept.prediction.logits == pytest.approx(again.prediction.logits, abs=1e-3)
    assert kept.target == again.target
    assert kept.heatmap.state is again.heatmap.state
    np.testing.assert_allclose(kept.heatmap.values, again.heatmap.values, atol=5e-3)
    if kept.curves is not None:
        for curve in ("insertion", "deletion"):
            one, other = getattr(kept.curves, curve), getattr(again.curves, curve)
            assert one.auc == pytest.approx(other.auc, abs=5e-3)
