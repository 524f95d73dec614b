"""An explanation, complete or partial, and its progress while it is computed."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, field

from xai_core.explain.request import ExplainRequest
from xai_core.faithfulness.metric import Measured
from xai_core.faithfulness.perturbation import CurvePair
from xai_core.faithfulness.reliability import Reliability
from xai_core.model.classifier import Prepared
from xai_core.model.layers import Layer
from xai_core.types import CLASS_NAMES, Heatmap, LevelResult, Prediction


@dataclass(frozen=True, eq=False)
class Explanation:
    """The explanation of a case for a request; partial until ``complete``.

    ``layer``: the network's layer that the request names.  ``class_names``: the model's classes;
    ``target``: the index of the explained class, ``positive``: of the positive class.  ``heatmap``:
    None until the first partial map.  ``curves``: None where none were requested, the map cannot be
    ranked, or none was measured yet.  ``known_levels``: further area levels whose gains are in the
    cache.  ``map_images``: number of distinct perturbed images the map depends on, cached or not.
    ``reliability``: None unless requested and measured.  ``metrics``: every registered metric by
    name, with its value or the reason why there is none; empty until the map is complete.
    ``image_digest``: SHA-256 of the case's pixels, ``weights_digest``: of the weights file.
    ``seconds``: time per stage.  ``forwards``: number of images really scored for this explanation.
    """

    case_id: str
    request: ExplainRequest
    layer: Layer
    prepared: Prepared
    prediction: Prediction
    threshold: float
    target: int
    image_digest: str
    weights_digest: str
    heatmap: Heatmap | None = None
    levels: tuple[LevelResult, ...] = ()
    known_levels: tuple[LevelResult, ...] = ()
    map_images: int = 0
    curves: CurvePair | None = None
    reliability: Reliability | None = None
    metrics: Measured = field(default_factory=dict)
    conventions: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    forwards: int = 0
    complete: bool = False
    class_names: tuple[str, ...] = CLASS_NAMES
    positive: int = 1

    @property
    def predicted(self) -> int:
        """The class the model decided for at its threshold."""
        return self.prediction.predicted(self.threshold, self.positive)

    @property
    def target_name(self) -> str:
        """The name of the class explained."""
        return self.class_names[self.target]

    @property
    def title(self) -> str:
        """Method and layer as papers print them."""
        return self.request.title(self.layer)


@dataclass(frozen=True, eq=False)
class Progress:
    """``done`` of ``total`` images are scored in ``stage``: "prediction", "map", "curves",
    "reliability" or "metrics"."""

    stage: str
    done: int
    total: int
    so_far: Explanation


class Status(enum.StrEnum):
    """The state of a job."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"  # by a user, or because no session asked for it any more
    FAILED = "failed"


@dataclass(frozen=True, eq=False)
class JobSnapshot:
    """The state of a job at one moment.  ``explanation`` is partial until the status is DONE."""

    status: Status
    stage: str = ""
    done: int = 0
    total: int = 0
    explanation: Explanation | None = None
    error: str | None = None


Watch = Callable[[Progress], None]
"""Called after each chunk of work; may raise Cancelled to stop it."""


def ignore_progress(progress: Progress) -> None:
    """A watch function that does nothing."""
