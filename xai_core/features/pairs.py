"""Pairs of phantoms that differ in one cue alone, drawn to ask a model.

Phantoms come from the seeds of the split "study", which no training, validation or library draws
from; a pair is bit for bit the same outside the lesion (:mod:`xai_core.phantom.counterfactual`).
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from xai_core.errors import BadRequest
from xai_core.features.cues import Cue
from xai_core.model.classifier import Classifier
from xai_core.phantom.anatomy import VIEWS, stream
from xai_core.phantom.counterfactual import Change, changed_plans, counterfactual
from xai_core.phantom.generate import SPLIT_SEEDS
from xai_core.phantom.kinds import KINDS
from xai_core.phantom.lesion import LesionPlan
from xai_core.phantom.plan import number_log_odds, plan_lesions, probability_of
from xai_core.phantom.tissue import Background, draw_background
from xai_core.types import FloatArray, Pathology

HEIGHT = 512  # px of a phantom
SERIES_SIZE = 100_000  # seeds of a series: the split's million holds ten

# --- Phantoms ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Subject:
    """A phantom of the study, by its seed: odd seeds are planned malignant, and the views
    alternate every two seeds."""

    seed: int

    @property
    def pathology(self) -> Pathology:
        """The class that its lesions are planned for."""
        return Pathology.MALIGNANT if self.seed % 2 else Pathology.BENIGN

    @property
    def view(self) -> str:
        """CC or MLO."""
        return VIEWS[self.seed // 2 % 2]

    @property
    def first_lesion(self) -> LesionPlan:
        """Its first lesion as planned."""
        return plan_lesions(stream(self.seed, "plan"), self.pathology)[0]


def subjects_of(cues: Sequence[Cue], pairs: int, series: int = 0) -> dict[str, tuple[Subject, ...]]:
    """By kind of lesion that ``cues`` apply to, the first ``pairs`` phantoms with such lesions.

    Those with an occult lesion are left out: they show no cue by intention.

    Args:
        cues: at least one.
        pairs: at least 1.
        series: 0 to 9, another one with other phantoms.

    Raises:
        BadRequest: a series has fewer phantoms of a kind.
    """
    wanted = dict.fromkeys(cue.kind for cue in cues)
    found: dict[str, list[Subject]] = {kind: [] for kind in wanted}
    first = SPLIT_SEEDS["study"] + series * SERIES_SIZE
    for seed in range(first, first + SERIES_SIZE):
        subject = Subject(seed)
        lesion = subject.first_lesion
        of_kind = found.get(lesion.kind)
        if of_kind is not None and len(of_kind) < pairs and not lesion.occult:
            of_kind.append(subject)
            if all(len(one) == pairs for one in found.values()):
                return {kind: tuple(one) for kind, one in found.items()}
    kind = min(found, key=lambda kind: len(found[kind]))
    raise BadRequest(
        f"--pairs is {pairs}; there are {len(found[kind])} phantoms of the kind {kind}: give at "
        "most so many, or --only cues of other kinds."
    )


@dataclass(frozen=True, eq=False)
class State:
    """A phantom in one state.  ``image``: float32 (H, W), grey 0..255.  ``log_odds``: the
    generator's, of malignancy; -inf without a lesion.  ``digest``: SHA-256 (hex) of the pixels."""

    image: FloatArray
    log_odds: float
    digest: str


def draw_state(subject: Subject, background: Background, change: Change) -> State:
    """The phantom after ``change``.

    The generator's log-odds are those of the label model, and of the number of lesions, which
    depends on the class and is no part of the label model.
    """
    drawn = counterfactual(subject.seed, background, subject.pathology, change)
    plans = (*drawn.plans, *drawn.hidden)
    odds = -math.inf
    if plans:
        # Anew: a plan's own probability is of the diameter before it was limited.
        p = max(probability_of(x.kind, x.descriptors, x.diameter) for x in plans)
        odds = math.log(p / (1 - p)) + number_log_odds(len(plans))
    return State(drawn.image, odds, hashlib.sha256(drawn.image.tobytes()).hexdigest())


def draw_pairs(
    subject: Subject, cues: Sequence[Cue], height: int = HEIGHT
) -> tuple[list[State], list[tuple[int, int]]]:
    """One phantom in both states of every cue, which applies to its kind.

    The background is drawn once, and a state that several cues share is drawn once.

    Returns:
        The states, and for each of ``cues`` the positions among them of before and after.
    """
    background = draw_background(subject.seed, subject.view, height)
    planned = plan_lesions(stream(subject.seed, "plan"), subject.pathology)
    lesions: list[tuple[LesionPlan, ...]] = []
    states: list[State] = []
    pairs = []
    for cue in cues:
        pair = []
        for change in cue.states(planned[0], background):
            plans = changed_plans(planned, change)
            if plans not in lesions:
                lesions.append(plans)
                states.append(draw_state(subject, background, change))
            pair.append(lesions.index(plans))
        pairs.append((pair[0], pair[1]))
    return states, pairs


def network_inputs(
    classifier: Classifier, states: Sequence[State]
) -> Iterator[tuple[list[str], Tensor]]:
    """The pictures of ``states`` as the network gets them, each once, in batches.

    Returns:
        The digests of some pictures, and their inputs (B, 3, S, S).
    """
    pictures = list({state.digest: state.image for state in states}.items())
    for start in range(0, len(pictures), classifier.chunk):
        part = pictures[start : start + classifier.chunk]
        grey = [classifier.prepare(np.asarray(image / 255, np.float32)).grey for _, image in part]
        yield [digest for digest, _ in part], classifier.normalise(np.stack(grey))


def by_turns(drawn: Mapping[str, Sequence[Subject]]) -> list[tuple[str, Subject]]:
    """Kind and phantom of all of :func:`subjects_of`, all kinds by turns, so that a run that is
    stopped has some of each."""
    turns = zip(*drawn.values(), strict=True)
    return [pair for turn in turns for pair in zip(drawn, turn, strict=True)]


def generator_digest() -> str:
    """SHA-256 (hex) of what the generator says of lesions: kinds, terms, frequencies, weights, and
    the label model."""
    said = [
        (
            kind.name, kind.share, kind.log_odds, kind.terms, kind.given, kind.size,
            dict(kind.patterns),
            probability_of(kind.name, {t: next(iter(v)) for t, v in kind.terms.items()}, 20.0),
            [repr(number_log_odds(n)) for n in range(1, 5)],
        )
        for kind in KINDS
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()
