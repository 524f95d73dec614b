"""Places of channels: worked by hand, against single edits, and what lies there."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.conftest import make_case
from tests.support.sources import MemorySource
from xai_core.cases.sources.library import PhantomLibrary, TrueLesion
from xai_core.errors import CaseError
from xai_core.features import atlas
from xai_core.features.ablation import ChannelProbe, differences
from xai_core.features.atlas import (
    Content,
    PlacedCase,
    Places,
    cell_effects,
    contents,
    exact_effects,
    lesions_of,
    places,
    spots_of,
)
from xai_core.features.blocks import default_blocks
from xai_core.model.classifier import Classifier
from xai_core.types import Pathology

CASE = PlacedCase("one", "0" * 64, (10, 0, 50, 40), 2.0, (4.0, 0.0), (60, 50), ())


def test_a_box_is_cut_at_the_image() -> None:
    """Cells of 8 px at scale 2 are 4 px of the image; the crop begins at 10, the padding at 4 px of
    the network, which are 2 of the image."""
    assert CASE.box(0, 1, 8.0, 8.0) == (12, 0, 16, 4)
    assert CASE.box(2, 1, 8.0, 16.0) == (10, 6, 18, 14)
    assert CASE.box(0, 0, 8.0, 100.0) == (0, 0, 35, 27)
    assert CASE.box(0, 11, 8.0, 8.0) == (50, 0, 50, 4)  # outside


def test_what_lies_in_a_cell() -> None:
    """A lesion's body in cell (0, 1), its spicules in (0, 2), all else within or out of 24 px."""
    mask, thin = np.zeros((60, 50), bool), np.zeros((60, 50), bool)
    mask[0:4, 12:18] = True
    thin[0:4, 16:30] = True
    what, which = contents(CASE, [TrueLesion("mass", {}, mask, thin)], 6, 8.0, 24.0)
    assert what[0, :5].tolist() == [
        Content.BESIDE, Content.LESION, Content.SPICULES, Content.BESIDE, Content.NONE,
    ]  # fmt: skip
    assert which[0, :5].tolist() == [0, 0, 0, 0, -1]
    assert (what[3:] == Content.NONE).all()


def test_the_lesion_with_the_most_pixels_counts() -> None:
    one, two = np.zeros((60, 50), bool), np.zeros((60, 50), bool)
    one[0, 12], two[1:3, 12] = True, True
    found = [TrueLesion("mass", {}, one, None), TrueLesion("cyst", {}, two, None)]
    assert contents(CASE, found, 6, 8.0, 8.0)[1][0, 1] == 1
    assert (contents(CASE, [], 6, 8.0, 8.0)[0] == Content.NONE).all()
    assert (contents(CASE, None, 6, 8.0, 8.0)[0] == Content.UNKNOWN).all()


def test_lesions_are_those_that_the_source_knows(library: PhantomLibrary) -> None:
    (mass,) = lesions_of(library, library.load("PH-0001")) or ()
    assert (mass.kind, mass.descriptors["mass margin"]) == ("mass", "spiculated")
    assert mass.thin is not None
    assert mass.thin.any()
    assert (mass.mask == library.load("PH-0001").lesion_mask).all()
    assert lesions_of(library, library.load("PH-0002")) == ()
    source = MemorySource([])
    (marked,) = lesions_of(source, make_case()) or ()
    assert (marked.kind, marked.thin) == ("", None)
    nothing = np.zeros((120, 90), bool)
    for pathology, expected in ((Pathology.NORMAL, ()), (Pathology.BENIGN, None), (None, None)):
        case = make_case(pathology=pathology, lesion_mask=nothing)
        assert lesions_of(source, case) == expected


