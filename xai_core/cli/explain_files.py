"""The five files of an explanation."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np

from xai_core.cli.output import MANIFEST
from xai_core.explanation import Explanation
from xai_core.faithfulness.perturbation import CurvePair
from xai_core.files import write_json
from xai_core.types import Case, FloatArray
from xai_core.viz.pictures import overlay, to_png

FILES = (MANIFEST, "heatmap.npy", "input.npy", "curves.csv", "overlay.png")
_OPACITY = 0.5


def write_files(
    folder: Path, answer: Explanation, case: Case, seen: FloatArray, manifest: dict[str, Any]
) -> None:
    """Write the files of a complete explanation into ``folder``.

    ``seen``: the network's input, float32 (3, S, S), normalised.
    """
    if answer.heatmap is None:
        raise ValueError("the explanation is not complete")
    values = answer.heatmap.values
    np.save(folder / "heatmap.npy", values.astype(np.float32), allow_pickle=False)
    np.save(folder / "input.npy", seen.astype(np.float32), allow_pickle=False)
    write_curves(folder / "curves.csv", answer.curves)
    height, width = case.image.shape
    heat = answer.prepared.geometry.map_to_case(values, (height, width))
    (folder / "overlay.png").write_bytes(to_png(overlay(case.image, heat, _OPACITY)))
    write_json(folder / MANIFEST, manifest)


def write_curves(path: Path, pair: CurvePair | None) -> None:
    """The curves as CSV: a row per fraction at which either was scored, empty where one was not.

    The header alone where there are no curves.  Numbers are written so that they read back exactly.
    """
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("fraction", "insertion", "deletion"))
        if pair is None:
            return
        insertion, deletion = (
            dict(zip(curve.fraction.tolist(), curve.probability.tolist(), strict=True))
            for curve in (pair.insertion, pair.deletion)
        )
        for fraction in sorted(insertion.keys() | deletion.keys()):
            rows.writerow((fraction, insertion.get(fraction, ""), deletion.get(fraction, "")))
