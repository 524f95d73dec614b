"""Generation of a phantom library on disk: pictures, masks and the entries of its manifest, which
:mod:`xai_core.cases.sources.library` reads."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from xai_core.errors import BadRequest
from xai_core.files import write_bytes
from xai_core.phantom.anatomy import stream
from xai_core.phantom.generate import SPLIT_SEEDS, Phantom, generate
from xai_core.phantom.lexicon import ASYMMETRY, DISTORTION, SCAR
from xai_core.phantom.plan import plan_lesions
from xai_core.phantom.teaching import finding, teaching_note
from xai_core.types import BoolArray, FloatArray, Pathology, ProgressCallback

MAX_COUNT = 9_999  # four digits in the id
MAX_SEED = 99
_STRIDE = 10_000  # texture seeds per library seed: the test split's million holds MAX_SEED + 1
SECOND = "B"  # ends the id of a patient's second view
_VIEWS_AND_SIDES = (("CC", "L"), ("MLO", "L"), ("CC", "R"), ("MLO", "R"))


@dataclass(frozen=True)
class Plan:
    """The parameters of one case of a library: one view of a breast.

    ``first``: whether it is the breast's first view, which shows a lesion that only one view
    shows.  ``other``: the id of the breast's other view, None where the library has only one.
    """

    id: str
    patient_id: str
    pathology: Pathology
    view: str
    laterality: str
    texture_seed: int
    first: bool = True
    other: str | None = None


def plan_library(
    count: int, seed: int, mix: Mapping[Pathology, float], both_views: float = 0.0
) -> tuple[Plan, ...]:
    """The cases of a library, the same for the same arguments.

    Views and lateralities are balanced within each pathology.  The order is shuffled, so that an id
    does not reveal the pathology.  Texture seeds come from the test split's range, ``SPLIT_SEEDS
    ["test"] + 10000 * seed + i``: no library shares its tissue with a training phantom.

    Args:
        count: 1 to 9999 patients.
        seed: 0 to 99.
        mix: share of each pathology, at least 0; they sum to 1.
        both_views: share of the patients, of each pathology alike, with a CC and an MLO view, 0 to
            1.  First come those whose lesion needs both: asymmetries and distortions.

    Raises:
        BadRequest: an argument out of range.
    """
    if not 1 <= count <= MAX_COUNT:
        raise BadRequest(f"--count is {count}; give 1 to {MAX_COUNT} cases.")
    if not 0 <= seed <= MAX_SEED:
        raise BadRequest(f"--seed is {seed}; give a whole number from 0 to {MAX_SEED}.")
    if not 0 <= both_views <= 1:
        raise BadRequest(f"--both-views is {both_views:g}; give a share from 0 to 1.")
    wanted = [
        (pathology, _VIEWS_AND_SIDES[k % len(_VIEWS_AND_SIDES)])
        for pathology, n in _shares(count, mix).items()
        for k in range(n)
    ]
    order = np.random.default_rng((SPLIT_SEEDS["test"], seed)).permutation(count)
    first = SPLIT_SEEDS["test"] + seed * _STRIDE
    plans = []
    for i, k in enumerate(order):
        pathology, (view, side) = wanted[k]
        name = f"{i + 1:04d}"
        plans.append(Plan(f"PH-{name}", f"PH-P{name}", pathology, view, side, first + i))
    twice = _with_both_views(plans, both_views)
    out: list[Plan] = []
    for plan in plans:
        if plan.id not in twice:
            out.append(plan)
            continue
        second = f"{plan.id}{SECOND}"
        other = {"CC": "MLO", "MLO": "CC"}[plan.view]
        out.append(replace(plan, other=second))
        out.append(replace(plan, id=second, view=other, first=False, other=plan.id))
    return tuple(out)


def _with_both_views(plans: Sequence[Plan], share: float) -> set[str]:
    """The ids of the patients with both views: the same share of each pathology, so that a second
    view tells nothing of it."""
    twice: set[str] = set()
    for pathology in Pathology:
        own = [plan for plan in plans if plan.pathology is pathology]
        needed = [plan for plan in own if _needs_both(plan)]
        rest = [plan for plan in own if plan not in needed]
        n = round(share * len(own))
        twice |= {plan.id for plan in [*needed, *rest][:n]}
    return twice


def _needs_both(plan: Plan) -> bool:
    """Whether the second view tells what the first cannot: asymmetry, distortion or scar."""
    lesions = plan_lesions(stream(plan.texture_seed, "plan"), plan.pathology)
    return bool(lesions) and lesions[0].kind in (ASYMMETRY, DISTORTION, SCAR)


def _shares(count: int, mix: Mapping[Pathology, float]) -> dict[Pathology, int]:
    """The number of cases per pathology, by the largest-remainder method."""
    shares = {pathology: float(mix.get(pathology, 0)) for pathology in Pathology}
    if not (min(shares.values()) >= 0 and abs(sum(shares.values()) - 1) < 1e-6):
        given = ", ".join(f"{name} {share:g}" for name, share in shares.items())
        raise BadRequest(f"The fractions are {given}; give values from 0 to 1 that sum to 1.")
    exact = {pathology: count * share for pathology, share in shares.items()}
    whole = {pathology: int(n + 1e-9) for pathology, n in exact.items()}
    by_remainder = sorted(exact, key=lambda p: whole[p] - exact[p])
    for pathology in by_remainder[: count - sum(whole.values())]:
        whole[pathology] += 1
    return whole


def write_cases(
    folder: Path, plans: tuple[Plan, ...], height: int, progress: ProgressCallback
) -> list[dict[str, Any]]:
    """Draw and write every case; returns the manifest's entries.

    ``height``: in px; the width depends on the breast.  ``progress``: called after each case.
    """
    entries = []
    for done, plan in enumerate(plans, start=1):
        drawn = generate(
            plan.texture_seed, plan.pathology, plan.view, plan.laterality, height, recombined=True,
            first_view=plan.first,
        )  # fmt: skip
        entries.append(_entry(folder, plan, drawn))
        progress(done, len(plans), "")
    return entries


def _entry(folder: Path, plan: Plan, drawn: Phantom) -> dict[str, Any]:
    """Write a case's files and return its manifest entry: the images, the mask of all lesions on
    each image's grid, and where there are several lesions a mask of each."""
    files = {"low_energy": _write_png(folder / f"{plan.id}.png", _grey(drawn.image))}
    if drawn.lesions:
        files["lesion_mask"] = _write_png(folder / f"{plan.id}_mask.png", _white(drawn.mask))
    if drawn.recombined is not None:
        picture, mask = _grey(drawn.recombined.image), drawn.recombined.mask
        files["recombined"] = _write_png(folder / f"{plan.id}_cm.png", picture)
        if mask.any():
            path = folder / f"{plan.id}_cm_mask.png"
            files["recombined_mask"] = _write_png(path, _white(mask))
    lesions = []
    for k, lesion in enumerate(drawn.lesions, start=1):
        described = {
            "kind": lesion.plan.kind,
            "descriptors": dict(lesion.plan.descriptors),
            "diameter_mm": round(lesion.plan.diameter, 2),
            "gain": round(lesion.plan.gain, 3),
            "behind_nipple_mm": round(lesion.behind, 1),
            "probability": round(lesion.plan.probability, 4),
            "occult_at_low_energy": lesion.plan.occult,
        }
        if lesion.thin.any():
            path = folder / f"{plan.id}_rays{k}.png"
            described["thin_mask"] = _write_png(path, _white(lesion.thin))
        if len(drawn.lesions) > 1:
            path = folder / f"{plan.id}_mask{k}.png"
            described["mask"] = _write_png(path, _white(lesion.mask))
        lesions.append(described)
    entry = {
        "id": plan.id,
        "patient_id": plan.patient_id,
        "pathology": str(plan.pathology),
        "laterality": drawn.laterality,
        "view": drawn.view,
        "density": drawn.density,
        "birads": drawn.birads,
        "findings": [finding(lesion) for lesion in drawn.plans],
        "descriptors": {k: v for lesion in drawn.plans for k, v in lesion.descriptors.items()},
        "note": teaching_note(drawn.pathology, drawn.plans, drawn.hidden),
        "lesions": lesions,
        "nuisances": list(drawn.nuisances),
        "texture_seed": plan.texture_seed,
        "files": files,
    }
    return entry if plan.other is None else entry | {"other_view": plan.other}


def _grey(image: FloatArray) -> NDArray[np.uint8]:
    return np.rint(image).clip(0, 255).astype(np.uint8)


def _white(mask: BoolArray) -> NDArray[np.uint8]:
    return np.where(mask, np.uint8(255), np.uint8(0))


def _write_png(path: Path, grey: NDArray[np.uint8]) -> dict[str, str]:
    """Write an 8-bit grey PNG without a timestamp; returns the manifest's file entry."""
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "PNG", optimize=True)
    write_bytes(path, buffer.getvalue())
    return {"file": path.name, "sha256": hashlib.sha256(buffer.getvalue()).hexdigest()}
