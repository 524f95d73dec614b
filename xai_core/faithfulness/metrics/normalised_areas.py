"""Areas on the scale from the blurred image (0) to the image (1), which compare between images."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from xai_core.faithfulness.metric import Measured, Measurement, Metric, MetricInputs, Need, no_line
from xai_core.faithfulness.metrics.curve_areas import REFERENCE
from xai_core.faithfulness.perturbation import DELETION, INSERTION
from xai_core.types import PerturbationCurve

NOT_INTERPRETABLE = "blurring the whole image does not lower the probability"


def _normalised(kind: str) -> Callable[[MetricInputs], Measurement]:
    def compute(inputs: MetricInputs) -> Measurement:
        pair = inputs.curves
        assert pair is not None  # noqa: S101 - in ``needs``
        if not pair.interpretable:
            return Measurement(None, state=NOT_INTERPRETABLE)
        image, blurred = pair.deletion.probability[[0, -1]].tolist()
        curve: PerturbationCurve = getattr(pair, kind)
        drop = image - blurred
        return Measurement((curve.auc - blurred) / drop, curve.error / drop)

    return compute


def _line(measured: Measured) -> str:
    insertion, deletion = (
        measured[name].value if name in measured else None
        for name in ("normalised_insertion_auc", "normalised_deletion_auc")
    )
    if insertion is None or deletion is None:
        return ""
    return (
        f"Normalised areas: insertion {insertion:.3f}, deletion {deletion:.3f} (0 is the blurred "
        "image's probability, 1 the image's)."
    )


def _metrics() -> Iterator[Metric]:
    for i, (kind, better) in enumerate(((INSERTION, "higher"), (DELETION, "lower"))):
        yield Metric(
            name=f"normalised_{kind}_auc",
            title=f"Normalised {kind} AUC",
            unit="share of the drop in probability",
            better=better,
            reference=REFERENCE,
            description=f"The {kind} area with P of the blurred image as 0 and P of the image as "
            "1, (AUC - P_blur) / (P_image - P_blur); none where blurring does not lower P.",
            compute=_normalised(kind),
            needs=(Need.CURVES,),
            order=60 + i,
            error_column=f"normalised_{kind}_error",
            line=no_line if i else _line,
        )


METRICS = tuple(_metrics())
