"""The score of a class that a map explains: its logit, or its lead over the other classes.

With a shared head a logit may rise together with those of all other classes, which changes no
decision; a difference of logits contains only what tells the class from the others.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from xai_core.cam.options import CamOptions, option
from xai_core.types import FloatArray


class ClassScore(enum.StrEnum):
    """y_c, the score of class c that a method explains."""

    LOGIT = "logit"
    DIFFERENCE = "logit-difference"  # minus the mean of the other classes' logits

    @property
    def words(self) -> str:
        """The score as a manifest names it."""
        if self is ClassScore.LOGIT:
            return "class logit"
        return "class logit minus the mean of the other classes' logits"

    @property
    def key(self) -> str:
        """What this score adds to the name of a raw map: nothing for a logit."""
        return "" if self is ClassScore.LOGIT else f"/{self}"


@dataclass(frozen=True)
class ScoreOptions(CamOptions):
    """The options of a method that explains a class's score and leaves open which."""

    score: ClassScore = option(
        ClassScore.LOGIT,
        title="Score to explain",
        help="logit: the class's own output, as in the papers. logit difference: minus that of the "
        "other class (of several, their mean), so that what raises both does not count.",
        expert=True,
    )


def class_scores(logits: FloatArray, target: int, score: ClassScore) -> FloatArray:
    """y_c of class ``target`` from logits (n, classes): float32 (n,); NaN where a row is NaN."""
    own = logits[:, target]
    if score is ClassScore.LOGIT:
        return own
    others = np.delete(logits, target, axis=1).mean(axis=1, dtype=np.float32)
    difference: FloatArray = own - others
    return difference


def score_gradient(
    gradient: Callable[[int], Tensor], classes: int, target: int, score: ClassScore
) -> Tensor:
    """The gradient of y_c, (K, h, w), from ``gradient``: class -> that of its logit.

    It is linear in those of the logits: a difference costs one gradient per class.
    """
    own = gradient(target)
    if score is ClassScore.LOGIT:
        return own
    others = torch.stack([gradient(c) for c in range(classes) if c != target])
    return own - others.mean(0)
