"""The contract of every registered metric, and what the registry refuses."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from xai_core.faithfulness.adaptive import adaptive
from xai_core.faithfulness.metric import Measurement, Metric, MetricInputs, Need
from xai_core.faithfulness.metrics import METRICS, measure, registry
from xai_core.faithfulness.metrics.agreement import agreement
from xai_core.faithfulness.metrics.localisation import localise, peak_words
from xai_core.faithfulness.patches import GRID, descending, relevance, tie_fraction
from xai_core.faithfulness.perturbation import PerturbationProbe
from xai_core.faithfulness.reliability import assess
from xai_core.findings import regions
from xai_core.scoring.logit_cache import LogitCache
from xai_core.types import MapState

SIZE = 96
EVERY = pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)


def scorer(images: torch.Tensor) -> torch.Tensor:
    """P falls with every white pixel that is removed."""
    shown = images[:, 0].mean((1, 2))
    return torch.stack([-shown, shown], 1) * 4


def make_probe() -> PerturbationProbe:
    x = torch.ones(1, SIZE, SIZE)
    return PerturbationProbe(x, torch.zeros_like(x), 1, LogitCache(scorer))


def a_map(seed: int = 0) -> np.ndarray:
    coarse = np.random.default_rng(seed).random((GRID, GRID)).astype(np.float32)
    coarse[0, :5], coarse[12, 12] = 0, 1
    return np.kron(coarse, np.ones((SIZE // GRID, SIZE // GRID), np.float32))


@pytest.fixture(scope="module")
def whole() -> MetricInputs:
    """All inputs that a metric may need."""
    values, probe = a_map(), make_probe()
    mask = np.zeros((SIZE, SIZE), bool)
    mask[40:60, 40:60] = True
    return MetricInputs(
        values=values,
        state=MapState.OK,
        curves=adaptive(probe, descending(relevance(values))),
        orders=assess(probe, relevance(values), probe.x / 2),
        find_lesion_mask=lambda: mask,
        find_breast_mask=lambda: np.arange(SIZE)[None] + np.zeros((SIZE, 1)) < 70,
        find_probe=lambda: probe,
        approximate=True,
        find_exact_map=lambda: a_map(1),
    )


@pytest.fixture(scope="module")
def bare() -> MetricInputs:
    """An empty map and no further inputs."""
    return MetricInputs(np.zeros((SIZE, SIZE), np.float32), MapState.NO_POSITIVE)


def is_valid(metric: Metric, found: Measurement) -> bool:
    """Whether it has a finite value of the metric's kind, or a state."""
    if found.value is None:
        return bool(found.state)
    finite = not isinstance(found.value, float) or math.isfinite(found.value)
    return finite and type(found.value) is metric.kind and not found.state


@EVERY
def test_metric_has_title_unit_reference_and_description(metric: Metric) -> None:
    for text in (metric.title, metric.unit, metric.reference):
        assert text == text.strip() != ""
    assert metric.better in ("higher", "lower", None)
    assert metric.description.endswith(".")
    assert metric.description.count(". ") == 0, "one sentence"
    assert METRICS[metric.name] is metric


@EVERY
def test_metric_has_a_value_where_all_inputs_are_available(
    metric: Metric, whole: MetricInputs
) -> None:
    found = metric.measure(whole)
    assert found.value is not None, found.state
    assert is_valid(metric, found)
    assert (found.error is not None) is bool(metric.error_column)


@EVERY
def test_metric_reads_only_its_needs(metric: Metric, whole: MetricInputs) -> None:
    given = {
        Need.CURVES: {"curves": None}, Need.ORDERS: {"orders": None},
        Need.PROBE: {"find_probe": None}, Need.LESION_MASK: {"find_lesion_mask": lambda: None},
        Need.EXACT_MAP: {"approximate": False}, Need.BREAST: {"find_breast_mask": lambda: None},
    }  # fmt: skip
    left = {k: v for need, gone in given.items() if need not in metric.needs
            for k, v in gone.items()}  # fmt: skip
    assert metric.measure(replace(whole, **left)) == metric.measure(whole)


