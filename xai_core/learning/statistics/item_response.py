"""How difficult each case is, from who answered it right: item response models of right and wrong.

P(right) = 1 / (1 + exp(-(slope theta + intercept))) of a person's ability theta, which is normal
with mean 0 and variance 1; an item's difficulty is -intercept / slope, the ability that gets it
right half of the time.  Rasch's model has one slope for all items, the two-parameter logistic one
(2PL) a slope each.  Fitted by marginal maximum likelihood: abilities are integrated out by
Gauss-Hermite quadrature, so that there is no parameter per person, and people may have answered
different items.

Bock and Lieberman, "Fitting a response model for n dichotomously scored items", Psychometrika
35:179, 1970 (the likelihood); Thissen, "Marginal maximum likelihood estimation for the
one-parameter logistic model", Psychometrika 47:175, 1982; Louis, "Finding the observed information
matrix when using the EM algorithm", Journal of the Royal Statistical Society B 44:226, 1982 (the
standard errors).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize
from scipy.special import expit, log_expit, logsumexp, roots_hermitenorm
from scipy.stats import norm

from xai_core.errors import BadRequest
from xai_core.statistics.bootstrap import LEVEL, Floats

NODES = 121
"""Of the quadrature: 0.28 apart at the centre, which serves abilities known to 0.2 or worse."""
_LEAST_SLOPE, _GREATEST_SLOPE = 0.1, 20.0
"""Below 0.1 it takes 400 items to know an ability to 1, and a difficulty is an intercept times ten
or more; above 20 a slope is on its way to infinity."""
_GRADIENT = 1e-7  # of the log-likelihood of one person, at the maximum
_NEWTON_STEPS = 20


@dataclass(frozen=True)
class ItemResponse:
    """A fitted model; all arrays are (J,), in the order of the items.

    ``errors``: standard errors, from the observed information.  ``slope`` holds one value J times
    in Rasch's model.  ``people``: with an answer or more.
    """

    slope: Floats
    slope_errors: Floats
    intercept: Floats
    intercept_errors: Floats
    difficulty: Floats
    difficulty_errors: Floats
    log_likelihood: float
    people: int

    def difficulty_interval(self, level: float = LEVEL) -> tuple[Floats, Floats]:
        """Low and high ends of the difficulties' intervals, each (J,): +- z standard errors."""
        half = norm.isf((1 - level) / 2) * self.difficulty_errors
        return self.difficulty - half, self.difficulty + half


def rasch(answers: ArrayLike, nodes: int = NODES) -> ItemResponse:
    """Rasch's model, with one slope for all items.

    Args:
        answers: (n, J), 1 for right, 0 for wrong, NaN for not answered; 2 items or more.
        nodes: of the quadrature.

    Raises:
        BadRequest: an item has no right or no wrong answer, so that its difficulty has no bound;
            a slope is nearly 0 or has no bound; or an answer is not 0, 1 or NaN.
    """
    data = _Patterns.of(answers, nodes)
    items = data.right.shape[1]
    # One column for the slope that all items have, one for each intercept.
    design = np.zeros((2 * items, items + 1))
    design[:items, 0] = 1
    design[items:, 1:] = np.eye(items)
    return _fit(data, design)


def two_parameter(answers: ArrayLike, nodes: int = NODES) -> ItemResponse:
    """The 2PL model, with a slope for each item; it needs several hundred people.

    Args:
        answers, nodes: see :func:`rasch`; 3 items or more.

    Raises:
        BadRequest: see :func:`rasch`.
    """
    data = _Patterns.of(answers, nodes)
    items = data.right.shape[1]
    if items < 3:
        raise BadRequest(
            f"There are {items} items; their slopes need 3 or more to be told apart. Fit Rasch's."
        )
    return _fit(data, np.eye(2 * items))


@dataclass(frozen=True)
class _Patterns:
    """The P different rows of answers: whether right, whether answered (both P, J), how many people
    (P,); and the nodes (Q,) with the logarithms of their weights."""

    right: Floats
    answered: Floats
    people: Floats
    theta: Floats
    log_weight: Floats

    @classmethod
    def of(cls, answers: ArrayLike, nodes: int) -> _Patterns:
        x = np.asarray(answers, dtype=np.float64)
        if x.ndim != 2 or x.shape[1] < 2:
            raise BadRequest(
                f"The answers have the shape {x.shape}; give a row for each person and a "
                "column for each of two or more items."
            )
        if not (np.isnan(x) | (x == 0) | (x == 1)).all():
            raise BadRequest("An answer is neither 0, 1 nor missing; only right and wrong count.")
        x = x[~np.isnan(x).all(1)]
        answered = (~np.isnan(x)).sum(0)
        right = np.nansum(x, axis=0)
        bad = np.flatnonzero((right == 0) | (right == answered))
        if len(bad):
            raise BadRequest(
                f"Item {bad[0]} (counted from 0) has {right[bad[0]]:.0f} right answers of "
                f"{answered[bad[0]]}; a difficulty needs right and wrong ones. Leave it out or ask "
                "more people."
            )
        rows, people = np.unique(np.where(np.isnan(x), -1, x), axis=0, return_counts=True)
        theta, weight = roots_hermitenorm(nodes)
        return cls(
            (rows == 1).astype(np.float64), (rows >= 0).astype(np.float64),
            people.astype(np.float64), theta, np.log(weight / weight.sum()),
        )  # fmt: skip

    def posterior(self, slope: Floats, intercept: Floats) -> tuple[Floats, Floats, Floats]:
        """The log-likelihood of each pattern (P,), the posterior weights of the nodes (P, Q), and
        P(right) at the nodes (Q, J)."""
        z = self.theta[:, None] * slope + intercept
        wrong = self.answered - self.right
        joint = self.right @ log_expit(z).T + wrong @ log_expit(-z).T + self.log_weight
        each = logsumexp(joint, axis=1)
        return each, np.exp(joint - each[:, None]), expit(z)


