"""What a model has learned of each cue, beside what is true.

For every cue (:mod:`xai_core.features.cues`) pairs of phantoms are drawn that differ in that cue
alone, bit for bit outside the lesion (:mod:`xai_core.phantom.counterfactual`).  The effect on the
model is the change of its logit difference, the positive class's logit minus the highest other one;
the true effect is the change of the generator's own log-odds of malignancy.  A calibrated model
that had learned everything would have the true effect as its own.

Phantoms (:mod:`xai_core.features.pairs`) are scored as they are drawn, without rounding to 8 bits,
with the classifier's own preparation: the one of every case, and of training and validation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from xai_core.errors import ModelError
from xai_core.features.cues import Cue, slug
from xai_core.features.pairs import (
    HEIGHT,
    State,
    Subject,
    by_turns,
    draw_pairs,
    network_inputs,
)
from xai_core.files import read_json, write_json, writing
from xai_core.model.classifier import Classifier
from xai_core.statistics.bootstrap import MIN_PATIENTS, REPLICATES, mean_interval
from xai_core.types import Prediction, ProgressCallback
from xai_core.viz.text_tables import markdown_escaped, markdown_table

# --- The model --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Score:
    """A model's answer.  ``margin``: the positive class's logit minus the highest other one.
    ``called``: whether the decision is the positive class."""

    margin: float
    called: bool


Scorer = Callable[[Sequence[State]], Sequence[Score]]


def scorer_of(classifier: Classifier) -> Scorer:
    """Scores phantoms with ``classifier``, each picture once: equal pictures have equal scores."""
    spec = classifier.spec

    def score(states: Sequence[State]) -> list[Score]:
        found: dict[str, Score] = {}
        for digests, inputs in network_inputs(classifier, states):
            logits = classifier.score(inputs).double().cpu().numpy()
            if not np.isfinite(logits).all():
                raise ModelError("The network's answer is not a number; its weights are unusable.")
            for digest, row in zip(digests, logits, strict=True):
                margin = float(row[spec.positive] - np.delete(row, spec.positive).max())
                decided = Prediction(tuple(row.tolist())).predicted(spec.threshold, spec.positive)
                found[digest] = Score(margin, decided == spec.positive)
        return [found[state.digest] for state in states]

    return score


# --- Rows -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """One pair.  ``cue``: its id.  ``phantom``: the seed.  ``before``, ``after``: the model's
    margin; ``called_before``, ``called_after``: its decision.  ``truth``: the change of the
    generator's log-odds, None where one state has no lesion.  ``seen``: whether the two pictures
    differ."""

    cue: str
    phantom: int
    before: float
    after: float
    called_before: bool
    called_after: bool
    truth: float | None
    seen: bool

    @property
    def effect(self) -> float:
        """The change of the model's margin."""
        return self.after - self.before


def measure(
    score: Scorer, subject: Subject, cues: Sequence[Cue], height: int = HEIGHT
) -> list[Row]:
    """The rows of one phantom, one for each of ``cues``, which apply to its kind.

    The background is drawn once, and a state that several cues share is drawn and scored once.
    """
    states, pairs = draw_pairs(subject, cues, height)
    scores = score(states)
    rows = []
    for cue, (a, b) in zip(cues, pairs, strict=True):
        truth = states[b].log_odds - states[a].log_odds
        rows.append(
            Row(
                cue.id, subject.seed, scores[a].margin, scores[b].margin, scores[a].called,
                scores[b].called,
                truth if math.isfinite(truth) else None,
                states[a].digest != states[b].digest,
            )
        )  # fmt: skip
    return rows


def measure_all(
    score: Scorer, cues: Sequence[Cue], drawn: Mapping[str, Sequence[Subject]], folder: Path,
    progress: ProgressCallback, height: int = HEIGHT,
) -> list[Row]:  # fmt: skip
    """The rows of ``cues`` over the phantoms of :func:`subjects_of`.

    ``folder`` holds a JSON file per phantom, written when the phantom is done; rows that are there
    are read, not measured.  The caller checks that they are of the same model and generator.
    ``progress``: called with (phantoms done, phantoms in all, kind of the current one).

    Raises:
        BadRequest: ``folder`` cannot be written.
        ModelError: the network returned a value that is not a finite number.
    """
    by_kind = {kind: [cue for cue in cues if cue.kind == kind] for kind in drawn}
    work = by_turns(drawn)
    rows: list[Row] = []
    for done, (kind, subject) in enumerate(work):
        progress(done, len(work), kind)
        place = folder / f"{slug(kind)}-{subject.seed}.json"
        known = {row.cue: row for row in read_rows(place)}
        missing = [cue for cue in by_kind[kind] if cue.id not in known]
        if missing:
            known |= {row.cue: row for row in measure(score, subject, missing, height)}
            with writing(folder):
                write_json(place, {"rows": [asdict(row) for row in known.values()]})
        rows += [known[cue.id] for cue in by_kind[kind]]
    progress(len(work), len(work), "")
    return rows


