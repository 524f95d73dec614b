"""Temperature and bias: against scikit-learn, on data of known calibration, and refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.optimize import approx_fprime, minimize
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from xai_core.errors import CannotCalibrate
from xai_core.statistics import recalibration
from xai_core.statistics.recalibration import Recalibration, recalibrate


def drawn(temperature: float, bias: float, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels and logit differences that this temperature and bias would calibrate."""
    rng = np.random.default_rng(0)
    d = 3 * rng.standard_normal(n)
    return rng.random(n) < expit(d / temperature + bias), d


def test_the_known_temperature_and_bias_are_found() -> None:
    found = recalibrate(*drawn(2.5, -0.7, 100_000))
    assert found.temperature == pytest.approx(2.5, rel=0.03)
    assert found.bias == pytest.approx(-0.7, abs=0.03)


@pytest.mark.parametrize("scale", [1.0, 1e-3, 1e3])
@pytest.mark.parametrize("shift", [0.0, 40.0])
def test_scikit_learn_finds_the_same(scale: float, shift: float) -> None:
    label, d = drawn(0.6, 0.4, 300)
    peer = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(d[:, None], label)
    found = recalibrate(label, scale * d + shift)
    slope, offset = scale / found.temperature, found.bias + shift / found.temperature
    assert slope == pytest.approx(float(peer.coef_[0, 0]), rel=1e-4)
    assert offset == pytest.approx(float(peer.intercept_[0]), abs=1e-4)


def test_two_values_by_hand() -> None:
    """d = -1 with 1 of 4 positive, d = 1 with 3 of 4: P(1) = 3/4, so T = 1 / ln 3 and b = 0."""
    label = [True, False, False, False, True, True, True, False]
    found = recalibrate(label, [-1.0] * 4 + [1.0] * 4)
    assert found.temperature == pytest.approx(1 / np.log(3), rel=1e-6)
    assert found.bias == pytest.approx(0, abs=1e-6)


def test_gradient_and_hessian_are_those_of_the_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong one would still lead to the maximum, in more steps."""
    given: dict[str, Any] = {}

    def watched(loss: Any, start: np.ndarray, **how: Any) -> Any:
        given.update(how, loss=loss)
        return minimize(loss, start, **how)

    monkeypatch.setattr(recalibration, "minimize", watched)
    recalibrate(*drawn(0.6, 0.4, 50))
    loss, hessian = given["loss"], given["hess"]
    assert loss(np.zeros(2))[0] == pytest.approx(np.log(2))
    for at in (np.zeros(2), np.array([1.2, -0.5]), np.array([-0.7, 2.0])):
        gradient = approx_fprime(at, lambda x: loss(x)[0], 1e-7)
        np.testing.assert_allclose(loss(at)[1], gradient, atol=1e-5)
        rows = approx_fprime(at, lambda x: loss(x)[1], 1e-7)
        np.testing.assert_allclose(hessian(at), rows, atol=1e-5)


def test_calibrated_data_stay_as_they_are_and_the_mean_probability_is_the_share() -> None:
    label, d = drawn(1.7, 1.1, 500)
    once = recalibrate(label, d).differences(d)
    assert expit(once).mean() == pytest.approx(label.mean(), abs=1e-6)
    again = recalibrate(label, once)
    assert (again.temperature, again.bias) == pytest.approx((1, 0), abs=1e-5)


def test_the_differences_by_hand() -> None:
    assert Recalibration(2, 0.5).differences([4, -1]).tolist() == [2.5, 0]


@pytest.mark.parametrize(
    ("label", "difference", "word"),
    [
        ([0, 0, 1, 1], [-2, -1, 1, 2], "overlap"),
        ([1, 1, 0, 0], [-2, -1, 1, 2], "overlap"),
        ([0, 0, 1, 1], [-2, 1, 1, 2], "overlap"),  # separate but for a tie: still no maximum
        ([1, 1, 0, 0], [-2, 1, 1, 2], "overlap"),
        ([0, 1, 0, 1], [3, 3, 3, 3], "same logits"),
        ([1, 1, 1], [1, 2, 3], "one class"),
        ([], [], "one class"),
        ([0, 1, 0, 1], [1, np.nan, 2, 0], "finite"),
        ([1, 1, 0, 1, 0, 0], [-3, -2, -1, 1, 2, 3], "do not rise"),
    ],
)
def test_data_without_a_best_temperature_are_refused(
    label: list[int], difference: list[float], word: str
) -> None:
    with pytest.raises(CannotCalibrate, match=word):
        recalibrate(label, difference)