@EVERY
def test_missing_input_gives_a_state_with_the_reason(metric: Metric, bare: MetricInputs) -> None:
    found = metric.measure(bare)
    assert metric.needs
    assert found.value is None
    assert found.state


@EVERY
@pytest.mark.parametrize("what", ["zeros", "ones", "empty mask", "full mask", "constant exact"])
def test_extreme_inputs_give_a_value_or_a_state(
    metric: Metric, whole: MetricInputs, what: str
) -> None:
    ones = np.ones((SIZE, SIZE), np.float32)
    inputs = {
        "zeros": replace(whole, values=0 * ones, state=MapState.CONSTANT),
        "ones": replace(whole, values=ones),
        "empty mask": replace(whole, find_lesion_mask=lambda: np.zeros((SIZE, SIZE), bool)),
        "full mask": replace(whole, find_lesion_mask=lambda: np.ones((SIZE, SIZE), bool)),
        "constant exact": replace(whole, find_exact_map=lambda: ones),
    }[what]
    found = metric.measure(inputs)
    assert is_valid(metric, found)
    if what == "zeros" and Need.MAP in metric.needs:
        assert found.state == "constant"
    if what == "empty mask" and Need.LESION_MASK in metric.needs:
        assert found.state == "nothing is marked"


def test_values_equal_those_of_the_underlying_functions(whole: MetricInputs) -> None:
    found = measure(whole)
    assert whole.curves is not None
    assert whole.orders is not None
    assert found["insertion_auc"] == Measurement(
        whole.curves.insertion.auc, whole.curves.insertion.error
    )
    assert found["deletion_auc"].value == whole.curves.deletion.auc
    assert found["interpretable"].value is whole.curves.interpretable
    assert found["curve_images"].value == whole.curves.images
    assert found["tie_fraction"].value == tie_fraction(relevance(whole.values))
    areas = [pair.deletion.auc for pair in whole.orders.random]
    assert found["random_deletion_auc"].value == pytest.approx(np.mean(areas))
    assert found["random_deletion_range"].value == pytest.approx(np.ptp(areas))
    assert found["road"].value == whole.orders.road.score
    assert found["mean_grey_insertion_auc"].value == whole.orders.mean_grey.insertion.auc
    assert found["centre_first_insertion_auc"].value == whole.orders.centre_first.insertion.auc
    assert found["reverse_insertion_auc"].error == whole.orders.reverse.insertion.error
    place = localise(whole.values, whole.find_lesion_mask())
    assert (found["peak_row"].value, found["peak_column"].value) == place.peak
    for name in ("hit", "distance", "top_share", "top_area", "mask_area", "peak_ties"):
        assert found[name].value == getattr(place, name)
    assert place.peak is not None
    words = peak_words(place.peak, regions(whole.find_lesion_mask()))
    assert found["peak_finding"].value == words
    alike = agreement(whole.values, a_map(1))
    assert found["spearman"].value == alike.spearman
    assert found["top_overlap"].value == alike.top_overlap


def test_costly_inputs_are_computed_once_and_only_if_needed() -> None:
    asked: list[str] = []

    def mask() -> np.ndarray:
        asked.append("mask")
        return np.ones((SIZE, SIZE), bool)

    def never() -> None:
        raise AssertionError("nobody needs it")

    inputs = MetricInputs(
        a_map(), MapState.OK, find_lesion_mask=mask, find_probe=never, find_exact_map=never
    )
    before = measure(inputs)
    assert asked == ["mask"]
    again = measure(MetricInputs(a_map(), MapState.OK, find_lesion_mask=never), before)
    assert again["hit"] is before["hit"], "what has a value is kept"