def test_effects_of_cells_are_those_of_single_edits(
    probes: tuple[ChannelProbe, ChannelProbe],
) -> None:
    """Behind the last block by the closed form, before it by the network."""
    rng = np.random.default_rng(0)
    for probe in probes:
        channels, side, _ = probe.activation.shape
        exact, first = cell_effects(probe)
        assert exact.shape == first.shape == (channels, side * side)
        assert np.isnan(exact).all() == (probe.head is None)
        ks, cells = rng.integers(channels, size=7), rng.integers(side * side, size=7)
        found = exact_effects(probe, ks, cells)
        for k, cell, effect in zip(ks, cells, found, strict=True):
            edited = probe.activation.clone()
            edited[k, cell // side, cell % side] = 0
            logits = probe.tail(edited[None]).detach().double().numpy()
            expected = differences(logits, 1)[0] - differences(probe.plain, 1)
            assert effect == pytest.approx(expected, abs=2e-5)
            if probe.head is not None:
                assert exact[k, cell] == pytest.approx(effect, abs=1e-9)
        np.testing.assert_allclose(first.sum(1), probe.estimate, atol=1e-9)
    assert exact_effects(probes[0], np.zeros(0, int), np.zeros(0, int)).shape == (0,)


def test_a_spot_is_the_largest_cell(probes: tuple[ChannelProbe, ChannelProbe]) -> None:
    for probe in probes:
        side = probe.activation.shape[-1]
        content = np.arange(side * side, dtype=np.uint8).reshape(side, side)
        effect, strongest = spots_of(probe, content, content.astype(np.int8))
        exact, first = cell_effects(probe)
        size = np.abs(first if probe.head is None else exact)
        assert (effect.cell == size.argmax(1)).all()
        assert (effect.content == effect.cell).all()
        assert (effect.lesion == effect.cell).all()
        a = probe.activation.flatten(1)
        assert (strongest.cell == a.argmax(1).numpy()).all()
        np.testing.assert_allclose(strongest.activation, a.max(1).values.numpy(), rtol=1e-6)
        assert np.abs(effect.best_effect) == pytest.approx(size.max(1))


SOURCE = MemorySource([make_case(f"case {k}", k) for k in range(5)], unreadable=["case 3"])


@pytest.fixture(scope="module")
def found(classifier: Classifier) -> Places:
    left: list[tuple[str, str]] = []
    steps: list[tuple[int, int, str]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(atlas, "PLACES", 2)
        patch.setattr(atlas, "CANDIDATES", 3)
        out = places(
            classifier, default_blocks(classifier), SOURCE, SOURCE.records(),
            lambda *step: steps.append(step), lambda name, why: left.append((name, str(why))),
        )  # fmt: skip
    assert left == [("case 3", "case 3.png is damaged.")]
    assert steps[0] == (0, 10, "case 0")
    assert steps[-1] == (10, 10, "")
    return out


def test_places_are_of_the_cases_with_the_largest_effect(
    classifier: Classifier, found: Places
) -> None:
    assert [case.id for case in found.cases] == ["case 0", "case 1", "case 2", "case 4"]
    assert found.cell_sides == (16, 32)
    for block, number in zip(found.blocks, (0, 1), strict=True):
        exact, strongest = [], []
        for case in found.cases:
            x = classifier.normalise(classifier.prepare(SOURCE.load(case.id).image).grey)
            probe = ChannelProbe.of(classifier, x, default_blocks(classifier)[number])
            effects, first = cell_effects(probe)
            channels = np.arange(len(first))
            cells = np.abs(effects if probe.head else first).argmax(1)
            exact.append(exact_effects(probe, channels[:8], cells[:8]))
            strongest.append(probe.activation.flatten(1).max(1).values.numpy())
        for k in range(8):
            values = np.array(exact)[:, k]
            shown = block.by_effect.effect[:, k]
            assert shown.shape == (2,)
            assert abs(shown[0]) >= abs(shown[1])
            np.testing.assert_allclose(values[block.effect_case[:, k]], shown, atol=2e-5)
            if number == 1:
                assert abs(shown[0]) == pytest.approx(np.abs(values).max(), abs=1e-6)
        order = np.argsort(-np.array(strongest), axis=0)[:2]
        assert (block.activation_case == order).all()
        assert -1 <= block.agreement <= 1
        assert block.field >= 16


def test_candidates_are_the_largest_to_first_order(found: Places) -> None:
    assert not np.isnan(found.blocks[0].by_effect.effect).any()
    assert np.isnan(found.blocks[0].by_activation.effect).all()
    assert not np.isnan(found.blocks[1].by_activation.effect).any()


def test_a_source_without_a_case_that_can_be_read(classifier: Classifier) -> None:
    source = MemorySource([make_case("a")], unreadable=["a"])
    with pytest.raises(CaseError, match="No case of memory can be read"):
        places(
            classifier, default_blocks(classifier), source, source.records(), lambda *_: None,
            lambda *_: None,
        )  # fmt: skip


def test_several_probes_in_one_pass_are_those_of_single_passes(
    classifier: Classifier, inputs: torch.Tensor, probes: tuple[ChannelProbe, ChannelProbe]
) -> None:
    for a, b in zip(
        ChannelProbe.of_each(classifier, inputs, default_blocks(classifier)), probes, strict=True
    ):
        torch.testing.assert_close(a.activation, b.activation)
        assert (a.head is None) == (b.head is None)
