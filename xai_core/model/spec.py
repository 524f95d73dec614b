"""The specification of a network: how to build it, prepare its input and read its output.

A weights file ``NAME.safetensors`` has its specification in ``NAME.json`` beside it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Annotated, Any, get_type_hints

from pydantic import ConfigDict, Field, JsonValue, StringConstraints, TypeAdapter, ValidationError

from xai_core.errors import BadRequest, BadWeights, WeightsNotFound
from xai_core.files import MISSING, not_a_file, write_text
from xai_core.list_text import counted
from xai_core.model.layers import INPUT_MULTIPLE
from xai_core.types import CLASS_NAMES, MALIGNANT

FORMAT = 1
_NOT_STORED = "threshold_set_by"  # the one field that is of a run, not of the weights
_LARGEST_FILE = 2**20  # bytes; a specification has some 3000

_Text = Annotated[str, StringConstraints(max_length=20_000)]
# One line without control characters, direction marks and the like, of which one at least is seen.
_ONE_LINE = r"[^\p{C}\p{Zl}\p{Zp}]*"
_Name = Annotated[
    str, StringConstraints(pattern=f"^{_ONE_LINE}" r"[^\p{C}\p{Z}]" f"{_ONE_LINE}$", max_length=100)
]
_Share = Annotated[float, Field(ge=0, le=1)]
_Spread = Annotated[float, Field(ge=0.001, le=10)]  # of values in [0, 1]; 1 / 255 is in use
_THREE = Field(min_length=3, max_length=3)
_Figures = dict[str, JsonValue]


@dataclass(frozen=True)
class ModelSpec:
    """``mean``, in [0, 1], and ``std``, in [0.001, 10]: for the normalisation of pictures in
    [0, 1], one value per channel.
    ``threshold``: a case is assigned the class ``positive`` if the probability of that class is at
    least this, in (0, 1).  ``class_names``: two or more, in the order of the logits, each one line
    of printable characters; ``positive``: the index of the positive class.  ``layers``: names of
    the layers that can be explained, which must be the network's (compared when the weights are
    loaded).  ``input_size``: px, a multiple of 32.  ``sha256``: the weights file's digest.
    ``real_images``: how many of the training images are not phantoms; 0 also where the number is
    unknown.  ``metrics``: figures printed by the training command.  ``calibration``: the
    temperature and bias that were fitted on validation images and folded into the weights, with
    the command and its figures; empty where there is none.
    ``blurred_share``: share, in [0, 1], of the training images that were blurred in patches, as the
    images of insertion and deletion curves and of Hybrid-CAM's levels are, and labelled benign
    where the lesion was blurred away.  ``threshold_set_by``: the setting or option that replaced
    the file's threshold, "" where none did; never in the file.

    Raises:
        BadWeights: a value that is not allowed.
    """

    timm_name: _Name
    input_size: Annotated[int, Field(ge=32, le=1024, multiple_of=INPUT_MULTIPLE)]
    mean: Annotated[tuple[_Share, ...], _THREE]
    std: Annotated[tuple[_Spread, ...], _THREE]
    threshold: Annotated[float, Field(gt=0, lt=1)]
    class_names: Annotated[tuple[_Name, ...], Field(min_length=2, max_length=100)]
    layers: Annotated[tuple[_Name, ...], Field(max_length=100)]
    sha256: _Text
    training_command: _Text
    training_data: _Text
    licence: _Text
    trained_on_phantoms: bool
    real_images: Annotated[int, Field(ge=0, le=10**9)] = 0
    positive: Annotated[int, Field(ge=0)] = 1
    metrics: _Figures = field(default_factory=dict)
    calibration: _Figures = field(default_factory=dict)
    blurred_share: _Share = 0.0
    format: int = FORMAT
    threshold_set_by: _Text = ""

    def __post_init__(self) -> None:
        problems = []
        for name, adapter in _adapters().items():
            value = getattr(self, name)
            try:
                adapter.validate_python(value)
            except ValidationError as problem:
                fault = problem.errors(include_url=False)[0]
                reason = _REASONS.get(fault["type"], "it cannot be understood")
                shown = json.dumps(value, default=repr)  # as in the file
                shown = shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 1]}…"
                problems.append(f"{name} is {shown}: {reason.format(**fault.get('ctx', {}))}")
        if not problems:
            problems = list(self._contradictions())
        if problems:
            raise BadWeights(
                "The model's specification cannot be used: " + "; ".join(problems) + "."
            )

    def _contradictions(self) -> Iterator[str]:
        names = self.class_names
        if self.format != FORMAT:
            yield f"format is {self.format!r}, this version reads {FORMAT}"
        if len(set(names)) < len(names):
            yield f"class_names are {list(names)}, must be different names"
        if self.positive >= len(names):
            yield (
                f"positive is {self.positive!r}, must be the index of one of the "
                f"{len(names)} class_names"
            )
            return
        own = [name.lower() for name in names]
        called = own[self.positive]
        benign, malignant = CLASS_NAMES
        if called == benign or (malignant in own and called != malignant):
            yield (
                f"positive is {self.positive!r}, the class {names[self.positive]!r}; it must be "
                "the index of the class of malignant images"
            )

    def trained_on(self) -> str:
        """What the network was trained on, for a sentence; "" where the file does not say."""
        kinds = ["phantoms"] if self.trained_on_phantoms else []
        real = counted(self.real_images, "real image", "real images")
        kinds += [real] if self.real_images else []
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

    def positive_note(self) -> str:
        """What must be said where the truth is compared with this model's classes; "" where the
        positive one is called malignant."""
        name = self.class_names[self.positive]
        if name.lower() == CLASS_NAMES[MALIGNANT]:
            return ""
        return f"This model has no class malignant; its class “{name}” stands for it."

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

    def text(self) -> str:
        """The content of the file, JSON."""
        fields = dataclasses.asdict(self)
        del fields[_NOT_STORED]
        return json.dumps(fields, indent=2) + "\n"

    def write(self, path: Path) -> None:
        """Write the file, atomically."""
        write_text(path, self.text())


# What is allowed, by pydantic's type of error and with its limits.
_REASONS = {
    "greater_than": "it must be above {gt:g}",
    "greater_than_equal": "it must be at least {ge:g}",
    "less_than": "it must be below {lt:g}",
    "less_than_equal": "it must be at most {le:g}",
    "multiple_of": "it must be a multiple of {multiple_of:g}",
    "finite_number": "it must be a finite number",
    "int_type": "it must be a whole number",
    "int_from_float": "it must be a whole number",
    "float_type": "it must be a number",
    "bool_type": "it must be true or false",
    "string_type": "it must be a text",
    "string_unicode": "it must be a text",
    "string_too_long": "at most {max_length} characters are allowed",
    "string_pattern_mismatch": "a name is one line of printable characters",
    "tuple_type": "it must be a list",
    "dict_type": "it must be an object with named fields",
    "too_short": "it must have at least {min_length} items",
    "too_long": "it must have at most {max_length} items",
}
_SHOWN = 60  # characters of a value in a sentence


@cache
def _adapters() -> Mapping[str, TypeAdapter[Any]]:
    """What checks each field: its type, exactly, and its range; no infinity, no NaN."""
    strict = ConfigDict(strict=True, allow_inf_nan=False)
    hints = get_type_hints(ModelSpec, include_extras=True)
    return {
        one.name: TypeAdapter(hints[one.name], config=strict)
        for one in dataclasses.fields(ModelSpec)
    }


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_spec(weights: Path) -> ModelSpec:
    """The specification beside a weights file.

    Raises:
        WeightsNotFound: the file is missing, or no regular file.
        BadWeights: it is not valid JSON, lacks a field, or has an unknown one or one given twice.
    """
    path = weights.with_suffix(".json")
    fault = not_a_file(path)
    if fault:
        raise WeightsNotFound(
            f"The specification {path.name} "
            f"{'is missing' if fault == MISSING else f'{fault}; it belongs'} beside the weights "
            f"file {weights.name}; keep the two files together."
        )
    if path.stat().st_size > _LARGEST_FILE:
        raise BadWeights(
            f"{path.name} is larger than a specification, which has at most "
            f"{_LARGEST_FILE:,} bytes; restore it from the place the weights came from."
        )
    try:
        return ModelSpec(**_fields(path.read_bytes()))
    except _NoSpecification as problem:
        why = str(problem)
    except UnicodeDecodeError:
        why = "its text is not in UTF-8"
    except json.JSONDecodeError as problem:
        why = f"it is not JSON from line {problem.lineno}, column {problem.colno} on"
    except RecursionError:
        why = "its fields are nested too deeply"
    except ValueError:  # Python reads at most 4300 digits
        why = "a number in it has too many digits"
    except OSError as problem:
        why = f"it cannot be read ({problem.strerror or 'input or output error'})"
    raise BadWeights(
        f"{path.name} is not a model specification: {why}; restore it from the place the weights "
        "came from."
    )


class _NoSpecification(ValueError):
    """A file is no specification; the text says why, as a part of a sentence."""


def _fields(data: bytes) -> dict[str, Any]:
    """The fields of a specification file by name, lists as tuples; their values are not checked.

    Raises:
        ValueError: not JSON in UTF-8 (with or without a byte-order mark), no object, or other
            fields than a specification has.
        RecursionError: nested too deeply.
    """
    raw = json.loads(data.decode("utf-8-sig"), object_pairs_hook=_each_once)
    if not isinstance(raw, dict):
        raise _NoSpecification("it is no object with named fields")
    known = [one for one in dataclasses.fields(ModelSpec) if one.name != _NOT_STORED]
    unknown = sorted(set(raw) - {one.name for one in known})
    if unknown:
        raise _NoSpecification(f"it has unknown fields ({shown_names(unknown)})")
    missing = [
        one.name
        for one in known
        if one.default is one.default_factory is dataclasses.MISSING and one.name not in raw
    ]
    if missing:
        raise _NoSpecification(f"it lacks {', '.join(missing)}")
    return {name: tuple(v) if isinstance(v, list) else v for name, v in raw.items()}


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise _NoSpecification(f"fields are given more than once ({shown_names(twice)})")
    return dict(pairs)


def shown_names(names: Sequence[str], most: int = 3) -> str:
    """The first of ``names``, which come from a file, for a sentence."""
    shown = [f"{name if name.isprintable() else repr(name):.100}" for name in names[:most]]
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(shown)}{more}"
