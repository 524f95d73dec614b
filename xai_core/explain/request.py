"""What a person asks for: one value that names a map, its options and its curves exactly."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from xai_core.cam import METHODS
from xai_core.cam.options import CamOptions, Option
from xai_core.errors import BadRequest
from xai_core.model.layers import Layer
from xai_core.types import CLASS_NAMES, CURVE_MODES, Prediction

PREDICTED = "predicted"
TARGETS = (PREDICTED, *CLASS_NAMES)
"""Of a model with the classes benign and malignant, as the built-in one."""
_LONGEST_NAME = 80  # characters of a layer or a class

OptionValues = tuple[tuple[str, Any], ...]
"""Options by name, as sorted pairs: a request can be compared and hashed."""


@cache
def known_options() -> Mapping[str, Option]:
    """Every option of every method, by name; methods that share a name mean the same by it."""
    return MappingProxyType(
        {
            declared.name: declared
            for method in METHODS.values()
            for declared in method.options.declared()
        }
    )


@dataclass(frozen=True)
class ExplainRequest:
    """One explanation.  Two equal requests on the same pixels and weights give the same answer.

    ``layer``: as :func:`xai_core.model.layers.find_layer` reads it, "" for the first layer that the
    network has, Stage 3's last block.  ``target``: "predicted", or the name of one of the model's
    classes.  Both are compared with the model by the explainer.  ``options``: the methods' options
    that are not as usual; those that ``method`` does not read are kept for when another method is
    chosen.  ``curves``: "none", "adaptive" or "full".  ``reliability``: measure the curves under
    reverse tie order and the random and centre-first orders as well; about four times the work of
    the curves alone.

    Raises:
        BadRequest: a value that is not allowed; the sentence lists the allowed ones.
    """

    method: str = "grad-cam"
    layer: str = ""
    target: str = PREDICTED
    options: OptionValues = ()
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
        object.__setattr__(self, "options", _normal(self.options))

    def option(self, name: str) -> Any:
        """The value of an option, the usual one where nothing else was asked for.

        Raises:
            KeyError: no method has an option of this name.
        """
        return dict(self.options).get(name, known_options()[name].default)

    def with_options(self, **values: Any) -> ExplainRequest:
        """The same request with these options."""
        return dataclasses.replace(self, options=tuple({**dict(self.options), **values}.items()))

    def cam_options(self) -> CamOptions:
        """The method's own options that this request implies."""
        return METHODS[self.method].options.of(dict(self.options))

    def canonical(self) -> ExplainRequest:
        """The same request without what its method does not read, so that equal work is equal."""
        read = {declared.name for declared in METHODS[self.method].options.declared()}
        return dataclasses.replace(
            self,
            options=tuple((name, value) for name, value in self.options if name in read),
            reliability=self.reliability and self.curves != "none",
        )

    def fields(self) -> dict[str, Any]:
        """The canonical request as JSON values: equal where the answers are equal.

        Every option of everyday use is named, None where the method does not read it; one for
        experts only where it is not as usual.
        """
        same = self.canonical()
        chosen = dict(same.options)
        read = {declared.name for declared in METHODS[self.method].options.declared()}
        options = {
            name: option.as_json(chosen.get(name, option.default)) if name in read else None
            for name, option in known_options().items()
            if not option.expert or name in chosen
        }
        return {
            "method": same.method,
            "layer": same.layer,
            "target": same.target,
            **options,
            "curves": same.curves,
            "reliability": same.reliability,
        }

    def key(self, image_digest: str, weights_digest: str) -> str:
        """SHA-256 of the image's pixels, the weights and the parameters, in hex."""
        text = json.dumps([image_digest, weights_digest, self.fields()], sort_keys=True)
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


def _normal(given: OptionValues) -> tuple[tuple[str, Any], ...]:
    """The options that are not as usual, sorted by name, each in its normal form."""
    known, kept = known_options(), {}
    for name, value in dict(given).items():
        if name not in known:
            raise BadRequest(f"There is no option {name!r}; there are {', '.join(known)}.")
        value = known[name].check(value)
        if value != known[name].default:
            kept[name] = value
    return tuple(sorted(kept.items()))


@dataclass(frozen=True)
class CaseRequest:
    """A request about one case of a source: what a page shows, and what the service works on."""

    case_id: str
    request: ExplainRequest = ExplainRequest()

    def canonical(self) -> CaseRequest:
        """See :meth:`ExplainRequest.canonical`."""
        return CaseRequest(self.case_id, self.request.canonical())

    def change(self, **fields: Any) -> CaseRequest:
        """Another case or another request about it: ``case_id``, fields of the request, options.

        Raises:
            BadRequest: a value that is not allowed.
        """
        case_id = fields.pop("case_id", self.case_id)
        own = {f.name for f in dataclasses.fields(ExplainRequest)}
        options = {name: fields.pop(name) for name in list(fields) if name not in own}
        request = dataclasses.replace(self.request, **fields)
        return CaseRequest(case_id, request.with_options(**options) if options else request)
