"""What a person asks for: one value that names a map, its levels and its curves exactly."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass

from xai_core.cam import METHODS
from xai_core.cam.base import CamOptions
from xai_core.errors import BadRequest
from xai_core.types import (
    CLASS_NAMES,
    CURVE_MODES,
    LAYER_TITLES,
    LAYERS,
    PAPER_LEVELS,
    Prediction,
    check_levels,
)

PREDICTED = "predicted"
TARGETS = (PREDICTED, *CLASS_NAMES)


@dataclass(frozen=True)
class ExplainRequest:
    """One explanation.  Two equal requests on the same pixels and weights give the same answer.

    ``target``: "predicted", "benign" or "malignant".  ``levels``: Hybrid-CAM's area levels in
    percent.  ``channels``: Score-CAM's first n channels, None for all.  ``curves``: "none",
    "adaptive" or "full".  ``reliability``: measure the curves under reverse tie order and the
    random and centre-first orders as well; about four times the work of the curves alone.

    Raises:
        BadRequest: a value that is not allowed; the sentence lists the allowed ones.
    """

    case_id: str
    method: str = "grad-cam"
    layer: str = LAYERS[0]
    target: str = PREDICTED
    levels: tuple[float, ...] = PAPER_LEVELS
    channels: int | None = None
    curves: str = "adaptive"
    reliability: bool = False

    def __post_init__(self) -> None:
        for name, allowed in (
            ("method", tuple(METHODS)),
            ("layer", LAYERS),
            ("target", TARGETS),
            ("curves", CURVE_MODES),
        ):
            if getattr(self, name) not in allowed:
                raise BadRequest(
                    f"The {name} is {getattr(self, name)!r}; allowed are {', '.join(allowed)}."
                )
        object.__setattr__(self, "levels", check_levels(self.levels))
        self.options()  # checks the number of channels

    def options(self) -> CamOptions:
        """The method's options this request implies."""
        return CamOptions(levels=self.levels, channels=self.channels)

    def canonical(self) -> ExplainRequest:
        """The same request without what its method does not read, so that equal work is equal."""
        return dataclasses.replace(
            self,
            levels=self.levels if self.method == "hybrid-cam" else PAPER_LEVELS,
            channels=self.channels if self.method == "score-cam" else None,
            reliability=self.reliability and self.curves != "none",
        )

    def key(self, image_digest: str, weights_digest: str) -> str:
        """SHA-256 of the image's pixels, the weights and the parameters, in hex.

        The case's id is left out: the same pixels under another name are the same request.
        """
        fields = dataclasses.asdict(self.canonical())
        del fields["case_id"]
        text = json.dumps([image_digest, weights_digest, fields], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def target_class(self, prediction: Prediction, threshold: float) -> int:
        """The class that is explained: 0 benign, 1 malignant."""
        if self.target == PREDICTED:
            return prediction.predicted(threshold)
        return CLASS_NAMES.index(self.target)

    def title(self) -> str:
        """Method and layer as papers print them."""
        return f"{METHODS[self.method].title}, {LAYER_TITLES[self.layer]}"
