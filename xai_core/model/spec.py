"""The specification of a network: how to build it, prepare its input and read its output.

A weights file ``NAME.safetensors`` has its specification in ``NAME.json`` beside it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xai_core.errors import BadRequest, BadWeights, WeightsNotFound
from xai_core.files import write_text
from xai_core.model.layers import INPUT_MULTIPLE

FORMAT = 1
_NOT_STORED = "threshold_set_by"  # the one field that is of a run, not of the weights


@dataclass(frozen=True)
class ModelSpec:
    """``mean`` and ``std``: for the normalisation of pictures in [0, 1], one value per channel.
    ``threshold``: a case is assigned the class ``positive`` if the probability of that class is at
    least this, in (0, 1).  ``class_names``: two or more, in the order of the logits; ``positive``:
    the index of the positive class.  ``layers``: names of the layers that can be explained, which
    must be the network's (compared when the weights are loaded).  ``input_size``: px, a multiple of
    32.  ``sha256``: the weights file's digest.  ``real_images``: how many of the training images
    are not phantoms; 0 also where the number is unknown.  ``metrics``: figures printed by the
    training command.  ``calibration``: the temperature and bias that were fitted on validation
    images and folded into the weights, with the command and its figures; empty where there is none.
    ``blurred_share``: share, in [0, 1], of the training images that were blurred in patches, as the
    images of insertion and deletion curves and of Hybrid-CAM's levels are, and labelled benign
    where the lesion was blurred away.  ``threshold_set_by``: the setting or option that replaced
    the file's threshold, "" where none did; never in the file.

    Raises:
        BadWeights: a value that is not allowed.
    """

    timm_name: str
    input_size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    threshold: float
    class_names: tuple[str, ...]
    layers: tuple[str, ...]
    sha256: str
    training_command: str
    training_data: str
    licence: str
    trained_on_phantoms: bool
    real_images: int = 0
    positive: int = 1
    metrics: dict[str, Any] = field(default_factory=dict)
    calibration: dict[str, Any] = field(default_factory=dict)
    blurred_share: float = 0.0
    format: int = FORMAT
    threshold_set_by: str = ""

    def __post_init__(self) -> None:
        problems = []
        if self.format != FORMAT:
            problems.append(f"format is {self.format!r}, this version reads {FORMAT}")
        names = self.class_names
        if not all(isinstance(name, str) and name.strip() for name in names) or (
            len(set(names)) < max(2, len(names))
        ):
            problems.append(f"class_names are {list(names)}, must be two or more different names")
        if type(self.positive) is not int or not 0 <= self.positive < len(names):
            problems.append(
                f"positive is {self.positive!r}, must be the index of one of the "
                f"{len(names)} class_names"
            )
        if (
            type(self.input_size) is not int
            or not 32 <= self.input_size <= 1024
            or self.input_size % INPUT_MULTIPLE
        ):
            problems.append(
                f"input_size is {self.input_size!r}, allowed are multiples of {INPUT_MULTIPLE} "
                "from 32 to 1024"
            )
        if len(self.mean) != 3 or len(self.std) != 3 or min(self.std) <= 0:
            problems.append("mean and std need three values each, std above 0")
        if type(self.real_images) is not int or self.real_images < 0:
            problems.append(f"real_images is {self.real_images!r}, must be a count of images")
        if not 0 < self.threshold < 1:
            problems.append(f"threshold is {self.threshold!r}, must lie between 0 and 1")
        if type(self.blurred_share) not in (int, float) or not 0 <= self.blurred_share <= 1:
            problems.append(f"blurred_share is {self.blurred_share!r}, must lie between 0 and 1")
        if problems:
            raise BadWeights(
                "The model's specification cannot be used: " + "; ".join(problems) + "."
            )

    def trained_on(self) -> str:
        """What the network was trained on, for a sentence; "" where the file does not say."""
        kinds = ["phantoms"] if self.trained_on_phantoms else []
        kinds += [f"{self.real_images} real images"] if self.real_images else []
        return " and ".join(kinds)

    def with_threshold(self, threshold: float | None, set_by: str) -> ModelSpec:
        """The same model with another operating point, that ``set_by`` asked for; the model as it
        is where ``threshold`` is None or its own.

        Raises:
            BadRequest: not above 0 and below 1.
        """
        if threshold is None or threshold == self.threshold:
            return self
        if not 0 < threshold < 1:
            raise BadRequest(
                f"{set_by} is {threshold:g}; give a probability above 0 and below 1, such as 0.3."
            )
        return dataclasses.replace(self, threshold=threshold, threshold_set_by=set_by)

    def decision_rule(self) -> str:
        """When a case is called positive, for a table or a caption."""
        two = len(self.class_names) == 2
        if two and self.threshold == 0.5:
            return "the larger logit"
        rule = f"P({self.class_names[self.positive]}) at least {self.threshold:g}"
        return rule if two else f"{rule}, else the likeliest of the other classes"

    def decision_note(self) -> str:
        """:meth:`decision_rule`, and where it comes from if it is not what weights of this version
        decide by."""
        rule = self.decision_rule()
        if self.threshold_set_by:
            return f"{rule} (set by {self.threshold_set_by})"
        return rule if self.threshold == 0.5 else f"{rule} (the weights' own)"

    def set_decision(self) -> str:
        """:meth:`decision_note` where a setting or an option changed it, else ""."""
        return self.decision_note() if self.threshold_set_by else ""

    def curves_note(self) -> str:
        """What must be said beside insertion and deletion curves of this model; "" where nothing
        must."""
        if not self.blurred_share:
            return ""
        return (
            f"{100 * self.blurred_share:.0f} % of this model's training pictures were blurred in "
            "patches of 16 px, as the curves' pictures are, and labelled benign where that hid the "
            "lesion. So the areas are flattered: the metric uses what the model was trained on."
        )

    def write(self, path: Path) -> None:
        """Write as JSON, atomically."""
        fields = dataclasses.asdict(self)
        del fields[_NOT_STORED]
        write_text(path, json.dumps(fields, indent=2) + "\n")


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_spec(weights: Path) -> ModelSpec:
    """The specification beside a weights file.

    Raises:
        WeightsNotFound: the file is missing.
        BadWeights: it is not valid JSON, lacks a field, or has an unknown one.
    """
    path = weights.with_suffix(".json")
    if not path.is_file():
        raise WeightsNotFound(
            f"The specification {path.name} is missing beside the weights file {weights.name}; "
            "keep the two files together."
        )
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        fields = {f.name for f in dataclasses.fields(ModelSpec)} - {_NOT_STORED}
        unknown = set(raw) - fields
        if unknown:
            raise BadWeights(f"{path.name} has unknown fields: {', '.join(sorted(unknown))}.")
        for name in ("mean", "std", "class_names", "layers"):
            if not isinstance(raw[name], list):
                raise TypeError(f"{name} is not a list")
            raw[name] = tuple(raw[name])
        return ModelSpec(**raw)
    except (ValueError, TypeError, KeyError, AttributeError) as problem:
        raise BadWeights(
            f"{path.name} is not a model specification ({type(problem).__name__}: {problem}); "
            "restore it from the place the weights came from."
        ) from problem