def test_metrics_are_ordered_by_order_then_name() -> None:
    keys = [(metric.order, metric.name) for metric in METRICS.values()]
    assert keys == sorted(keys)
    assert list(METRICS)[:8] == [
        "tie_fraction", "heat_outside_breast", "insertion_auc", "deletion_auc", "interpretable",
        "curve_images", "normalised_insertion_auc", "normalised_deletion_auc",
    ]  # fmt: skip


def test_columns_are_shown_in_this_order() -> None:
    names = [
        "hit", "distance", "top_share", "top_area", "mask_area", "peak_row", "peak_column",
        "reverse_insertion_auc", "random_insertion_auc", "random_insertion_range", "road",
        "spearman", "top_overlap",
    ]  # fmt: skip
    assert [name for name in METRICS if name in names] == names


def test_some_values_have_no_meaningful_mean() -> None:
    assert {m.name for m in METRICS.values() if not m.averaged} >= {
        "interpretable", "curve_images", "peak_row", "peak_column",
    }  # fmt: skip


def test_lines_of_the_page(whole: MetricInputs, bare: MetricInputs) -> None:
    """Where several metrics are shown in one line, that of the first has it."""
    measured = measure(whole)
    lines = {name: metric.page_line(measured) for name, metric in METRICS.items()}
    shown = ["tie_fraction", "heat_outside_breast", "normalised_insertion_auc", "hit", "spearman"]
    assert [name for name in METRICS if lines[name]] == shown
    unknown = measure(replace(whole, find_exact_map=lambda: None))
    assert "not known yet" in METRICS["spearman"].page_line(unknown)
    for metric in METRICS.values():
        assert metric.page_line(measure(bare)) == metric.page_line({}) == ""


def one(**fields: object) -> Metric:
    known = {
        "name": "toy", "title": "Toy", "unit": "share", "better": None, "reference": "none",
        "description": "A toy.", "compute": lambda inputs: Measurement(0.5),
    }  # fmt: skip
    return Metric(**{**known, **fields})


def test_duplicate_names_and_columns_are_refused() -> None:
    assert list(registry([("a", [one(order=2)]), ("b", [one(name="late"), one(name="first", order=1)])])) == ["first", "toy", "late"]  # noqa: E501  # fmt: skip
    with pytest.raises(ValueError, match="The metric toy is in a and in b"):
        registry([("a", [one()]), ("b", [one()])])
    with pytest.raises(ValueError, match="The metric toy is in a and in b"):
        registry([("a", [one()]), ("b", [one(name="other", error_column="toy")])])


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"name": "Toy"}, "column is 'Toy'"),
        ({"error_column": "a b"}, "column is 'a b'"),
        ({"unit": " "}, "has no unit"),
        ({"better": "more"}, "better 'more'; allowed are"),
        ({"kind": list}, "allowed are float, int, bool and str"),
    ],
)
def test_invalid_metric_declaration_is_refused(fields: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        one(**fields)


def test_measurement_is_a_finite_value_or_a_state(bare: MetricInputs) -> None:
    for bad in ((float("nan"),), (0.5, float("inf")), (None,), (0.5, None, "why")):
        with pytest.raises(ValueError):
            Measurement(*bad)
    assert type(Measurement(np.float32(0.5)).value) is float
    assert type(Measurement(np.bool_(True)).value) is bool
    with pytest.raises(TypeError, match="gave 1; its kind is float"):
        one(compute=lambda inputs: Measurement(1)).measure(bare)
    with pytest.raises(TypeError, match="no error_column"):
        one(compute=lambda inputs: Measurement(0.5, 0.1)).measure(bare)


def test_perturbed_images_need_a_probe(whole: MetricInputs) -> None:
    shown = np.zeros((2, GRID * GRID), bool)
    shown[1, :10] = True
    p = whole.probabilities(shown)
    assert p[0] < p[1]
    assert whole.missing(Need.PROBE) == ""
    assert replace(whole, find_probe=None).missing(Need.PROBE) == Need.PROBE.value
    with pytest.raises(ValueError, match=r"Need\.PROBE"):
        replace(whole, find_probe=None).probabilities(shown)
