"""The answer to a request, and how it is told while it grows."""

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
    """The answer to a request about a case, or what there is of it so far.

    ``layer``: the one the request names, of the network.  ``target``: the class explained, an index
    of ``class_names``, the model's; ``positive``: the index of the one that is looked for.
    ``heatmap``: None until the first partial map.  ``curves``:
    None where none were asked for, the map cannot be ranked, or they have not begun.
    ``known_levels``: further area levels whose gains are known already.
    ``map_images``: distinct perturbed images the map rests on, remembered or not.
    ``reliability``: None unless asked for and measured.  ``metrics``: every registered measure by
    name, with its value or why there is none; empty until the map is complete.
    ``image_digest``: SHA-256 of the case's own pixels, ``weights_digest``: of the weights' file.
    ``seconds``: time spent by stage.  ``forwards``: images really scored for this answer.
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
    "reliability" or "measures"."""

    stage: str
    done: int
    total: int
    so_far: Explanation


class Status(enum.StrEnum):
    """Where a job is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"  # by a person, or because nobody waited
    FAILED = "failed"


@dataclass(frozen=True, eq=False)
class JobSnapshot:
    """A job at one moment.  ``explanation`` is partial until the status is DONE."""

    status: Status
    stage: str = ""
    done: int = 0
    total: int = 0
    explanation: Explanation | None = None
    error: str | None = None


Watch = Callable[[Progress], None]
"""Called after each chunk of work; may raise Cancelled to stop it."""


def ignore_progress(progress: Progress) -> None:
    """The watcher of a caller who only wants the end."""
