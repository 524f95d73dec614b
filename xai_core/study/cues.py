"""The study of cues and channels (:mod:`xai_core.features.cue_study`) over many phantoms, as tables
and as a Markdown document."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from xai_core.features.blocks import Block, blocks_of
from xai_core.features.cue_pairs import measure_all
from xai_core.features.cue_study import CueEffect, CueStudy, parts_of, study
from xai_core.features.cue_tests import ALPHA, PERMUTATIONS, RESPONSES
from xai_core.features.cues import Cue
from xai_core.features.directions import (
    Removal,
    Variant,
    directions_of,
    effects_by_head,
    effects_by_tail,
    removals,
)
from xai_core.features.head import ClosedHead
from xai_core.features.pairs import HEIGHT, Subject
from xai_core.features.tcav import RUNS, Tcav
from xai_core.list_text import counted
from xai_core.model.classifier import Classifier
from xai_core.statistics.bootstrap import MIN_PATIENTS
from xai_core.types import ProgressCallback
from xai_core.viz.text_tables import markdown_escaped, markdown_table

OWN_AIM, OTHERS_AIM = 0.8, 0.1
"""Of a direction: the share of its own cue's effect that is to go at least, and of others' at
most."""

ROWS, REMOVED = "rows", "removed"
"""Folders of a run, with a file per phantom: responses, and effects without directions."""


def run(
    classifier: Classifier, blocks: Sequence[Block], cues: Sequence[Cue],
    drawn: Mapping[str, Sequence[Subject]], few: int, out: Path, progress: ProgressCallback,
    height: int = HEIGHT,
) -> CueStudy:  # fmt: skip
    """Measure, test and remove; what is in ``out`` already is read.

    Args:
        blocks: in the network's order.
        drawn: see :func:`xai_core.features.pairs.subjects_of`.
        few: phantoms of each kind in which directions are removed before the last block, where
            the network behind it is computed again for each; 0 leaves these out.
        progress: called with (phantoms done, phantoms in all, kind of the current one).

    Raises:
        BadRequest: ``out`` cannot be written.
        ModelError: the network returned a value that is not a finite number, or its head has no
            closed form.
    """
    last = blocks_of(classifier)[-1]
    first = {kind: subjects[:few] for kind, subjects in drawn.items()} if few else {}
    later = [block for block in blocks if block != last]
    each = [sum(map(len, drawn.values()))] + [sum(map(len, first.values()))] * len(later)

    def of_phase(number: int) -> ProgressCallback:
        return lambda done, _, what: progress(sum(each[:number]) + done, sum(each), what)

    pairs = measure_all(classifier, blocks, cues, drawn, out / ROWS, of_phase(0), height)
    found: list[Removal] = []
    for block, part in zip(blocks, parts_of(blocks), strict=True):
        directions = directions_of(pairs, part)
        count = {one.cue.id: len(one.phantoms) for one in pairs}
        if block == last:
            head = ClosedHead.of(classifier.network)
            effects = effects_by_head(head, directions, pairs, part)
        elif few:
            count = {cue: min(few, n) for cue, n in count.items()}
            effects = effects_by_tail(
                classifier, block, directions, cues, first, out / REMOVED / block.name,
                of_phase(1 + later.index(block)), height,
            )  # fmt: skip
        else:
            continue
        found += removals(block, pairs, effects, count)
    return study(blocks, pairs, found)


# --- Tables -----------------------------------------------------------------------------------

CUE_COLUMNS = (
    "cue", "kind", "title", "before", "after", "control", "seen", "pairs", "effect", "low", "high",
    "block", "channels", "strongest", "shift",
    *(f"{variant}_{what}" for variant in Variant for what in ("own", "others", "most")),
    "tcav", "tcav_random", "tcav_p", "tcav_reading", "agrees",
)  # fmt: skip
CHANNEL_COLUMNS = (
    "block", "channel", "cues", "cue", "response", "auc", "shift", "low", "high", "p",
    "unexplained",
)  # fmt: skip
DIRECTION_COLUMNS = (
    "block", "variant", "removed", "measured", "pairs", "effect", "low", "high", "effect_left",
    "share", "clear",
)  # fmt: skip


def cue_rows(found: CueStudy) -> list[tuple[Any, ...]]:
    """A row per cue and block with the values of :data:`CUE_COLUMNS`; None where a number is not
    defined.

    ``channels``: how many answer; ``strongest``, ``shift``: the one with the largest |d_z|.
    ``own``, ``others``, ``most``: of the cue's direction, see :func:`shares`.
    """
    rows = []
    for k, effect in enumerate(found.effects):
        cue = effect.cue
        for b, (block, part) in enumerate(zip(found.blocks, parts_of(found.blocks), strict=True)):
            channel, shift = _strongest(found, k, part)
            one = found.tcav[b][k]
            numbers = [
                value for v in Variant for value in shares(found.removals_of(block, v, cue.id))
            ]
            rows.append(
                (
                    cue.id, cue.kind, cue.title, cue.before, cue.after, cue.control, effect.seen,
                    effect.pairs, effect.mean, _some(effect.low), _some(effect.high), block.name,
                    int(found.answers.holds[k, part].sum()), channel, shift, *map(_some, numbers),
                    _some(one.scores.mean()), _some(one.random.mean()), _some(one.p), one.reading,
                    agreement(effect, one),
                )
            )  # fmt: skip
    return rows


def channel_rows(found: CueStudy) -> list[tuple[Any, ...]]:
    """A row per channel with the values of :data:`CHANNEL_COLUMNS`: how many cues it answers to,
    and the one with the smallest p, of these the largest |d_z|."""
    rows, held = [], found.answers
    for block, part in zip(found.blocks, parts_of(found.blocks), strict=True):
        for channel in range(block.channels):
            at = part.start + channel
            order = np.lexsort((-np.abs(held.shift[..., at]).ravel(), held.p[..., at].ravel()))
            cue, response = np.unravel_index(int(order[0]), held.p.shape[:2])
            one = (cue, response, at)
            numbers = (getattr(held, name)[one] for name in ("auc", "shift", "low", "high", "p"))
            rows.append(
                (
                    block.name, channel, int(held.holds[:, at].sum()), held.cues[cue].id,
                    RESPONSES[response], *(_some(float(value)) for value in numbers),
                    bool(held.unexplained[at]),
                )
            )  # fmt: skip
    return rows


def direction_rows(found: CueStudy) -> list[tuple[Any, ...]]:
    """A row per direction and cue with the values of :data:`DIRECTION_COLUMNS`."""
    return [
        (
            one.block.name, str(one.variant), one.removed.id, one.measured.id, one.pairs,
            one.before, _some(one.low), _some(one.high), one.after, _some(one.share), one.clear,
        )
        for one in found.removals
    ]  # fmt: skip


def shares(removals: Sequence[Removal]) -> tuple[float, float, float]:
    """Of one direction: the share of its own cue's effect that goes, and the median and the largest
    |share| of those of other groups' cues whose effect is clear; NaN where there is none."""
    own = [one.share for one in removals if one.is_own and one.clear]
    others = [
        abs(one.share) for one in removals if one.measured.group != one.removed.group and one.clear
    ]
    return (
        own[0] if own else math.nan,
        float(np.median(others)) if others else math.nan,
        max(others) if others else math.nan,
    )


