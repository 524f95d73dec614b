from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from sklearn.decomposition import PCA

from tests.conftest import make_case
from tests.support.sources import MemorySource
from xai_core.errors import CaseError
from xai_core.phantom import recombined_tone, tone
from xai_core.study.realism.grey_model import (
    COMPONENTS,
    FIGURES,
    TITLES,
    GreyFigures,
    GreyModel,
    as_code,
    fit_grey_model,
    fittable,
    grey_figures,
    rows,
    sentences,
)
from xai_core.study.realism.measure import DEPTHS, KINDS, LOW_ENERGY, PERCENTILES, RECOMBINED
from xai_core.types import Case

CODE = {
    LOW_ENERGY: GreyModel(tone.MEAN, np.ones(FIGURES), tone.COMPONENTS),
    RECOMBINED: GreyModel(recombined_tone.MEAN, recombined_tone.SPREAD, recombined_tone.COMPONENTS),
}


def drawn(model: GreyModel, kind: str, n: int = 1000, seed: int = 0) -> list[GreyFigures]:
    """Figures distributed as the model says, two images of each patient."""
    z = np.random.default_rng(seed).standard_normal((n, len(model.components)))
    values = model.mean + model.spread * (z @ model.components)
    return [GreyFigures(f"P{i // 2}", kind, row) for i, row in enumerate(values)]


