"""The contract of every registered CAM method."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch

from xai_core.cam import METHODS, PAPER_METHODS, _check_options, summaries
from xai_core.cam.base import CamMethod, LayerInputs, Need
from xai_core.cam.options import CamOptions, Kind, Option
from xai_core.cam.options import option as declare
from xai_core.cam.score_cam import ScoreCamOptions
from xai_core.errors import Cancelled, ModelError
from xai_core.scoring.logit_cache import LogitCache
from xai_core.scoring.map_cache import RawMapCache
from xai_core.types import Heatmap, MapState, no_report

EVERY = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)


READS = {
    need: pytest.mark.parametrize(
        "method", [m for m in METHODS.values() if need in m.needs], ids=lambda m: m.name
    )
    for need in Need
}


def few(method: CamMethod, levels=(5, 20, 50), channels=6) -> CamOptions:
    """The method's options with few levels, channels, masks and windows, so that it scores few
    images."""
    values = {"levels": levels, "channels": channels, "masks": 2 * channels, "stride": 3}
    return method.options.of(values)


@pytest.fixture
def layer_inputs(small_net, x96, make_layer_inputs):
    return make_layer_inputs(small_net, x96, "stages.2.blocks.1")


def fresh(layer_inputs: LayerInputs, **changed: object) -> LayerInputs:
    """The layer inputs with some fields replaced and an empty raw-map cache."""
    return dataclasses.replace(layer_inputs, raw_maps=RawMapCache(), **changed)


def test_paper_methods_are_registered_under_their_names() -> None:
    assert tuple(METHODS)[:3] == PAPER_METHODS == ("score-cam", "grad-cam", "hybrid-cam")
    assert [METHODS[n].title for n in PAPER_METHODS] == ["Score-CAM", "Grad-CAM", "Hybrid-CAM"]


@EVERY
def test_map_has_the_documented_shape_range_and_state(method, layer_inputs) -> None:
    result = method.compute(layer_inputs, 1, few(method), no_report)
    heatmap = result.heatmap
    assert heatmap.raw.shape == (6, 6)
    assert heatmap.values.shape == (96, 96)
    assert heatmap.raw.dtype == heatmap.values.dtype == np.float32
    if heatmap.state is MapState.OK:
        assert heatmap.values.min() == 0
        assert heatmap.values.max() == 1
        assert heatmap.scale > 0
    else:
        assert not heatmap.values.any()
    assert result.forward_passes == layer_inputs.logit_cache.forwards


@EVERY
def test_repeated_request_scores_nothing_and_gives_the_same_map(method, layer_inputs) -> None:
    first = method.compute(layer_inputs, 1, few(method), no_report)
    spent = layer_inputs.logit_cache.forwards
    again = method.compute(layer_inputs, 1, few(method), no_report)
    assert layer_inputs.logit_cache.forwards == spent
    np.testing.assert_array_equal(first.heatmap.values, again.heatmap.values)
    assert first.forward_passes == again.forward_passes
    assert first.levels == again.levels


@EVERY
def test_cached_map_needs_no_pass_of_the_network(method, layer_inputs) -> None:
    first = method.compute(layer_inputs, 1, few(method), no_report)

    def never(*_: object) -> torch.Tensor:
        raise AssertionError("the network was asked")

    known = layer_inputs.raw_maps.rows()
    assert known
    again = dataclasses.replace(
        layer_inputs,
        activate=never,
        gradient=never,
        logit_cache=LogitCache(never, known=layer_inputs.logit_cache.items()),
        raw_maps=RawMapCache(known),
    )
    second = method.compute(again, 1, few(method), no_report)
    np.testing.assert_array_equal(first.heatmap.values, second.heatmap.values)
    np.testing.assert_array_equal(first.heatmap.raw, second.heatmap.raw)
    assert first.heatmap.scale == second.heatmap.scale
    assert (first.levels, first.forward_passes) == (second.levels, second.forward_passes)


@EVERY
def test_other_options_give_another_map(method, small_net, x96, make_layer_inputs) -> None:
    layer_inputs = make_layer_inputs(small_net, x96, "stages.3.blocks.0")
    first = method.compute(layer_inputs, 1, few(method), no_report)
    other = method.compute(layer_inputs, 0, few(method, (5,), 3), no_report)
    alone = method.compute(fresh(layer_inputs), 0, few(method, (5,), 3), no_report)
    np.testing.assert_array_equal(other.heatmap.raw, alone.heatmap.raw)
    same = np.array_equal(first.heatmap.raw, other.heatmap.raw)
    assert same is not method.class_specific


@EVERY
def test_last_report_is_the_complete_map(method, layer_inputs) -> None:
    seen: list[tuple[int, int, Heatmap]] = []
    final = method.compute(layer_inputs, 1, few(method), lambda *args: seen.append(args)).heatmap
    done, total, partial = seen[-1]
    assert done == total
    np.testing.assert_array_equal(partial.values, final.values)


@EVERY
def test_report_can_cancel(method, layer_inputs) -> None:
    def stop(done: int, total: int, partial: Heatmap) -> None:
        raise Cancelled("nobody waits")

    with pytest.raises(Cancelled):
        method.compute(layer_inputs, 1, few(method), stop)


@READS[Need.ACTIVATIONS]
def test_activations_that_are_not_finite_raise_model_error(method, layer_inputs) -> None:
    broken = layer_inputs.activation.clone()
    broken[2, 1, 1] = torch.nan
    with pytest.raises(ModelError):
        method.compute(fresh(layer_inputs, activate=lambda: broken), 1, few(method), no_report)


@READS[Need.SCORER]
def test_logits_that_are_not_finite_raise_model_error(method, layer_inputs) -> None:
    def damaged(given: torch.Tensor) -> torch.Tensor:
        return torch.full((len(given), 2), torch.nan)

    broken = fresh(layer_inputs, logit_cache=LogitCache(damaged), tail=damaged)
    with pytest.raises(ModelError):
        method.compute(broken, 1, few(method), no_report)


@READS[Need.ACTIVATIONS]
def test_zero_activations_give_the_state_constant(method, layer_inputs) -> None:
    dead = fresh(
        layer_inputs,
        activate=lambda: torch.zeros_like(layer_inputs.activation),
        gradient=lambda c: torch.zeros_like(layer_inputs.activation),
    )
    heatmap = method.compute(dead, 1, few(method), no_report).heatmap
    assert heatmap.state is MapState.CONSTANT
    assert not heatmap.values.any()


@EVERY
def test_conventions_and_unit_are_given(method) -> None:
    conventions = method.conventions(few(method))
    assert {"normalisation"} <= set(conventions)
    assert all(key and value for key, value in conventions.items())
    assert method.unit


def test_conventions_reflect_the_options() -> None:
    score, hybrid = METHODS["score-cam"], METHODS["hybrid-cam"]
    assert score.conventions(few(score))["channels"] == "first 6"
    assert score.conventions(ScoreCamOptions())["channels"] == "all"
    assert hybrid.conventions(few(hybrid))["levels"] == "5 %, 20 %, 50 %"
    without = score.conventions(ScoreCamOptions(softmax=False))
    assert without["weights"] == "increase over the fully masked image"


@EVERY
def test_every_option_is_named_in_the_conventions(method) -> None:
    """Another value of any option changes what the manifest says."""
    usual = method.options()
    for option in method.options.declared():
        for value in other_values(option):
            changed = dataclasses.replace(usual, **{option.name: value})
            assert method.conventions(changed) != method.conventions(usual), (option.name, value)


def other_values(option: Option) -> list[Any]:
    """Allowed values of ``option`` that are not its default: all of a choice, one of the others."""
    if option.kind is Kind.CHOICE:
        return [value for value in option.choices if value != option.default]
    if option.kind is Kind.SWITCH:
        return [not option.default]
    return [(7.0,)] if option.kind is Kind.PERCENTAGES else [2]


@EVERY
def test_method_has_the_texts_for_pages_and_help(method) -> None:
    assert method.title
    assert method.reference
    assert method.description.endswith(".")
    assert method.needs
    assert (method.forward_passes(24, method.options()) > 0) is (Need.SCORER in method.needs)
    for option in method.options.declared():
        assert option.title
        assert option.help.endswith(".")
        value = getattr(method.options(), option.name)
        assert option.parse(option.write(value)) == value


def test_pages_show_two_options_at_once_and_the_conventions_on_demand() -> None:
    shown = {
        option.name
        for method in METHODS.values()
        for option in method.options.declared()
        if not option.expert
    }
    assert shown == {"channels", "levels"}


def test_numbers_have_these_defaults_ranges_and_other_values_that_pages_offer() -> None:
    numbers = {
        option.name: (option.default, option.least, option.most, option.suggested)
        for method in METHODS.values()
        for option in method.options.declared()
        if option.kind in (Kind.COUNT, Kind.NUMBER)
    }
    assert numbers == {
        "channels": (None, 1, 4096, (48,)),
        "occluder": (3, 1, 24, (2, 4, 6)),
        "stride": (1, 1, 24, (2, 3)),
        "masks": (1000, 1, 20000, (250, 4000)),
        "seed": (0, 0, 9999, (1,)),
    }


def test_an_option_with_the_name_of_a_request_s_field_is_refused() -> None:
    @dataclasses.dataclass(frozen=True)
    class Options(CamOptions):
        layer: int | None = declare(None, title="Layer", help="The number of a layer.")

    class Method(type(METHODS["grad-cam"])):
        options = Options

    with pytest.raises(TypeError, match="'layer'"):
        _check_options({"grad-cam": Method()})


def test_summaries_equal_the_attributes_of_the_methods() -> None:
    """Help reads the files' text, so as not to import torch."""
    expected = [(m.name, m.title, m.description) for m in METHODS.values()]
    assert [(s.name, s.title, s.description) for s in summaries()] == expected
