"""What travels with the weights: how to build the network, feed it and read it.

A weights file ``NAME.safetensors`` has its specification ``NAME.json`` beside it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xai_core.errors import BadWeights, WeightsNotFound
from xai_core.files import write_text
from xai_core.types import CLASS_NAMES, LAYERS

FORMAT = 1


@dataclass(frozen=True)
class ModelSpec:
    """``mean`` and ``std`` are of pictures in [0, 1], one value per channel.  ``threshold`` is the
    malignant probability from which a case is called malignant, in (0, 1).  ``sha256`` is the
    weights file's digest.  ``metrics`` are figures printed by the training command."""

    timm_name: str
    input_size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    threshold: float
    class_names: tuple[str, str]
    layers: tuple[str, ...]
    sha256: str
    training_command: str
    training_data: str
    licence: str
    trained_on_phantoms: bool
    metrics: dict[str, Any] = field(default_factory=dict)
    format: int = FORMAT

    def __post_init__(self) -> None:
        problems = []
        if self.format != FORMAT:
            problems.append(f"format is {self.format!r}, this version reads {FORMAT}")
        if tuple(self.class_names) != CLASS_NAMES:
            problems.append(f"class_names are {self.class_names!r}, must be {CLASS_NAMES!r}")
        if not isinstance(self.input_size, int) or not 32 <= self.input_size <= 1024:
            problems.append(f"input_size is {self.input_size!r}, allowed are 32 to 1024")
        if len(self.mean) != 3 or len(self.std) != 3 or min(self.std) <= 0:
            problems.append("mean and std need three values each, std above 0")
        if not 0 < self.threshold < 1:
            problems.append(f"threshold is {self.threshold!r}, must lie between 0 and 1")
        if tuple(self.layers) != LAYERS:
            problems.append(f"layers are {list(self.layers)}, must be {list(LAYERS)}")
        if problems:
            raise BadWeights(
                "The model's specification cannot be used: " + "; ".join(problems) + "."
            )

    def write(self, path: Path) -> None:
        """Write as JSON, whole or not at all."""
        write_text(path, json.dumps(dataclasses.asdict(self), indent=2) + "\n")


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_spec(weights: Path) -> ModelSpec:
    """The specification beside a weights file.

    Raises:
        WeightsNotFound: there is none.
        BadWeights: it is not valid JSON, lacks a field, or has one this version does not know.
    """
    path = weights.with_suffix(".json")
    if not path.is_file():
        raise WeightsNotFound(
            f"The specification {path.name} is missing beside the weights file {weights.name}; "
            "keep the two files together."
        )
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        fields = {f.name for f in dataclasses.fields(ModelSpec)}
        unknown = set(raw) - fields
        if unknown:
            raise BadWeights(f"{path.name} has unknown fields: {', '.join(sorted(unknown))}.")
        for name in ("mean", "std", "class_names", "layers"):
            raw[name] = tuple(raw[name])
        return ModelSpec(**raw)
    except (ValueError, TypeError, KeyError, AttributeError) as problem:
        raise BadWeights(
            f"{path.name} is not a model specification ({type(problem).__name__}: {problem}); "
            "restore it from the place the weights came from."
        ) from problem