_NAMES = {field.name for field in fields(Row)}


def read_rows(place: Path) -> list[Row]:
    """The rows of a file of :func:`measure_all`; none where it is missing or damaged."""
    rows = read_json(place).get("rows")
    if not isinstance(rows, list):
        return []
    return [Row(**row) for row in rows if isinstance(row, dict) and row.keys() == _NAMES]


# --- Summary ----------------------------------------------------------------------------------

NOT_IN_PICTURE, NOTHING = "not in the picture", "-"
AS_TRUE, SPURIOUS, REVERSED = "as true", "spurious", "reversed"
OVER, UNDER, NOT_LEARNED = "over-weighted", "under-weighted", "not learned"
UNCERTAIN = "cannot be told"
_SLOPE_CUES = 5  # below so many cues of a known effect, their slope says little


@dataclass(frozen=True)
class Effect:
    """A cue over its pairs.

    ``model``: mean effect on the model's margin, with its 95 % interval ``low`` to ``high``, NaN
    below ten phantoms.  ``truth``: mean true effect in log-odds, NaN where one state has no lesion.
    ``flipped``: share of the pairs whose decision differs.  ``seen``: share of the pairs whose
    pictures differ.  ``reading``: see :func:`reading_of`.
    """

    cue: Cue
    pairs: int
    model: float
    low: float
    high: float
    truth: float
    flipped: float
    seen: float
    reading: str = NOTHING

    @property
    def ratio(self) -> float:
        """The model's effect per unit of the true one; NaN where there is none."""
        return self.model / self.truth if self.compared else math.nan

    @property
    def compared(self) -> bool:
        """Whether there is a true effect, in pictures that differ."""
        return math.isfinite(self.truth) and self.truth != 0 and self.seen > 0


@dataclass(frozen=True)
class Summary:
    """``effects``: of the cues, in their order.  ``slope``: see :func:`slope_of`; ``scale``: what
    the true effects were multiplied with for the readings."""

    effects: tuple[Effect, ...]
    slope: float
    scale: float


def summarise(rows: Sequence[Row], cues: Sequence[Cue], seed: int = 0) -> Summary:
    """The effect of each of ``cues`` over its ``rows``, of which there is one at least.

    ``seed``: of the bootstrap, over phantoms.
    """
    effects = [_effect(cue, [row for row in rows if row.cue == cue.id], seed) for cue in cues]
    slope = slope_of(effects)
    scale = slope if slope > 0 else 1.0
    read = tuple(replace(effect, reading=reading_of(effect, scale)) for effect in effects)
    return Summary(read, slope, scale)


def _effect(cue: Cue, rows: Sequence[Row], seed: int) -> Effect:
    changes = [row.effect for row in rows]
    low, high = mean_interval(changes, [row.phantom for row in rows], seed=seed)
    known = [row.truth for row in rows if row.truth is not None]
    return Effect(
        cue, len(rows), float(np.mean(changes)), low, high,
        float(np.mean(known)) if len(known) == len(rows) else math.nan,
        float(np.mean([row.called_before != row.called_after for row in rows])),
        float(np.mean([row.seen for row in rows])),
    )  # fmt: skip


def slope_of(effects: Sequence[Effect]) -> float:
    """The model's effect per unit of the true one over all cues: the least-squares line through
    the origin of the cues' mean effects.  NaN where fewer than five cues have a true effect in
    pictures that differ."""
    known = [effect for effect in effects if effect.compared]
    if len(known) < _SLOPE_CUES:
        return math.nan
    truth = np.array([effect.truth for effect in known])
    return float(np.array([effect.model for effect in known]) @ truth / (truth @ truth))


def reading_of(effect: Effect, scale: float) -> str:
    """What an effect says, by its 95 % interval, beside ``scale`` (above 0) times the true effect.

    ``not in the picture``: the pictures of all pairs are equal.  ``-``: no interval, or no true
    effect to compare with.  Where the true effect is 0: ``as true`` if the interval contains 0,
    else ``spurious``.  Else: ``as true`` if the interval contains the scaled true effect and not
    0; ``not learned``: 0 and not the scaled true effect; ``cannot be told``: both; ``reversed``:
    it lies on the other side of 0; ``under-weighted``, ``over-weighted``: it lies on the side of
    the true effect, nearer to 0 or further from it than the scaled one.
    """
    if not effect.seen:
        return NOT_IN_PICTURE
    if math.isnan(effect.low) or math.isnan(effect.truth):
        return NOTHING
    sign = -1.0 if effect.truth < 0 else 1.0
    low, high = sorted((sign * effect.low, sign * effect.high))
    expected = scale * abs(effect.truth)
    nothing = low <= 0 <= high
    if not expected:
        return AS_TRUE if nothing else SPURIOUS
    if low <= expected <= high:
        return UNCERTAIN if nothing else AS_TRUE
    if nothing:
        return NOT_LEARNED
    if high < 0:
        return REVERSED
    return UNDER if high < expected else OVER


