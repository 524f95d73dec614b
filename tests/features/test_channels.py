"""Each edit worked by hand on two channels of 2 x 2, identities, and the sentences of bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from xai_core.errors import BadRequest
from xai_core.features.ablation import ChannelProbe
from xai_core.features.channels import (
    AddDirection,
    Box,
    ChannelEdit,
    RemoveDirection,
    Replace,
    RestrictToBox,
    RestrictToMask,
    Scale,
    channel_groups,
    edited,
    mean_activation,
)

A = torch.tensor([[[1.0, 2], [3, 4]], [[-1, 0], [1, 2]]])
OTHER = np.array([[[9, 8], [7, 6]], [[5, 4], [3, 2]]], np.float32)


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (Scale((0,)), [[[0, 0], [0, 0]], [[-1, 0], [1, 2]]]),
        (Scale((0, 1)), [[[0, 0], [0, 0]], [[0, 0], [0, 0]]]),
        (Scale((1,), -2), [[[1, 2], [3, 4]], [[2, 0], [-2, -4]]]),
        (Scale((0,), 3), [[[3, 6], [9, 12]], [[-1, 0], [1, 2]]]),
        (Replace((1,), OTHER), [[[1, 2], [3, 4]], [[5, 4], [3, 2]]]),
        (RestrictToBox((0,), Box(0, 1, 2, 2)), [[[0, 2], [0, 4]], [[-1, 0], [1, 2]]]),
        (
            RestrictToMask((0, 1), np.array([[True, False], [False, True]])),
            [[[1, 0], [0, 4]], [[-1, 0], [0, 2]]],
        ),
        # Along (3, 4) / 5 the components are (-1, 6; 13, 20) / 5.
        (
            RemoveDirection(np.array([3, 4])),
            [[[1.12, 1.28], [1.44, 1.6]], [[-0.84, -0.96], [-1.08, -1.2]]],
        ),
        (AddDirection(np.array([3, 4]), -5), [[[-2, -1], [0, 1]], [[-5, -4], [-3, -2]]]),
    ],
)
def test_worked_by_hand(edit: ChannelEdit, expected: list[list[list[float]]]) -> None:
    before = A.clone()
    torch.testing.assert_close(edited(A, [edit]), torch.tensor(expected, dtype=torch.float32))
    assert torch.equal(A, before), "the activation itself stays"


def test_edits_follow_one_another() -> None:
    both = [Scale((0,), 2), RestrictToBox((0,), Box(0, 0, 1, 1))]
    assert edited(A, both)[0].tolist() == [[2, 0], [0, 0]]
    added = edited(A, [AddDirection(np.array([0, 2]), 1), Scale((1,), 2)])
    assert added[1].tolist() == [[0, 2], [4, 6]]


def test_a_channel_that_is_not_finite_is_0_outside_its_region() -> None:
    broken = A.clone()
    broken[0, 1, 1] = math.inf
    assert edited(broken, [RestrictToBox((0,), Box(0, 0, 1, 1))])[0].tolist() == [[1, 0], [0, 0]]


def test_the_mean_over_cases() -> None:
    assert mean_activation([A, 3 * A]).tolist() == (2 * A).tolist()
    assert mean_activation([A]).tolist() == A.tolist()


def test_edits_of_numbers_alone_are_values() -> None:
    assert len({Scale((1, 2)), Scale((1, 2), 0), Scale((2, 1))}) == 2
    assert RestrictToBox((1,), Box(0, 0, 1, 1)) == RestrictToBox((1,), Box(0, 0, 1, 1))
    assert hash(Box(0, 0, 1, 1)) == hash(Box(0, 0, 1, 1))


def test_edits_with_arrays_are_themselves_alone() -> None:
    mask = np.ones((2, 2), np.bool_)
    for one, other in (
        (Replace((0,), OTHER), Replace((0,), 2 * OTHER)),
        (RestrictToMask((0,), mask), RestrictToMask((0,), mask)),
        (RemoveDirection(np.ones(2)), RemoveDirection(np.arange(2))),
        (AddDirection(np.ones(2), 1), AddDirection(np.ones(2), 1)),
    ):
        assert one != other
        assert len({one, other, one}) == 2


def identities(probe: ChannelProbe) -> list[ChannelEdit]:
    channels, rows, columns = probe.activation.shape
    everything = tuple(range(channels))
    direction = np.arange(channels, dtype=np.float64)
    return [
        Scale(everything, 1), Replace(everything, probe.activation.numpy()),
        RestrictToBox(everything, Box(0, 0, rows, columns)),
        RestrictToMask(everything, np.ones((rows, columns), np.bool_)), AddDirection(direction, 0),
    ]  # fmt: skip


def test_identities_change_nothing(probes: tuple[ChannelProbe, ChannelProbe]) -> None:
    for probe in probes:
        for edit in identities(probe):
            np.testing.assert_allclose(probe.edited([edit]), probe.plain, atol=1e-6)


def test_a_removed_direction_is_gone(probes: tuple[ChannelProbe, ChannelProbe]) -> None:
    direction = np.random.default_rng(0).normal(size=160)
    found = edited(probes[0].activation, [RemoveDirection(direction)])
    left = torch.einsum("c,chw->hw", torch.tensor(direction).float(), found)
    torch.testing.assert_close(left, torch.zeros(6, 6), atol=1e-4, rtol=0)
    again = edited(found, [RemoveDirection(-2 * direction)])
    torch.testing.assert_close(again, found, atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Scale(()), "No channel is given; name at least one."),
        (lambda: Scale((3, 1, 3)), "Channel 3 is given twice; name each channel once."),
        (lambda: Scale((0,), 3.5), "The factor is 3.5; give one from -2 to 3."),
        (lambda: Scale((0,), -2.01), "The factor is -2.01; give one from -2 to 3."),
        (lambda: Scale((0,), math.nan), "The factor is nan; give one from -2 to 3."),
        (
            lambda: Replace((0,), OTHER * np.float32(np.inf)),
            "The replacing activation has values that are not finite; give finite numbers.",
        ),
        (
            lambda: Box(1, 0, 1, 2),
            "The box has rows 1 to 1 and columns 0 to 2, which is empty; give at least one cell.",
        ),
        (
            lambda: Box(0, 3, 1, 2),
            "The box has rows 0 to 1 and columns 3 to 2, which is empty; give at least one cell.",
        ),
        (
            lambda: RestrictToMask((0,), np.zeros((2, 2), np.bool_)),
            "The region is empty; mark at least one cell.",
        ),
        (
            lambda: RemoveDirection(np.zeros(2)),
            "The direction is 0 in every channel; give one that is not.",
        ),
        (
            lambda: RemoveDirection(np.ones((2, 1))),
            "The direction has shape (2, 1); give one finite number a channel.",
        ),
        (
            lambda: RemoveDirection(np.array([1, math.nan])),
            "The direction has shape (2,); give one finite number a channel.",
        ),
        (
            lambda: AddDirection(np.ones(2), math.inf),
            "The amount is inf; give a finite number.",
        ),
        (
            lambda: edited(A, [Scale((2,))]),
            "The channel is 2; this block has channels 0 to 1.",
        ),
        (
            lambda: edited(A, [RestrictToBox((-1,), Box(0, 0, 1, 1))]),
            "The channel is -1; this block has channels 0 to 1.",
        ),
        (
            lambda: edited(A, [Replace((0,), OTHER[:1])]),
            "The replacing activation has shape (1, 2, 2); this block's has (2, 2, 2).",
        ),
        (
            lambda: edited(A, [RestrictToBox((0,), Box(0, 0, 2, 3))]),
            "The box has rows 0 to 2 and columns 0 to 3; this block's grid has 2 rows and 2 "
            "columns, counted from 0.",
        ),
        (
            lambda: edited(A, [RestrictToBox((0,), Box(-1, 0, 2, 2))]),
            "The box has rows -1 to 2 and columns 0 to 2; this block's grid has 2 rows and 2 "
            "columns, counted from 0.",
        ),
        (
            lambda: edited(A, [RestrictToMask((0,), np.ones((3, 2), np.bool_))]),
            "The region has shape (3, 2); this block's grid has (2, 2).",
        ),
        (
            lambda: edited(A, [RemoveDirection(np.ones(3))]),
            "The direction has 3 numbers; this block has 2 channels.",
        ),
        (lambda: channel_groups(A, 0), "The number of groups is 0; give one from 1 to 2."),
        (lambda: channel_groups(A, 3), "The number of groups is 3; give one from 1 to 2."),
        (
            lambda: channel_groups(-abs(A), 1),
            "No channel is above 0 anywhere at this block; there is nothing to group.",
        ),
    ],
)  # fmt: skip
def test_bad_input_gets_a_sentence(make: object, sentence: str) -> None:
    with pytest.raises(BadRequest) as refused:
        make()  # type: ignore[operator]
    assert str(refused.value) == sentence


def test_two_separate_parts_are_two_groups() -> None:
    """Channels 0 and 2 are active on the left, 2 twice as strongly; channel 1 on the right; channel
    3 nowhere above 0."""
    left, right = torch.tensor([[1.0, 0], [1, 0]]), torch.tensor([[0.0, 1], [0, 1]])
    found = channel_groups(torch.stack([left, right, 2 * left, -left]), 2)
    assert found.explained == pytest.approx(1, abs=1e-6)
    first, second = found.groups
    assert (first.channels, second.channels) == ((2, 0), (1,))
    np.testing.assert_allclose(first.direction, np.array([1, 0, 2, 0]) / math.sqrt(5), atol=1e-4)
    np.testing.assert_allclose(first.map, math.sqrt(5) * left.numpy(), atol=1e-3)
    np.testing.assert_allclose(second.map, right.numpy(), atol=1e-3)


def test_groups_of_an_activation(probes: tuple[ChannelProbe, ChannelProbe]) -> None:
    probe = probes[0]
    found = channel_groups(probe.activation, 4)
    members = [k for group in found.groups for k in group.channels]
    assert len(members) == len(set(members))
    assert set(members) == set(np.flatnonzero((probe.activation > 0).any(2).any(1)))
    assert 0 < found.explained < 1
    assert channel_groups(probe.activation, 6).explained > found.explained
    for group, again in zip(found.groups, channel_groups(probe.activation, 4).groups, strict=True):
        assert np.linalg.norm(group.direction) == pytest.approx(1)
        assert (group.map >= 0).all()
        assert group.channels == again.channels