def _fit(data: _Patterns, design: Floats) -> ItemResponse:
    """The maximum over x, where slopes and intercepts are design @ x."""
    items, people = data.right.shape[1], data.people.sum()
    share = (data.people @ data.right) / (data.people @ data.answered)
    start = np.concatenate([np.ones(items), 1.2 * np.log(share / (1 - share))])
    x = np.linalg.lstsq(design, start, rcond=None)[0]

    def loss(x: Floats) -> tuple[float, Floats]:
        value, gradient = _likelihood(data, design @ x)
        return -value / people, -design.T @ gradient / people

    x = minimize(loss, x, jac=True, method="BFGS", options={"gtol": 1e-5}).x
    # BFGS stops where rounding hides the rise of the sum; Newton's steps need the gradient alone.
    for _ in range(_NEWTON_STEPS):
        _check_slopes((design @ x)[:items])
        _, gradient = loss(x)
        information = _information(data, design, x)
        covariance = _inverse(information)
        if np.abs(gradient).max() < _GRADIENT:
            return _result(data, design, x, covariance)
        x = x - covariance @ (gradient * people)
    raise BadRequest(
        "The item response model has no clear maximum on these answers; ask more people or leave "
        "out items with few answers."
    )


def _likelihood(data: _Patterns, parameters: Floats) -> tuple[float, Floats]:
    """The log-likelihood of all people, and its gradient by slopes and intercepts (2 J,)."""
    slope, intercept = np.split(parameters, 2)
    each, posterior, p = data.posterior(slope, intercept)
    weighted = data.people[:, None] * posterior
    # (Q, J): right answers less expected ones, of people at each node
    excess = weighted.T @ data.right - (weighted.T @ data.answered) * p
    gradient = np.concatenate([data.theta @ excess, excess.sum(0)])
    return float(data.people @ each), gradient


def _information(data: _Patterns, design: Floats, x: Floats) -> Floats:
    """The observed information of x: what it would be if abilities were known, less the variance of
    the score that comes from not knowing them (Louis 1982)."""
    slope, intercept = np.split(design @ x, 2)
    _, posterior, p = data.posterior(slope, intercept)
    people = (data.people[:, None] * posterior).T @ data.answered  # (Q, J)
    weight, theta = people * p * (1 - p), data.theta[:, None]
    blocks = [np.diag((weight * theta**k).sum(0)) for k in range(3)]
    total = design.T @ np.block([[blocks[2], blocks[1]], [blocks[1], blocks[0]]]) @ design
    for right, answered, number, known in zip(
        data.right, data.answered, data.people, posterior, strict=True
    ):
        excess = right - answered * p
        score = np.hstack([theta * excess, excess]) @ design  # (Q, parameters)
        score -= known @ score
        total -= number * (score.T * known) @ score
    return np.asarray(total)


def _inverse(information: Floats) -> Floats:
    values, vectors = np.linalg.eigh(information)
    if values[0] <= 1e-10 * values[-1]:
        raise BadRequest(
            "The answers do not determine the item response model; ask more people, or fit Rasch's "
            "model if each item has a slope."
        )
    return np.asarray(vectors / values @ vectors.T)


def _check_slopes(slope: Floats) -> None:
    least = int(np.abs(slope).argmin())
    if np.abs(slope[least]) < _LEAST_SLOPE:
        raise BadRequest(
            f"The slope of item {least} (counted from 0) is nearly 0: people who get it right are "
            "not better at the others, so that difficulties have no scale; ask more people or "
            "leave it out."
        )
    if np.abs(slope).max() > _GREATEST_SLOPE:
        raise BadRequest(
            "A slope has no bound: each person gets all items right up to a difficulty and none "
            "beyond; ask more people or, of a model with a slope for each item, fit Rasch's."
        )


def _result(data: _Patterns, design: Floats, x: Floats, covariance: Floats) -> ItemResponse:
    items = data.right.shape[1]
    parameters, spread = design @ x, design @ covariance @ design.T
    # Abilities and all slopes may change sign together; a higher ability is to mean more right.
    sign = np.sign(parameters[:items].sum())
    slope, intercept = parameters[:items] * sign, parameters[items:]
    errors = np.sqrt(np.diag(spread))
    # Difficulties by the delta method: -intercept / slope by slope and by intercept.
    change = np.hstack([np.diag(sign * intercept / slope**2), np.diag(-1 / slope)])
    difficulty_errors = np.sqrt(np.diag(change @ spread @ change.T))
    return ItemResponse(
        slope, errors[:items], intercept, errors[items:], -intercept / slope, difficulty_errors,
        float(_likelihood(data, parameters)[0]), int(data.people.sum()),
    )  # fmt: skip
