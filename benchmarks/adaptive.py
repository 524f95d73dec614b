"""Adaptive curves against a point at every step: forward passes, error of the areas, and whether
the stated error covers it.

The whole calibration is ``python -m benchmarks --only adaptive --pairs 240``: 60 images of the
library, each with 4 of the 6 pairings of the two layers and the paper's three methods in turn.
The reference has points at most :data:`WIDEST_GAP` steps apart, at the steps where adaptive curves
can have theirs, so that these cost nothing more; and for one pair of :data:`EACH` at every step:
there the coarser reference is compared with the whole one, and the table says how far they differ.
What is measured is kept in :data:`STATE`, so that a stopped run goes on.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.bench import Bench
from xai_core.cam import METHODS, PAPER_METHODS
from xai_core.explain.image_context import ImageContext
from xai_core.faithfulness import adaptive as settings
from xai_core.faithfulness import perturbation
from xai_core.faithfulness.curves import MODES
from xai_core.faithfulness.patches import TIE_ORDERS, descending, relevance, tie_orders
from xai_core.faithfulness.perturbation import INSERTION, PerturbationProbe
from xai_core.types import BoolArray, no_report

STATE = Path("benchmarks/adaptive.jsonl")
WIDEST_GAP = 5
EACH = 20
PER_IMAGE = 4  # pairings of layer and method measured on each image
SUBSETS = 4  # random sets of tied patches behind a point of the reference within a tie
_SEED = 1806

HEAD = (
    "Adaptive curves against the reference", "images", "pairs", "forward passes, most", "median",
    "AUC error, median", "95th percentile", "most", "stated error, median", "covers",
    f"coverage factor for 95 % (now {perturbation.COVERAGE:g})",
    "reference's standard error, median",
    f"a reference with gaps of {WIDEST_GAP} steps against every step: most, and in how many curves",
)  # fmt: skip


@dataclass(frozen=True)
class Measured:
    """One curve of one map in one mode: its error and what was stated, in units of the area.

    ``coarse``: how far the coarser reference's area is from the whole one's; None where only the
    coarser one was measured.
    """

    case: str
    layer: str
    method: str
    mode: str
    kind: str
    images: int
    true: float
    stated: float
    reference_error: float
    coarse: float | None = None


def rows(bench: Bench, pairs: int) -> Iterator[tuple[str, ...]]:
    """Rows over ``pairs`` maps: of each mode, and of its parts by layer and method."""
    known = _read(_settings(bench))
    done: list[Measured] = []
    for i, pair in enumerate(itertools.islice(_pairings(bench), pairs), start=1):
        if pair not in known:
            known |= {pair: _measure(bench, *pair, whole=i % EACH == 1)}
            _write(_settings(bench), pair, known[pair])
        done += known[pair]
        sys.stderr.write(f"{i} of {pairs}: {' '.join(pair)}: {_line(known[pair])}\n")
        sys.stderr.flush()
    for mode in _MODES:
        here = [one for one in done if one.mode == mode]
        if not here:
            continue
        yield _row(mode, here)
        parts: tuple[Callable[[Measured], str], ...] = (lambda m: m.layer, lambda m: m.method)
        for part in parts:
            for name in sorted({part(one) for one in here}):
                yield _row(f"{mode}, {name}", [one for one in here if part(one) == name])


_MODES = ("adaptive", "fine")


def _pairings(bench: Bench) -> Iterator[tuple[str, str, str]]:
    """Case, layer and method: each case of the library once, far from the one before."""
    records = bench.source.records()
    all_of_them = list(itertools.product([x.name for x in bench.classifier.layers], PAPER_METHODS))
    for k in range(len(records)):
        case_id = records[k * 37 % len(records)].id  # 37 and the library's 141 share no divisor
        for j in range(PER_IMAGE):
            yield case_id, *all_of_them[(k * PER_IMAGE + j) % len(all_of_them)]


def _row(name: str, found: list[Measured]) -> tuple[str, ...]:
    true, stated = (np.array([getattr(m, f) for m in found]) for f in ("true", "stated"))
    passes = [m.images for m in found if m.kind == INSERTION]
    coarse = [m.coarse for m in found if m.coarse is not None]
    # A stated error of 0 covers an error of rounding.
    ratio = true / np.maximum(stated, 1e-9)
    return (
        name,
        str(len({m.case for m in found})),
        str(len(passes)),
        str(max(passes)),
        f"{np.median(passes):.0f}",
        f"{np.median(true):.4f}",
        f"{np.quantile(true, 0.95):.4f}",
        f"{true.max():.4f}",
        f"{np.median(stated):.4f}",
        f"{100 * (true <= stated + 1e-9).mean():.1f} %",
        f"{perturbation.COVERAGE * np.quantile(ratio, 0.95):.2f}",
        f"{np.median([m.reference_error for m in found]):.4f}",
        f"{max(coarse):.4f} in {len(coarse)}" if coarse else "not measured",
    )


def _line(found: list[Measured]) -> str:
    if not found:
        return "the map cannot be ranked"
    return "; ".join(
        f"{m.mode} {m.kind} off by {m.true:.4f}, stated {m.stated:.4f}, {m.images} passes"
        for m in found
    )


# --- One pair ---------------------------------------------------------------------------------

_last: dict[str, ImageContext] = {}  # of the last case, whose pairs share scores and maps


def _measure(bench: Bench, case_id: str, layer: str, method: str, whole: bool) -> list[Measured]:
    """Both modes of one map; none where it cannot be ranked.

    ``whole``: whether the reference has a point at every step.
    """
    if case_id not in _last:
        _last.clear()
        _last[case_id] = bench.fresh(bench.source.load(case_id))
    context = _last[case_id]
    target = context.prediction().predicted(bench.classifier.spec.threshold)
    cam = METHODS[method]
    heatmap = cam.compute(context.layer_inputs(layer), target, cam.options(), no_report).heatmap
    if not heatmap.state.ranked:
        return []
    r = relevance(heatmap.values)
    probe = PerturbationProbe(context.x, context.baseline, target, context.logit_cache)
    true = {kind: _reference(probe, r, kind, whole) for kind in ("insertion", "deletion")}
    found = []
    for mode in _MODES:
        pair = MODES[mode](probe, tie_orders(r), no_report)
        for curve in (pair.insertion, pair.deletion):
            area, error, coarse = true[curve.kind]
            off = abs(curve.auc - area)
            found.append(
                Measured(
                    case_id,
                    layer,
                    method,
                    mode,
                    curve.kind,
                    pair.images,
                    off,
                    curve.error,
                    error,
                    coarse,
                )
            )
    return found


def _reference(
    probe: PerturbationProbe, r: NDArray[np.float64], kind: str, whole: bool
) -> tuple[float, float, float | None]:
    """The expected area and its standard error, and see :attr:`Measured.coarse`.

    Within a tie each point is the mean over SUBSETS random sets of the tied patches, drawn anew for
    every point, which is more exact than as many whole orders and does not share their draws.
    """
    coarse = halved(len(r))
    steps = range(len(r) + 1) if whole else coarse
    masks = [_masks(r, k, np.random.default_rng((_SEED, k))) for k in steps]
    kept = np.concatenate(masks)
    p = probe.probabilities(kept if kind == INSERTION else ~kept)
    points = np.split(p, np.cumsum([len(point) for point in masks])[:-1])
    area, error = _area(steps, points)
    if not whole:
        return area, error, None
    return area, error, abs(_area(coarse, [points[k] for k in coarse])[0] - area)


def halved(n: int) -> list[int]:
    """Steps from 0 to ``n``, its gaps halved as adaptive curves halve theirs until none is wider
    than :data:`WIDEST_GAP`."""
    steps = [0, n]
    while max(b - a for a, b in itertools.pairwise(steps)) > WIDEST_GAP:
        middles = [(a + b) // 2 for a, b in itertools.pairwise(steps)]
        steps = sorted({*steps, *middles})
    return steps


def _area(steps: Sequence[int], points: list[NDArray[np.float64]]) -> tuple[float, float]:
    """The area under the mean values at ``steps`` by the trapezoidal rule, and its standard
    error."""
    gaps = np.diff(steps) / steps[-1]
    weight = np.zeros(len(points))
    weight[:-1] += gaps / 2
    weight[1:] += gaps / 2
    mean = np.array([point.mean() for point in points])
    error = [point.std(ddof=1) / len(point) ** 0.5 if len(point) > 1 else 0.0 for point in points]
    return float(weight @ mean), float(np.linalg.norm(weight * np.array(error)))


def _masks(r: NDArray[np.float64], k: int, rng: np.random.Generator) -> BoolArray:
    """The first ``k`` patches, (1, n), or (SUBSETS, n) where that cuts a tie."""
    order = descending(r)
    first = np.zeros((1, len(r)), bool)
    first[0, order[:k]] = True
    if k in (0, len(r)) or r[order[k - 1]] > r[order[k]]:
        return first
    tied = np.flatnonzero(r == r[order[k]])
    sure = r > r[order[k]]
    masks = np.repeat(sure[None], SUBSETS, axis=0)
    for mask in masks:
        mask[rng.choice(tied, k - sure.sum(), replace=False)] = True
    return masks


# --- What was measured before -----------------------------------------------------------------


def _settings(bench: Bench) -> str:
    """A digest of everything that a measurement depends on besides the pair."""
    constants = [
        getattr(module, name)
        for module, names in (
            (settings, ("TOLERANCE", "BUDGET", "START", "ROUND", "FIRST_ORDERS",
                        "FINE_TOLERANCE", "FINE_BUDGET")),
            (perturbation, ("JUMP", "ROUGHNESS", "FLOOR", "COVERAGE")),
        )
        for name in names
    ]  # fmt: skip
    text = json.dumps(
        [bench.classifier.spec.sha256, *constants, TIE_ORDERS, SUBSETS, _SEED, WIDEST_GAP, EACH]
    )
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _read(of: str) -> dict[tuple[str, str, str], list[Measured]]:
    if not STATE.exists():
        return {}
    found = {}
    for text in STATE.read_text(encoding="utf-8").splitlines():
        try:
            line = json.loads(text)
        except ValueError:
            continue  # a line cut by a killed run
        if line["settings"] == of:
            found[tuple(line["pair"])] = [Measured(**one) for one in line["measured"]]
    return found


def _write(of: str, pair: tuple[str, str, str], found: list[Measured]) -> None:
    STATE.parent.mkdir(parents=True, exist_ok=True)
    line = {"settings": of, "pair": pair, "measured": [asdict(one) for one in found]}
    with STATE.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
