"""Declaration of a method's options, as the fields of a frozen dataclass.

A method declares each option once with :func:`option`.  Pages draw the controls, the address and
the command line parse and write the values, and requests store them, all from that declaration.
"""

from __future__ import annotations

import dataclasses
import enum
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Self

from xai_core.errors import BadRequest
from xai_core.list_text import percentages
from xai_core.types import check_levels

_KEY = "option"
ALL = "all"  # the text for "no limit" (None)
_ON_OFF = {"on": True, "off": False}

RESERVED = frozenset({
    # Fields of a request, and of the model in a manifest's request.
    "method", "layer", "target", "curves", "ties", "reliability", "image_sha256", "weights",
    "network", "input_size", "mean", "std", "preparation", "baseline", "threshold",
    # Parameters of a page's address.
    "case", "view", "methods", "tp", "tn", "stop", "blind", "beside", "zoom", "at", "window",
    "step", "heat", "contours", "opacity", "colours", "show", "tab", "outcome", "truth",
    "projection", "density", "category", "source", "find",
})  # fmt: skip
"""Names that no option may have: options stand beside these in manifests and addresses."""


class Kind(enum.Enum):
    """The type of an option's values."""

    SWITCH = enum.auto()  # True or False
    CHOICE = enum.auto()  # one of an enumeration
    COUNT = enum.auto()  # a whole number, or None for no limit
    NUMBER = enum.auto()  # a whole number
    PERCENTAGES = enum.auto()  # area levels, see types.check_levels


@dataclass(frozen=True)
class Option:
    """One option of a method.

    ``expert``: a convention that few users change; pages show it only on demand.  ``choices``: the
    allowed values of a CHOICE.  ``least``, ``most``: the range of a COUNT or NUMBER.
    ``suggested``: values of either that a page offers in addition to the default.
    """

    name: str
    kind: Kind
    default: Any
    title: str
    help: str
    expert: bool
    choices: tuple[str, ...]
    least: int
    most: int
    suggested: tuple[int, ...]

    def check(self, value: Any) -> Any:
        """Validate ``value`` and return its canonical form.

        Raises:
            BadRequest: ``value`` is not allowed.
        """
        if self.kind is Kind.PERCENTAGES:
            return check_levels(tuple(value))
        if self.kind is Kind.SWITCH:
            if not isinstance(value, bool):
                raise BadRequest(f"{self.name} is {value!r}; allowed are on and off.")
            return value
        if self.kind is Kind.CHOICE:
            enumeration = type(self.default)
            try:
                return enumeration(value)
            except ValueError:
                raise BadRequest(
                    f"{self.name} is {value!r}; allowed are {', '.join(self.choices)}."
                ) from None
        if value is None and self.kind is Kind.COUNT:
            return None
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not whole or not self.least <= value <= self.most:
            unlimited = f", or “{ALL}”" if self.kind is Kind.COUNT else ""
            raise BadRequest(
                f"{self.name} is {value!r}; give at least {self.least} and at most {self.most}"
                f"{unlimited}."
            )
        return value

    def parse(self, text: str) -> Any:
        """The value written as ``text`` by a user or in an address; the inverse of :meth:`write`.

        Raises:
            BadRequest: ``text`` cannot be parsed, or its value is not allowed.
        """
        text = text.strip()
        if self.kind is Kind.PERCENTAGES:
            return self.check(percentages(text))
        if self.kind is Kind.SWITCH:
            if text not in _ON_OFF:
                raise BadRequest(f"{self.name} is “{text:.40}”; allowed are on and off.")
            return _ON_OFF[text]
        if self.kind is Kind.CHOICE:
            return self.check(text[:80])
        if text == ALL and self.kind is Kind.COUNT:
            return None
        if not (text.isascii() and text.isdecimal() and len(text) < 10):
            unlimited = f", nor “{ALL}”" if self.kind is Kind.COUNT else ""
            raise BadRequest(
                f"“{text:.20}” is not a number from {self.least} to {self.most}{unlimited}."
            )
        return self.check(int(text))

    def write(self, value: Any) -> str:
        """The shortest text that :meth:`parse` reads back as ``value``."""
        if self.kind is Kind.PERCENTAGES:
            return ",".join(f"{level:g}" for level in value)
        if self.kind is Kind.SWITCH:
            return "on" if value else "off"
        return ALL if value is None else str(value)

    def as_json(self, value: Any) -> Any:
        """``value`` as a JSON value."""
        return list(value) if self.kind is Kind.PERCENTAGES else value


def option(
    default: Any,
    *,
    title: str,
    help: str,
    expert: bool = False,
    least: int = 1,
    most: int = 4096,
    suggested: tuple[int, ...] = (),
) -> Any:
    """A field of a method's options; see :class:`Option`.  The field's annotation gives its
    :class:`Kind`."""
    metadata = {
        "title": title, "help": help, "expert": expert, "least": least, "most": most,
        "suggested": suggested,
    }  # fmt: skip
    return dataclasses.field(default=default, metadata={_KEY: metadata})


@dataclass(frozen=True)
class CamOptions:
    """Base class of every method's options, and the options class of a method without any.

    Raises:
        BadRequest: a value that is not allowed.
    """

    def __post_init__(self) -> None:
        for declared in self.declared():
            value = declared.check(getattr(self, declared.name))
            object.__setattr__(self, declared.name, value)

    @classmethod
    def declared(cls) -> tuple[Option, ...]:
        """The options, in the order of their declaration."""
        return _declared(cls)  # type: ignore[arg-type]

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """The options with those of ``values`` that this method declares; the rest are defaults."""
        names = {declared.name for declared in cls.declared()}
        return cls(**{name: value for name, value in values.items() if name in names})


@cache  # one entry for each class
def _declared(options: type[CamOptions]) -> tuple[Option, ...]:
    hints = typing.get_type_hints(options)
    return tuple(_read(field, hints[field.name]) for field in dataclasses.fields(options))


def _read(field: dataclasses.Field[Any], hint: Any) -> Option:
    choices: tuple[str, ...] = ()
    if hint is bool:
        kind = Kind.SWITCH
    elif hint == int | None:
        kind = Kind.COUNT
    elif hint is int:
        kind = Kind.NUMBER
    elif hint == tuple[float, ...]:
        kind = Kind.PERCENTAGES
    elif isinstance(hint, type) and issubclass(hint, enum.StrEnum):
        kind, choices = Kind.CHOICE, tuple(hint)
    else:
        raise TypeError(
            f"the option {field.name} is of type {hint}; options are bool, int, int | None, "
            "tuple[float, ...] (percentages) or an enum.StrEnum"
        )
    return Option(field.name, kind, field.default, choices=choices, **field.metadata[_KEY])