def agreement(effect: CueEffect, one: Tcav) -> str:
    """Whether TCAV says what the pairs say: "yes" or "no", "" where either says nothing."""
    if not effect.reading or math.isnan(one.p):
        return ""
    return "yes" if one.reading == effect.reading else "no"


def _strongest(found: CueStudy, cue: int, part: slice) -> tuple[int, float]:
    shift = found.answers.shift[cue][:, part]
    response, channel = np.unravel_index(int(np.abs(shift).argmax()), shift.shape)
    return int(channel), float(shift[response, channel])


def _some(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


# --- The document -----------------------------------------------------------------------------

HEAD = (
    "cue", "from", "to", "pairs", "effect on the model [95 %]", "channels that answer",
    "strongest channel (d_z)", "direction removed: own effect that goes",
    "other cues' (median, largest)", "orthogonal: own effect that goes",
    "other cues' (median, largest)", "TCAV (random)", "says", "agrees",
)  # fmt: skip


def markdown(found: CueStudy, note: str = "") -> str:
    """The document: for each block the channels that answer, then a row for each cue.  ``note``: a
    last sentence, "" for none."""
    lines = ["# What the channels answer to, and what goes with a cue's direction", ""]
    for b, (block, part) in enumerate(zip(found.blocks, parts_of(found.blocks), strict=True)):
        named = block.channels - int(found.answers.unexplained[part].sum())
        lines += [
            f"{block.title}: {named} of {block.channels} channels answer to a cue; "
            f"{block.channels - named} are unexplained.",
            "",
            *markdown_table(HEAD, [_line(found, b, k) for k in range(len(found.effects))]),
            "",
            *(f"- {one}" for one in _aims(found, block)),
            "",
        ]
    notes = [*_notes(found), *filter(None, [markdown_escaped(note)])]
    return "\n".join([*lines, *(f"- {one}" for one in notes)]) + "\n"


def _line(found: CueStudy, b: int, k: int) -> tuple[str, ...]:
    effect, block, one = found.effects[k], found.blocks[b], found.tcav[b][k]
    part, cue = parts_of(found.blocks)[b], effect.cue
    channel, shift = _strongest(found, k, part)
    holds = int(found.answers.holds[k, part].sum())
    between = "-" if math.isnan(effect.low) else f"{effect.low:+.2f} to {effect.high:+.2f}"
    cells = []
    for variant in Variant:
        own, others, most = shares(found.removals_of(block, variant, cue.id))
        cells += [_percent(own), f"{_percent(others)}, {_percent(most)}"]
    known = not math.isnan(one.p)
    return (
        markdown_escaped(cue.title + (" (control)" if cue.control else "")),
        markdown_escaped(cue.before), markdown_escaped(cue.after), str(effect.pairs),
        f"{effect.mean + 0.0:+.2f} [{between}]", str(holds),
        f"{channel} ({shift:+.2f})" if holds else "-", *cells,
        f"{one.scores.mean():.2f} ({one.random.mean():.2f})" if known else "-",
        one.reading if known else "-", agreement(effect, one) or "-",
    )  # fmt: skip


def _percent(share: float) -> str:
    return "-" if math.isnan(share) else f"{100 * share + 0.0:.0f} %"


def _aims(found: CueStudy, block: Block) -> Iterator[str]:
    for variant in Variant:
        rows = [shares(found.removals_of(block, variant, e.cue.id)) for e in found.effects]
        own = [one for one, _, _ in rows if not math.isnan(one)]
        if not own:
            continue
        others = [
            abs(one.share)
            for one in found.removals
            if (one.block.name, one.variant) == (block.name, variant)
            and one.measured.group != one.removed.group
            and one.clear
        ]
        met, left = sum(x >= OWN_AIM for x in own), sum(x <= OTHERS_AIM for x in others)
        yield (
            f"{str(variant).capitalize()} directions: {met} of {counted(len(own), 'cue', 'cues')} "
            f"with a clear effect lose {OWN_AIM:.0%} of it or more; of {len(others)} effects of "
            f"other groups' cues {left} lose {OTHERS_AIM:.0%} or less."
        )
    said = [agreement(e, t) for e, t in zip(found.effects, _tcav_at(found, block), strict=True)]
    known = [one for one in said if one]
    if known:
        yield f"TCAV agrees with the pairs in {known.count('yes')} of {len(known)} cues."


def _tcav_at(found: CueStudy, block: Block) -> tuple[Tcav, ...]:
    return found.tcav[found.blocks.index(block)]


def _notes(found: CueStudy) -> Iterator[str]:
    yield (
        "A pair is one phantom in two states that differ in one cue alone. A channel answers to a "
        "cue where its mean or its peak over positions differs between the states: t over pairs, "
        f"corrected over all cues and channels of all blocks (Westfall and Young, {PERMUTATIONS} "
        f"permutations of the labels within pairs), p below {ALPHA:g}. d_z is the mean difference "
        "by its standard deviation. A channel to which no cue holds is unexplained. Channels count "
        "from 0."
    )
    yield (
        "Pictures that differ move channels of any network, also of one that was never trained: an "
        "answer says what a channel sees, not that the model uses it."
    )
    controls = [k for k, effect in enumerate(found.effects) if effect.cue.control]
    if controls:
        held = int(found.answers.holds[controls].any(0).sum())
        yield (
            f"{counted(len(controls), 'control', 'controls')}, which only the recombined image "
            f"shows: {counted(held, 'channel answers', 'channels answer')}."
        )
    yield f"With labels permuted {100 * found.answers.permuted:.1f} % of runs name any channel."
    yield (
        "A direction is the mean difference of the channels' means over the pairs of one half of "
        "the phantoms, and is removed in those of the other half: every position gets the same "
        "component along it, their mean. An orthogonal one has no component along the directions "
        "of other groups' cues. Shares are of mean effects on the logit difference whose interval "
        "leaves out 0; of other cues, those of other groups. Above 100 %: the effect turns."
    )
    yield (
        "TCAV (Kim 2018) on the channels' means: the share of states before whose logit difference "
        f"grows along the cue's vector, mean of {RUNS} runs with other random counterparts, beside "
        "that of random vectors; what it says is by a two-sided t test, corrected over the cues of "
        "a block (Holm). It agrees where it says what the pairs' interval says: up, down or "
        "neither."
    )
    yield (
        f"Intervals are bootstraps over phantoms; (-): fewer than {MIN_PATIENTS} phantoms, or "
        "nothing to compare."
    )