def half_breast(height: int = 512, **fields: object) -> Case:
    """A case whose breast is the left half, brighter towards the bottom; black to the right."""
    image = np.zeros((height, height), np.float32)
    image[:, : height // 2] = np.linspace(0.2, 0.8, height, dtype=np.float32)[:, None]
    return make_case(image=image, laterality="L", lesion_mask=None, **fields)


def test_the_generators_quantiles_and_depths_are_those_fitted() -> None:
    assert tone.QUANTILES == recombined_tone.QUANTILES == PERCENTILES
    assert tone.DEPTHS == DEPTHS
    assert all(model.mean.shape == (FIGURES,) for model in CODE.values())
    assert all(model.components.shape == (COMPONENTS, FIGURES) for model in CODE.values())
    assert all(len(titles) == FIGURES for titles in TITLES.values())


@pytest.mark.parametrize("kind", KINDS)
def test_a_fit_to_what_the_code_draws_finds_the_codes_constants(kind: str) -> None:
    code = CODE[kind]
    fit = fit_grey_model(drawn(code, kind), kind)
    assert (fit.images, fit.patients, fit.left_out) == (1000, 500, 0)
    assert fit.explained == pytest.approx(1)
    np.testing.assert_allclose(fit.model.mean, code.mean, atol=0.1)
    np.testing.assert_allclose(fit.model.deviation, code.deviation, rtol=0.1)
    np.testing.assert_allclose(fit.model.correlation, code.correlation, atol=0.12)
    assert ((fit.low < fit.model.mean) & (fit.model.mean < fit.high)).all()


def test_components_are_those_of_a_peer() -> None:
    """scikit-learn's PCA; its axes are of unit length."""
    values = np.random.default_rng(0).normal(size=(200, FIGURES)) @ np.random.default_rng(1).normal(
        size=(FIGURES, FIGURES)
    )
    fit = fit_grey_model(
        [GreyFigures(f"P{i}", LOW_ENERGY, v) for i, v in enumerate(values)], LOW_ENERGY
    )
    peer = PCA(COMPONENTS).fit(values)
    scaled = peer.components_ * np.sqrt(peer.explained_variance_)[:, None]
    np.testing.assert_allclose(np.abs(fit.model.components), np.abs(scaled), atol=1e-8)
    assert fit.explained == pytest.approx(peer.explained_variance_ratio_.sum())
    assert (fit.model.components.sum(1) > 0).all()


def test_low_energy_figures_are_logarithms_of_percentiles_and_skin() -> None:
    (found,) = grey_figures(half_breast())
    assert found.kind == LOW_ENERGY
    levels = np.exp(found.values)
    np.testing.assert_allclose(
        levels[:7], np.percentile(np.linspace(51, 204, 512), PERCENTILES), atol=1
    )
    # The skin's profile is that of the middle fifth of the height.
    np.testing.assert_allclose(levels[7:], 127.5, atol=1)


def test_recombined_figures_leave_marked_regions_out_and_keep_the_order() -> None:
    case = half_breast()
    bright = case.image.copy()
    mask = np.zeros(bright.shape, bool)
    mask[200:300, 50:150] = True
    bright[mask] = 1
    case = dataclasses.replace(case, recombined=bright, recombined_mask=mask)
    low, recombined = grey_figures(case)
    unmarked = case.image[:, :256][~mask[:, :256]] * 255
    expected = np.log(np.percentile(unmarked, PERCENTILES))
    assert recombined.values[0] == pytest.approx(expected[3], abs=0.01)
    np.testing.assert_allclose(np.exp(recombined.values[1:7]), np.diff(expected), atol=0.01)
    assert (recombined.kind, low.patient_id) == (RECOMBINED, recombined.patient_id)
    without = grey_figures(dataclasses.replace(case, recombined_mask=None))[1]
    assert without.values[0] != pytest.approx(expected[3], abs=0.01)


def test_equal_percentiles_have_no_step_and_black_is_the_darkest_level() -> None:
    flat = np.zeros((512, 512), np.float32)
    flat[:, :256] = 0.5
    case = dataclasses.replace(half_breast(), recombined=flat)
    assert np.isnan(grey_figures(case)[1].values[1:7]).all()
    dark = half_breast().image.copy()
    dark[20:80, 100:150] = 0  # a hole is part of the breast: 2.3 % of it
    (found,) = grey_figures(dataclasses.replace(half_breast(), image=dark))
    assert found.values[0] == 0  # the logarithm of 1
    assert found.values[1] > 0


def test_only_odd_patients_are_fitted_unless_all_are_asked_for() -> None:
    cases = [make_case(f"c{i}", i, patient_id=f"P{i}") for i in range(5)]
    source = MemorySource([*cases, make_case("nobody", patient_id="nobody")])
    assert [r.id for r in fittable(source)] == ["c1", "c3"]
    assert [r.id for r in fittable(source, limit=1)] == ["c1"]
    assert len(fittable(source, all_patients=True)) == 6
    with pytest.raises(CaseError, match="no case of a patient with an odd number"):
        fittable(MemorySource(cases[::2]))


def test_too_few_and_equal_images_are_refused() -> None:
    few = drawn(CODE[LOW_ENERGY], LOW_ENERGY, FIGURES)
    with pytest.raises(CaseError, match="14 low-energy images have all 14 figures"):
        fit_grey_model(few, LOW_ENERGY)
    with pytest.raises(CaseError, match="0 recombined images"):
        fit_grey_model(few, RECOMBINED)
    equal = [GreyFigures(f"P{i}", LOW_ENERGY, np.arange(14.0)) for i in range(20)]
    with pytest.raises(CaseError, match="equal values of “1 % percentile”"):
        fit_grey_model(equal, LOW_ENERGY)


def test_images_that_lack_a_figure_are_left_out() -> None:
    lacking = GreyFigures("P9999", LOW_ENERGY, np.full(FIGURES, np.nan))
    fit = fit_grey_model([*drawn(CODE[LOW_ENERGY], LOW_ENERGY, 50), lacking], LOW_ENERGY)
    assert (fit.images, fit.left_out) == (50, 1)
    assert "1 left out for a missing figure" in sentences(fit, CODE[LOW_ENERGY])[0]


def test_the_interval_of_the_mean_is_by_patient() -> None:
    """Ten equal images of each patient say no more than one."""
    once = drawn(CODE[LOW_ENERGY], LOW_ENERGY, 40)[::2]
    ten = [figures for figures in once for _ in range(10)]
    one, many = fit_grey_model(once, LOW_ENERGY), fit_grey_model(ten, LOW_ENERGY)
    np.testing.assert_allclose(many.high - many.low, one.high - one.low, rtol=0.1)


def test_the_text_says_how_far_the_code_is_from_the_fit() -> None:
    code = CODE[RECOMBINED]
    fit = fit_grey_model(drawn(code, RECOMBINED, 400), RECOMBINED)
    moved = dataclasses.replace(code, mean=code.mean + np.eye(FIGURES)[9])
    text = " ".join(sentences(fit, moved))
    shift = moved.mean[9] - fit.model.mean[9]
    assert f"the largest difference is {shift:+.3f} (skin, 3 px deep)" in text
    table = rows(fit, moved)
    assert len(table) == FIGURES
    assert table[9][2] == f"{moved.mean[9]:.3f}"


@pytest.mark.parametrize("kind", KINDS)
def test_the_constants_as_code_are_the_fit(kind: str) -> None:
    fit = fit_grey_model(drawn(CODE[kind], kind, 100), kind)
    found: dict[str, np.ndarray] = {}
    exec(as_code(fit), {"np": np}, found)
    assert set(found) == {"MEAN", "COMPONENTS"} | ({"SPREAD"} if kind == RECOMBINED else set())
    for name, value in found.items():
        expected = getattr(fit.model, name.lower())
        np.testing.assert_allclose(value, expected, atol=0.00051)