# --- The document -----------------------------------------------------------------------------

HEAD = (
    "cue", "from", "to", "pairs", "effect on the model [95 %]", "true effect",
    "model per true", "decisions changed", "reading",
)  # fmt: skip
COLUMNS = (
    "cue", "kind", "title", "before", "after", "control", "pairs", "model", "low", "high", "truth",
    "ratio", "flipped", "seen", "reading",
)  # fmt: skip


def table_rows(summary: Summary) -> list[tuple[Any, ...]]:
    """A row per cue with the values of :data:`COLUMNS`; None where a number is not defined."""
    out = []
    for effect in summary.effects:
        cue = effect.cue
        numbers = (effect.model, effect.low, effect.high, effect.truth, effect.ratio)
        out.append(
            (
                cue.id, cue.kind, cue.title, cue.before, cue.after, cue.control, effect.pairs,
                *(number if math.isfinite(number) else None for number in numbers),
                effect.flipped, effect.seen, effect.reading,
            )
        )  # fmt: skip
    return out


def markdown(summary: Summary, decided: str, note: str = "") -> str:
    """The document: cues of each kind by falling effect on the model, then those that no picture
    shows.  ``decided``: the rule of decisions, in words.  ``note``: a last sentence, "" for
    none."""
    shown = [effect for effect in summary.effects if effect.seen]
    hidden = [effect for effect in summary.effects if not effect.seen]
    kinds = list(dict.fromkeys(effect.cue.kind for effect in shown))
    shown.sort(key=lambda effect: (kinds.index(effect.cue.kind), -abs(effect.model)))
    lines = ["# What the model has learned of each cue, beside what is true", ""]
    if shown:
        lines += [*markdown_table(HEAD, [_line(effect) for effect in shown]), ""]
    if hidden:
        lines += [
            "Cues that the low-energy picture does not show: both pictures of a pair are equal, "
            "bit for bit, and so are the model's answers.", "",
            *markdown_table(HEAD, [_line(effect) for effect in hidden]), "",
        ]  # fmt: skip
    notes = [*_notes(summary, markdown_escaped(decided)), *filter(None, [markdown_escaped(note)])]
    return "\n".join([*lines, *(f"- {one}" for one in notes)]) + "\n"


def _line(effect: Effect) -> tuple[str, ...]:
    cue = effect.cue
    interval = _number(effect.low), _number(effect.high)
    between = "-" if math.isnan(effect.low) else f"{interval[0]} to {interval[1]}"
    return (
        markdown_escaped(cue.title + (" (control)" if cue.control else "")),
        markdown_escaped(cue.before), markdown_escaped(cue.after), str(effect.pairs),
        f"{_number(effect.model)} [{between}]", _number(effect.truth), _number(effect.ratio),
        f"{100 * effect.flipped:.1f} %", effect.reading,
    )  # fmt: skip


def _number(value: float) -> str:
    return "-" if math.isnan(value) else f"{round(value, 2) + 0.0:+.2f}"  # never -0.00


def _notes(summary: Summary, decided: str) -> Iterator[str]:
    yield (
        "A pair is one phantom in two states: the first of its lesions alone, one cue changed, and "
        "all pixels out of the lesion's reach the same. The effect on the model is the mean change "
        "of its logit difference, the positive class's logit minus the highest other one; the "
        f"interval is a bootstrap over phantoms, {REPLICATES} replicates, and below {MIN_PATIENTS} "
        'phantoms there is "-" instead.'
    )
    yield (
        "The true effect is the change of the generator's log-odds of malignancy: of its label "
        "model, and of how often breasts of either class have so many lesions. A calibrated model "
        "that had learned everything would have the true effect as its own."
    )
    yield (
        "Without a lesion the generator's probability is 0, whose log-odds are no number: "
        'there is "-" instead.'
    )
    if summary.slope == summary.scale:
        scale = (
            f"Over all cues the model changes by {summary.slope:.2f} per unit of the true effect "
            "(least squares through the origin); readings compare with the true effect times this."
        )
    else:
        why = "is not above 0" if math.isfinite(summary.slope) else "is not defined by so few cues"
        scale = f"The slope over all cues {why}: readings compare with the true effect itself."
    yield f"{scale} The scale's own uncertainty is not in the readings."
    yield (
        f"Readings, by the interval: {AS_TRUE} (it contains the scaled true effect and not 0; "
        f"where the true effect is 0, it contains 0), {OVER} and {UNDER} (further from 0, or "
        f"nearer to it), {NOT_LEARNED} (it contains 0 alone), {REVERSED} (the other side of 0), "
        f"{SPURIOUS} (not 0 where the true effect is), {UNCERTAIN} (it contains both). Intervals "
        "are of single cues: about one in twenty misses by chance."
    )
    yield (
        "Other descriptors stay as they are planned; one beside which the generator never draws "
        "both states gets the commonest value with which it does. Phantoms come from seeds that "
        "no training, validation or library draws from; occult lesions are left out."
    )
    yield f"The decision is by {decided}."
