"""Areas under the insertion and deletion curves, and whether they can be interpreted."""

from __future__ import annotations

from typing import Any

from xai_core.faithfulness.metric import Measurement, Metric, MetricInputs, Need, no_line
from xai_core.faithfulness.perturbation import CurvePair
from xai_core.types import PerturbationCurve

REFERENCE = "Petsiuk, Das, Saenko, RISE, BMVC 2018, arXiv:1806.07421"


def area(curve: PerturbationCurve) -> Measurement:
    """The area under a curve with its error estimate."""
    return Measurement(float(curve.auc), float(curve.error))


def _pair(inputs: MetricInputs) -> CurvePair:
    assert inputs.curves is not None  # noqa: S101 - in ``needs``
    return inputs.curves


_SHARED: dict[str, Any] = {"reference": REFERENCE, "needs": (Need.CURVES,), "line": no_line}

METRICS = (
    Metric(
        name="insertion_auc",
        title="Insertion AUC",
        unit="mean probability",
        better="higher",
        description="The mean probability of the class while the most relevant patches of the "
        "blurred image are revealed first.",
        compute=lambda inputs: area(_pair(inputs).insertion),
        error_column="insertion_error",
        order=20,
        **_SHARED,
    ),
    Metric(
        name="deletion_auc",
        title="Deletion AUC",
        unit="mean probability",
        better="lower",
        description="The mean probability of the class while the most relevant patches of the "
        "image are blurred first.",
        compute=lambda inputs: area(_pair(inputs).deletion),
        error_column="deletion_error",
        order=30,
        **_SHARED,
    ),
    Metric(
        name="interpretable",
        title="Areas interpretable",
        unit="yes or no",
        better="higher",
        description="Whether blurring the whole image lowers the probability of the class at all.",
        compute=lambda inputs: Measurement(_pair(inputs).interpretable),
        kind=bool,
        averaged=False,  # the tables show a count beside the areas instead
        order=40,
        **_SHARED,
    ),
    Metric(
        name="curve_images",
        title="Images behind the curves",
        unit="images",
        better=None,
        description="Distinct perturbed images that the two curves rest on, remembered or not.",
        compute=lambda inputs: Measurement(_pair(inputs).images),
        kind=int,
        averaged=False,  # a cost, not a property of the map
        order=50,
        **_SHARED,
    ),
)
