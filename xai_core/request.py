"""What a person asks for: one value that names a map, its levels and its curves exactly."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from xai_core.cam import METHODS
from xai_core.cam.base import CamOptions
from xai_core.errors import BadRequest
from xai_core.model.layers import Layer
from xai_core.types import (
    CLASS_NAMES,
    CURVE_MODES,
    PAPER_LEVELS,
    Prediction,
    check_levels,
)

PREDICTED = "predicted"
TARGETS = (PREDICTED, *CLASS_NAMES)
"""Of a model with the classes benign and malignant, as the built-in one."""
_LONGEST_NAME = 80  # characters of a layer or a class


@dataclass(frozen=True)
class ExplainRequest:
    """One explanation.  Two equal requests on the same pixels and weights give the same answer.

    ``layer``: as :func:`xai_core.model.layers.find_layer` reads it, "" for the first layer that the
    network has, Stage 3's last block.  ``target``: "predicted", or the name of one of the model's
    classes.  Both are compared with the model by the explainer.  ``levels``: Hybrid-CAM's area
    levels in percent.  ``channels``: Score-CAM's first n channels, None for all.  ``curves``:
    "none", "adaptive" or "full".  ``reliability``: measure the curves under reverse tie order and
    the random and centre-first orders as well; about four times the work of the curves alone.

    Raises:
        BadRequest: a value that is not allowed; the sentence lists the allowed ones.
    """

    case_id: str
    method: str = "grad-cam"
    layer: str = ""
    target: str = PREDICTED
    levels: tuple[float, ...] = PAPER_LEVELS
    channels: int | None = None
    curves: str = "adaptive"
    reliability: bool = False

    def __post_init__(self) -> None:
        for name, allowed in (
            ("method", tuple(METHODS)),
            ("curves", CURVE_MODES),
        ):
            if getattr(self, name) not in allowed:
                raise BadRequest(
                    f"The {name} is {getattr(self, name)!r}; allowed are {', '.join(allowed)}."
                )
        for name in ("layer", "target"):
            value = getattr(self, name)
            if not isinstance(value, str) or len(value) > _LONGEST_NAME:
                raise BadRequest(
                    f"The {name} is {str(value)[:_LONGEST_NAME]!r}; give a text of at most "
                    f"{_LONGEST_NAME} characters."
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

    def check_target(self, class_names: Sequence[str]) -> None:
        """
        Raises:
            BadRequest: a model with the classes ``class_names`` has not the one asked for; the
                sentence names those it has.
        """
        if self.target != PREDICTED and self.target not in class_names:
            allowed = ", ".join((PREDICTED, *class_names))
            raise BadRequest(f"The target is {self.target!r}; allowed are {allowed}.")

    def target_class(
        self,
        prediction: Prediction,
        threshold: float,
        class_names: Sequence[str] = CLASS_NAMES,
        positive: int = 1,
    ) -> int:
        """The class that is explained: its index in ``class_names``, the model's.

        Raises:
            BadRequest: see :meth:`check_target`.
        """
        self.check_target(class_names)
        if self.target == PREDICTED:
            return prediction.predicted(threshold, positive)
        return tuple(class_names).index(self.target)

    def title(self, layer: Layer) -> str:
        """Method and layer as papers print them; ``layer``: the one :attr:`layer` names."""
        return f"{METHODS[self.method].title}, {layer.title}"
