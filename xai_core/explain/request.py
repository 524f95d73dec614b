"""A request: method, layer, class, options and curves of one explanation, as a hashable value."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from xai_core.cam import METHODS
from xai_core.cam.options import CamOptions, Option
from xai_core.errors import BadRequest
from xai_core.model.layers import Layer
from xai_core.types import CLASS_NAMES, CURVE_MODES, TIES, Prediction

PREDICTED = "predicted"
TARGETS = (PREDICTED, *CLASS_NAMES)
"""The targets of a model with the classes benign and malignant, such as the built-in one."""
_LONGEST_NAME = 80  # characters of a layer or a class

OptionValues = tuple[tuple[str, Any], ...]
"""Options by name, as sorted pairs, so that requests can be compared and hashed."""


@cache
def known_options() -> Mapping[str, Option]:
    """Every option of every method, by name; methods that share a name declare it identically."""
    return MappingProxyType(
        {
            declared.name: declared
            for method in METHODS.values()
            for declared in method.options.declared()
        }
    )


@dataclass(frozen=True)
class ExplainRequest:
    """The parameters of one explanation.  Equal requests on the same pixels and weights give the
    same result.

    ``layer``: a text for :func:`xai_core.model.layers.find_layer`, "" for the network's first
    explained layer, Stage 3's last block.  ``target``: "predicted", or the name of one of the
    model's classes.  The explainer checks both against the model.  ``options``: the methods'
    options that differ from their defaults; those that ``method`` does not read are kept for when
    the user switches to another method.  ``curves``: "none", "adaptive", "fine" or "full".
    ``ties``: "expected" (the curves' expectation over the orders of tied patches) or "by-index".
    ``reliability``: also measure the curves under ties by index, random and centre-first orders and
    another baseline, and ROAD; about eight times the work of the curves alone.

    Raises:
        BadRequest: a value that is not allowed; the sentence lists the allowed ones.
    """

    method: str = "grad-cam"
    layer: str = ""
    target: str = PREDICTED
    options: OptionValues = ()
    curves: str = "adaptive"
    reliability: bool = False
    ties: str = "expected"

    def __post_init__(self) -> None:
        for name, allowed in (
            ("method", tuple(METHODS)),
            ("curves", CURVE_MODES),
            ("ties", TIES),
        ):
            if getattr(self, name) not in allowed:
                raise BadRequest(
                    f"The {name} {'are' if name in ('curves', 'ties') else 'is'} "
                    f"{getattr(self, name)!r}; allowed are {', '.join(allowed)}."
                )
        for name in ("layer", "target"):
            value = getattr(self, name)
            if not isinstance(value, str) or len(value) > _LONGEST_NAME:
                raise BadRequest(
                    f"The {name} is {str(value)[:_LONGEST_NAME]!r}; give a text of at most "
                    f"{_LONGEST_NAME} characters."
                )
        object.__setattr__(self, "options", _normalised(self.options))

    def option(self, name: str) -> Any:
        """The value of an option; its default where the request does not set it.

        Raises:
            KeyError: no method has an option of this name.
        """
        return dict(self.options).get(name, known_options()[name].default)

    def with_options(self, **values: Any) -> ExplainRequest:
        """The same request with these options."""
        return dataclasses.replace(self, options=tuple({**dict(self.options), **values}.items()))

    def cam_options(self) -> CamOptions:
        """The options of this request's method, as its options class."""
        return METHODS[self.method].options.of(dict(self.options))

    def canonical(self) -> ExplainRequest:
        """The same request without what its method does not read, so that requests with the same
        result are equal."""
        read = {declared.name for declared in METHODS[self.method].options.declared()}
        return dataclasses.replace(
            self,
            options=tuple((name, value) for name, value in self.options if name in read),
            reliability=self.reliability and self.curves != "none",
            ties=self.ties if self.curves != "none" else TIES[0],
        )

    def unread_options(self) -> tuple[str, ...]:
        """Names of the options set here that the request's method does not read."""
        read = dict(self.canonical().options)
        return tuple(name for name, _ in self.options if name not in read)

    def fields(self) -> dict[str, Any]:
        """The canonical request as JSON values; equal for requests with the same result.

        Contains every option of the method that is not for experts, and one for experts only where
        it differs from its default.  Nothing of other methods: a new method changes no request of
        those that are there.
        """
        same = self.canonical()
        chosen = dict(same.options)
        options = {
            option.name: option.as_json(chosen.get(option.name, option.default))
            for option in METHODS[self.method].options.declared()
            if not option.expert or option.name in chosen
        }
        return {
            "method": same.method,
            "layer": same.layer,
            "target": same.target,
            **options,
            "curves": same.curves,
            "reliability": same.reliability,
            "ties": same.ties,
        }

    def check_target(self, class_names: Sequence[str]) -> None:
        """Check that a model with the classes ``class_names`` has the requested class.

        Raises:
            BadRequest: it has not; the sentence names the allowed ones.
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
        """The index of the explained class in ``class_names``, the model's classes.

        Raises:
            BadRequest: see :meth:`check_target`.
        """
        self.check_target(class_names)
        if self.target == PREDICTED:
            return prediction.predicted(threshold, positive)
        return tuple(class_names).index(self.target)

    def title(self, layer: Layer) -> str:
        """Method and layer as papers print them; ``layer``: the layer named by :attr:`layer`."""
        return f"{METHODS[self.method].title}, {layer.title}"


def _normalised(given: OptionValues) -> tuple[tuple[str, Any], ...]:
    """The options that differ from their defaults, validated and sorted by name."""
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
    """A request for one case of a source: shown by a page, and the key of a job of the service."""

    case_id: str
    request: ExplainRequest = ExplainRequest()

    def canonical(self) -> CaseRequest:
        """See :meth:`ExplainRequest.canonical`."""
        return CaseRequest(self.case_id, self.request.canonical())

    def change(self, **fields: Any) -> CaseRequest:
        """A copy with changed ``case_id``, fields of the request, or options.

        Raises:
            BadRequest: a value that is not allowed.
        """
        case_id = fields.pop("case_id", self.case_id)
        own = {f.name for f in dataclasses.fields(ExplainRequest)}
        options = {name: fields.pop(name) for name in list(fields) if name not in own}
        request = dataclasses.replace(self.request, **fields)
        return CaseRequest(case_id, request.with_options(**options) if options else request)
