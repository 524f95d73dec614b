"""Effects of cues: with the label model in the network's place, resumed, and worked by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from xai_core.features.cues import CUES, Cue, choose
from xai_core.features.effects import (
    COLUMNS,
    HEAD,
    Effect,
    Row,
    Score,
    Summary,
    markdown,
    measure,
    measure_all,
    read_rows,
    reading_of,
    scorer_of,
    slope_of,
    summarise,
    table_rows,
)
from xai_core.features.pairs import State, subjects_of
from xai_core.model.classifier import Classifier

HEIGHT = 160
BY_ID = {cue.id: cue for cue in CUES}
UNDRAWN = ("asymmetry type",)  # descriptors that one picture of one day cannot show


def label_model(states: Sequence[State]) -> list[Score]:
    """The generator's own log-odds in the network's place; without a lesion -10."""
    return [Score(max(x.log_odds, -10.0), x.log_odds >= 0) for x in states]


def ignore(done: int, total: int, what: str) -> None:
    """Progress that nobody looks at."""


# --- Pairs ------------------------------------------------------------------------------------


@lru_cache(maxsize=16)
def rows_of(kind: str) -> dict[str, Row]:
    """Every cue of one kind on the first phantom of it, by the label model."""
    cues = [cue for cue in CUES if cue.kind == kind]
    (subject,) = subjects_of(cues, 1)[kind]
    return {row.cue: row for row in measure(label_model, subject, cues, HEIGHT)}


@pytest.mark.parametrize("cue", CUES, ids=lambda cue: cue.id)
def test_every_cue_changes_the_picture_but_controls(cue: Cue) -> None:
    row = rows_of(cue.kind)[cue.id]
    assert row.seen == (not cue.control and cue.title not in UNDRAWN)
    if cue.control:
        assert row.truth == 0
    assert (row.truth is None) == (cue.after == "none" and cue.before == "one")
    if row.truth is not None:
        assert row.effect == pytest.approx(row.truth, abs=1e-9)


@pytest.mark.parametrize(
    ("cue", "truth"),
    [  # 1.7 times the difference of the weights; of sizes 1.7 * 1.3 * ln(factor)
        ("mass-margin:spiculated", 1.7 * (2.2 + 1.9)),
        ("mass-shape:irregular", 1.7 * (0.9 + 0.9)),
        ("mass-density:high-density", 1.7 * (0.3 + 0.1)),
        ("mass-diameter:1.5", 1.7 * 1.3 * math.log(1.5)),
        ("mass-contrast:0.5", 0.0),
        ("mass-number:2", math.log((0.58 * 0.42) / (0.42 * 0.58)) - math.log(0.42 / 0.58)),
        ("calcification-morphology:fine-linear", 1.7 * (2.6 + 2.0)),
        ("calcification-distribution:segmental", 1.7 * (0.9 - 0.1)),
    ],
)
def test_the_true_effect_is_the_generator_s_weight(cue: str, truth: float) -> None:
    found = rows_of(BY_ID[cue].kind)[cue].truth
    assert found == pytest.approx(truth, abs=1e-9)


def test_a_noisy_label_model_has_the_generator_s_weights_within_the_intervals(
    tmp_path: Path,
) -> None:
    """Ten phantoms, and a network that knows the label model to within 0.5."""

    def noisy(states: Sequence[State]) -> list[Score]:
        noise = [np.random.default_rng(int(x.digest[:12], 16)).normal(0, 0.5) for x in states]
        exact = label_model(states)
        return [
            replace(score, margin=score.margin + e) for score, e in zip(exact, noise, strict=True)
        ]

    cues = choose(("mass-margin", "mass-shape:irregular", "mass-enhancement:rim"))
    rows = measure_all(noisy, cues, subjects_of(cues, 10), tmp_path, ignore, 112)
    summary = summarise(rows, cues)
    assert summary.slope == pytest.approx(1, abs=0.1)
    for effect in summary.effects:
        if effect.cue.control:
            assert (effect.model, effect.low, effect.high, effect.seen) == (0, 0, 0, 0)
            assert effect.reading == "not in the picture"
        else:
            own = {row.truth or 0.0 for row in rows if row.cue == effect.cue.id}
            assert max(own) - min(own) < 1e-9, "the same in every phantom"
            wide = 0.15 * (effect.high - effect.low)  # one interval in twenty misses
            assert effect.low - wide < effect.truth < effect.high + wide
            assert effect.reading in ("as true", "cannot be told")


def test_a_state_that_cues_share_is_drawn_and_scored_once() -> None:
    seen: list[int] = []

    def counting(states: Sequence[State]) -> list[Score]:
        seen.append(len(states))
        return label_model(states)

    cues = choose(("mass-density", "mass-contrast"))
    (subject,) = subjects_of(cues, 1)["mass"]
    rows = measure(counting, subject, cues, 112)
    assert [row.cue for row in rows] == [cue.id for cue in cues]
    assert rows[0].before == rows[1].before
    # Four densities, and two contrasts beside the plain lesion, which has one of the densities.
    assert seen == [6]


# --- Runs -------------------------------------------------------------------------------------


def test_a_run_that_was_stopped_goes_on_to_the_same_rows(tmp_path: Path) -> None:
    cues = choose(("mass-shape:irregular", "mass-density:low-density", "cyst:none"))
    drawn = subjects_of(cues, 2)
    steps: list[tuple[int, int, str]] = []
    whole = measure_all(
        label_model, cues, drawn, tmp_path / "a", lambda *step: steps.append(step), 112
    )
    assert steps == [(0, 4, "mass"), (1, 4, "cyst"), (2, 4, "mass"), (3, 4, "cyst"), (4, 4, "")]
    assert [row.cue for row in whole[:3]] == [cue.id for cue in cues]

    def stop(done: int, total: int, what: str) -> None:
        if done == 2:
            raise KeyboardInterrupt

    few = subjects_of(cues, 1)
    with pytest.raises(KeyboardInterrupt):
        measure_all(label_model, cues[1:], drawn, tmp_path / "b", stop, 112)
    assert len(list((tmp_path / "b").iterdir())) == 2
    # Other cues of the same phantoms, then more phantoms.
    assert measure_all(label_model, cues[:1], {"mass": few["mass"]}, tmp_path / "b", ignore, 112)
    assert measure_all(label_model, cues, drawn, tmp_path / "b", ignore, 112) == whole

    def never(states: Sequence[State]) -> list[Score]:
        raise AssertionError("everything is there")

    assert measure_all(never, cues, drawn, tmp_path / "b", ignore, 112) == whole
    assert measure_all(never, cues, few, tmp_path / "b", ignore, 112) == whole[:3]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"rows": 1}', '{"rows": [{"cue": "x"}, 3]}'])
def test_a_damaged_file_has_no_rows(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.json").write_text(content)
    assert read_rows(tmp_path / "a.json") == []
    assert read_rows(tmp_path / "missing.json") == []


# --- The model --------------------------------------------------------------------------------


def test_phantoms_are_scored_as_any_case_and_each_picture_once(
    tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    classifier = Classifier.open(tiny_weights, "cpu", chunk=2)
    rng = np.random.default_rng(0)
    states = [
        State(rng.uniform(0, 255, (90, 70)).astype(np.float32), 0.0, str(i)) for i in range(3)
    ]
    batches: list[int] = []
    score = Classifier.score

    def watched(self: Classifier, inputs: object) -> object:
        batches.append(len(inputs))  # type: ignore[arg-type]
        return score(self, inputs)  # type: ignore[arg-type]

    monkeypatch.setattr(Classifier, "score", watched)
    found = scorer_of(classifier)([*states, states[0]])
    assert batches == [2, 1]
    assert found[3] == found[0]
    for state, answer in zip(states, found, strict=False):
        whole = classifier.predict(classifier.prepare(state.image / 255))
        assert answer.margin == pytest.approx(whole.logits[1] - whole.logits[0], abs=1e-4)
        decided = whole.predicted(classifier.spec.threshold, 1)
        assert answer.called == (decided == 1)


# --- Summary ----------------------------------------------------------------------------------


def pair(cue: str, phantom: int, before: float, after: float, truth: float | None) -> Row:
    return Row(cue, phantom, before, after, before >= 0, after >= 0, truth, seen=True)


def test_a_summary_worked_by_hand() -> None:
    """Effects 1 and 3 of the first cue: mean 2, beside a true one of 4; one of two decisions
    changes.  The second one has no lesion in one state."""
    cues = choose(("mass-margin:spiculated", "mass:none"))
    rows = [
        pair(cues[0].id, 1, -2.0, -1.0, 4.0), pair(cues[0].id, 2, -1.0, 2.0, 4.0),
        pair(cues[1].id, 1, 1.0, 0.5, None), pair(cues[1].id, 2, 1.0, -0.5, None),
    ]  # fmt: skip
    summary = summarise(rows, cues)
    margin, none = summary.effects
    assert (margin.pairs, margin.model, margin.truth, margin.ratio) == (2, 2.0, 4.0, 0.5)
    assert (margin.flipped, margin.seen, margin.reading) == (0.5, 1.0, "-")
    assert math.isnan(margin.low)
    assert (none.model, none.flipped) == (-1.0, 0.5)
    assert math.isnan(none.truth)
    assert math.isnan(none.ratio)
    assert math.isnan(summary.slope)  # of one cue
    assert summary.scale == 1
    line, other = table_rows(summary)
    assert dict(zip(COLUMNS, line, strict=True)) == {
        "cue": "mass-margin:spiculated", "kind": "mass", "title": "mass margin",
        "before": "circumscribed", "after": "spiculated", "control": False, "pairs": 2,
        "model": 2.0, "low": None, "high": None, "truth": 4.0, "ratio": 0.5, "flipped": 0.5,
        "seen": 1.0, "reading": "-",
    }  # fmt: skip
    assert other[COLUMNS.index("truth")] is None
    text = markdown(summary, "the larger logit")
    assert (
        "| mass margin | circumscribed | spiculated | 2 | +2.00 [-] | +4.00 | +0.50 | 50.0 % | - |"
        in text
    )
    assert "| mass | one | none | 2 | -1.00 [-] | - | - | 50.0 % | - |" in text
    assert "is not defined by so few cues" in text
    assert text.endswith("The decision is by the larger logit.\n")


def test_an_interval_is_of_ten_phantoms_at_least() -> None:
    cue = BY_ID["mass-margin:spiculated"]
    rows = [pair(cue.id, i, 0.0, 1.0 + i % 2, 2.0) for i in range(10)]
    effect = summarise(rows, (cue,)).effects[0]
    assert 1 < effect.low < 1.5 < effect.high < 2
    assert effect.reading == "under-weighted"
    assert math.isnan(summarise(rows[1:], (cue,)).effects[0].low)


def effect(low: float, high: float, truth: float, seen: float = 1.0) -> Effect:
    return Effect(CUES[0], 12, (low + high) / 2, low, high, truth, 0.0, seen)


@pytest.mark.parametrize(
    ("low", "high", "truth", "reading"),
    [  # the scale is 0.5
        (0.8, 1.2, 2.0, "as true"),
        (-1.2, -0.8, -2.0, "as true"),
        (1.1, 1.5, 2.0, "over-weighted"),
        (-1.5, -1.1, -2.0, "over-weighted"),
        (0.1, 0.9, 2.0, "under-weighted"),
        (-0.9, -0.1, -2.0, "under-weighted"),
        (-0.2, 0.3, 2.0, "not learned"),
        (-0.5, 1.3, 2.0, "cannot be told"),
        (-0.5, -0.1, 2.0, "reversed"),
        (0.1, 0.5, -2.0, "reversed"),
        (-0.1, 0.1, 0.0, "as true"),
        (0.1, 0.2, 0.0, "spurious"),
        (-0.2, -0.1, 0.0, "spurious"),
        (math.nan, math.nan, 2.0, "-"),
        (0.1, 0.2, math.nan, "-"),
    ],
)
def test_readings(low: float, high: float, truth: float, reading: str) -> None:
    assert reading_of(effect(low, high, truth), 0.5) == reading
    assert reading_of(effect(low, high, truth, seen=0.0), 0.5) == "not in the picture"


def test_the_slope_is_that_of_a_line_through_the_origin() -> None:
    """(1, 1), (2, 1), (-1, 0), (-2, -1), (4, 2): 1 + 2 + 0 + 2 + 8 over 1 + 4 + 1 + 4 + 16."""
    points = ((1, 1), (2, 1), (-1, 0), (-2, -1), (4, 2))
    found = [effect(model, model, truth) for truth, model in points]
    others = [effect(9, 9, 0.0), effect(9, 9, math.nan), effect(9, 9, 1.0, seen=0.0)]
    assert slope_of([*found, *others]) == pytest.approx(13 / 26)
    assert math.isnan(slope_of(found[1:]))


def test_the_document_names_the_scale_and_puts_what_is_not_seen_apart() -> None:
    cues = choose(("mass-margin", "mass-shape:irregular", "mass-enhancement:rim"))
    rows = [
        pair(cue.id, i, 0.0, -0.5 * k, -1.0 * k)
        for k, cue in enumerate(cues[:-1], start=1)
        for i in range(12)
    ]
    rows += [replace(pair(cues[-1].id, i, 0.0, 0.0, 0.0), seen=False) for i in range(12)]
    summary = summarise(rows, cues)
    assert summary.slope == pytest.approx(0.5)
    text = markdown(summary, "the larger logit")
    assert "by 0.50 per unit of the true effect" in text
    shown, unseen = text.split("does not show")
    assert "| as true |" in shown
    assert "mass enhancement (control)" in unseen
    assert "mass enhancement" not in shown
    assert "| 12 | +0.00 [+0.00 to +0.00] | +0.00 | - | 0.0 % | not in the picture |" in unseen
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    assert all(line.count("|") == len(HEAD) + 1 for line in lines)
    assert shown.index("irregular") < shown.index("obscured")  # by falling effect
    downwards = Summary(summary.effects, -0.2, 1.0)
    text = markdown(downwards, "the larger logit", "This model has no class malignant.")
    assert "is not above 0" in text
    assert text.endswith("- This model has no class malignant.\n")
