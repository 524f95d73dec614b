"""The files of the command ``explain``: reading its input image and writing its result folder.

The input is an image file or a case of the built-in library.  The result is five files
(:data:`FILES`); the manifest among them holds everything needed to reproduce the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from xai_core.cam import METHODS
from xai_core.cases.readers.single_file import plain_name, read_case
from xai_core.cases.sources.folder import safe_name
from xai_core.cases.sources.library import PhantomLibrary
from xai_core.errors import UnreadableImage
from xai_core.explain.explanation import Explanation
from xai_core.explain.identity import decision_fields, model_digest, software
from xai_core.explain.request import ExplainRequest
from xai_core.faithfulness.metric import Measured
from xai_core.faithfulness.metrics import METRICS
from xai_core.faithfulness.perturbation import CurvePair
from xai_core.faithfulness.reliability import MEAN_GREY, RANDOM_SEEDS, Reliability
from xai_core.faithfulness.road import SHARES
from xai_core.files import (
    MANIFEST,
    MISSING,
    not_a_file,
    whole_file,
    write_bytes,
    write_csv,
    write_json,
)
from xai_core.model.spec import ModelSpec, file_digest
from xai_core.preprocessing.identity import array_sha256
from xai_core.types import Case, CaseRecord, FloatArray, Heatmap
from xai_core.viz.pictures import overlay, to_png

# --- The input image --------------------------------------------------------------------------

LIBRARY_PREFIX = "library:"


@dataclass(frozen=True, eq=False)
class NamedImage:
    """``case``: with its pixels.  ``sha256``: digest (hex) of the file they were read from."""

    case: Case
    sha256: str


def open_image(text: str) -> NamedImage:
    """Read a picture or DICOM file given by its path, or a library case such as
    ``library:PH-0001``.

    Raises:
        CaseNotFound: the library has no case of that id.
        UnreadableImage: the file is missing, or not an image this software reads.
    """
    if text.startswith(LIBRARY_PREFIX):
        library, case_id = PhantomLibrary(), text.removeprefix(LIBRARY_PREFIX)
        return NamedImage(library.load(case_id), library.file_digest(case_id))
    path, shown = Path(text), plain_name(text)
    try:
        fault = not_a_file(path)
        if path.is_dir():
            raise UnreadableImage(
                f"{shown} is a folder; explain takes one image file, evaluate and predict take "
                "folders."
            )
        if fault:
            start = f"There is no file {shown}" if fault == MISSING else f"{shown} {fault}"
            raise UnreadableImage(
                f"{start}; give a PNG, JPEG, TIFF or DICOM file, or a case of the library such as "
                f"{LIBRARY_PREFIX}PH-0001."
            )
        key = safe_name(path.stem)
        record = CaseRecord(id=key, source="file", patient_id=key)
        return NamedImage(read_case(path, shown, record), file_digest(path))
    except (OSError, ValueError) as problem:  # ValueError: a NUL byte in the path
        raise UnreadableImage(
            f"{shown} cannot be opened ({type(problem).__name__}); check that it is there and "
            "readable."
        ) from None


# --- The manifest -----------------------------------------------------------------------------

MADE_BY = "xai_core explain"
FORMAT = 1


def request_fields(request: ExplainRequest, image: NamedImage, spec: ModelSpec) -> dict[str, Any]:
    """Everything the result depends on, as JSON values: results with equal fields are equal."""
    return {
        "image_sha256": image.sha256,
        **decision_fields(spec),
        **request.fields(),
    }


def manifest(
    answer: Explanation, image: NamedImage, spec: ModelSpec, seconds: dict[str, float]
) -> dict[str, Any]:
    """The manifest of a complete explanation, as JSON values.

    Logits and probabilities are in the order of ``classes``; lengths are in case pixels unless
    stated otherwise; ``geometry`` maps case pixels to network pixels:
    ``x_network = (x_case - x0) * scale + left``.
    """
    case, request = image.case, answer.request
    if answer.heatmap is None:
        raise ValueError("the explanation is not complete")
    return {
        "format": FORMAT,
        "made_by": MADE_BY,
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "request": request_fields(request, image, spec),
        "case": {
            "id": case.id,
            "source": case.source,
            "is_phantom": case.is_phantom,
            "shape": list(case.image.shape),
            "warnings": list(case.warnings),
        },
        "prediction": {
            "classes": list(answer.class_names),
            "logits": list(answer.prediction.logits),
            "probabilities": list(answer.prediction.probabilities),
            "predicted": answer.class_names[answer.predicted],
            "threshold": answer.threshold,
            "decision_rule": spec.decision_note(),
        },
        "method": request.method,
        "layer": answer.layer.name,
        "layer_title": answer.layer.title,
        "target": {"class": answer.target, "name": answer.target_name},
        "map": _map(answer.heatmap, METHODS[request.method].unit)
        | {"tie_fraction": answer.metrics["tie_fraction"].value},
        "levels": [
            {"percent": level.percent, "realised": level.realised, "delta": level.delta}
            for level in answer.levels
        ],
        "curves": _curves(answer.curves),
        "curves_note": spec.curves_note(),
        "reliability": _reliability(answer.reliability),
        "metrics": _metrics(answer.metrics),
        "forward_passes": {
            "scored": answer.forwards,
            "map_rests_on": answer.map_images,
            "curves_rest_on": answer.curves.images if answer.curves else 0,
        },
        "conventions": answer.conventions,
        "geometry": answer.prepared.geometry.as_json(),
        "digests": {
            "image_sha256": image.sha256,
            "pixels_sha256": answer.image_digest,
            "prepared_sha256": array_sha256(answer.prepared.grey),
            "weights_sha256": answer.weights_digest,
            "model_sha256": model_digest(spec),
        },
        "model": {
            "timm_name": spec.timm_name,
            "input_size": spec.input_size,
            "mean": list(spec.mean),
            "std": list(spec.std),
            "trained_on_phantoms": spec.trained_on_phantoms,
            "real_images": spec.real_images,
            "blurred_share": spec.blurred_share,
        },
        "software": software(),
        "seconds": seconds,
    }


def _map(heatmap: Heatmap, unit: str) -> dict[str, Any]:
    return {
        "state": str(heatmap.state),
        "scale": heatmap.scale,
        "unit": unit,
        "native_shape": list(heatmap.raw.shape),
    }


def _curves(pair: CurvePair | None) -> dict[str, Any] | None:
    """None where no curves were requested or the map cannot be ranked."""
    if pair is None:
        return None
    return {
        **{
            curve.kind: {"auc": curve.auc, "error": curve.error, "points": len(curve.fraction)}
            for curve in (pair.insertion, pair.deletion)
        },
        "interpretable": pair.interpretable,
    }


def _reliability(found: Reliability | None) -> dict[str, Any] | None:
    """None unless it was requested."""
    if found is None:
        return None
    orders = {
        "ties by lower index": found.forward,
        "ties by higher index": found.reverse,
        **{
            f"random order, seed {seed}": pair
            for seed, pair in zip(RANDOM_SEEDS, found.random, strict=True)
        },
        "centre first": found.centre_first,
        f"baseline {MEAN_GREY}": found.mean_grey,
    }
    return {
        **{name: _curves(pair) for name, pair in orders.items()},
        "ROAD": {
            "removed": list(SHARES),
            "most relevant first": found.road.most.tolist(),
            "least relevant first": found.road.least.tolist(),
        },
    }


def _metrics(measured: Measured) -> dict[str, dict[str, Any]]:
    """Every metric; ``state`` is the reason why there is no value, empty where there is one."""
    return {
        name: {
            "value": measured[name].value,
            "error": measured[name].error,
            "unit": metric.unit,
            "state": measured[name].state,
        }
        for name, metric in METRICS.items()
    }


# --- The files --------------------------------------------------------------------------------

FILES = (MANIFEST, "heatmap.npy", "input.npy", "curves.csv", "overlay.png")
_OPACITY = 0.5


def write_files(
    folder: Path,
    answer: Explanation,
    case: Case,
    network_input: FloatArray,
    manifest: dict[str, Any],
) -> None:
    """Write the files of a complete explanation into ``folder``.

    ``network_input``: float32 (3, S, S), normalised.
    """
    if answer.heatmap is None:
        raise ValueError("the explanation is not complete")
    values = answer.heatmap.values
    for name, array in (("heatmap.npy", values), ("input.npy", network_input)):
        with whole_file(folder / name) as stream:
            np.save(stream, array.astype(np.float32), allow_pickle=False)
    write_curves(folder / "curves.csv", answer.curves)
    height, width = case.image.shape
    heat = answer.prepared.geometry.map_to_case(values, (height, width))
    write_bytes(folder / "overlay.png", to_png(overlay(case.image, heat, _OPACITY)))
    write_json(folder / MANIFEST, manifest)


def write_curves(path: Path, pair: CurvePair | None) -> None:
    """Write the curves as CSV: one row per fraction at which either curve has a point, with an
    empty cell where the other has none.

    Only the header where there are no curves.  Numbers are written so that they are read back
    exactly.
    """
    rows: list[tuple[Any, ...]] = [("fraction", "insertion", "deletion")]
    if pair is not None:
        insertion, deletion = (
            dict(zip(curve.fraction.tolist(), curve.probability.tolist(), strict=True))
            for curve in (pair.insertion, pair.deletion)
        )
        for fraction in sorted(insertion.keys() | deletion.keys()):
            rows.append((fraction, insertion.get(fraction), deletion.get(fraction)))
    write_csv(path, rows)
