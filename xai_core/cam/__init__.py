"""Class activation mapping (CAM) methods, one file each, which holds the method's formula only.

This package uses neither Streamlit nor files.  A method is a module of this folder with a subclass
of :class:`~xai_core.cam.base.CamMethod`; it is discovered without registration.

``METHODS`` (every method by name, in display order) is built at first use, since that imports
torch.  :func:`summaries` reads names, titles and descriptions from the source text of the modules,
so that ``--help`` does not have to import torch.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xai_core.cam.base import CamMethod

    METHODS: Mapping[str, CamMethod[Any]]

PAPER_METHODS = ("score-cam", "grad-cam", "hybrid-cam")
"""The methods of the paper's tables, in their order."""

# Modules of this folder without a method.
_SUPPORT = frozenset({"base", "class_score", "closed_form", "masked_pixel", "normalise", "options"})


@dataclass(frozen=True)
class MethodSummary:
    """Name, title, description and order of a method: class attributes of
    :class:`~xai_core.cam.base.CamMethod`."""

    name: str
    title: str
    description: str
    order: int


def _modules() -> list[str]:
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name not in _SUPPORT)


@cache
def summaries() -> tuple[MethodSummary, ...]:
    """Every method's summary, in the order of ``METHODS``, without importing torch."""
    found = []
    for module in _modules():
        text = (Path(__path__[0]) / f"{module}.py").read_text(encoding="utf-8")
        for node in ast.parse(text).body:
            values = _literals(node) if isinstance(node, ast.ClassDef) else {}
            if {"name", "title", "description"} <= values.keys():
                order = int(values.get("order", 100))
                found.append(
                    MethodSummary(values["name"], values["title"], values["description"], order)
                )
    return tuple(sorted(found, key=lambda method: (method.order, method.name)))


def _literals(class_: ast.ClassDef) -> dict[str, Any]:
    """The class attributes whose values are literals."""
    found = {}
    for node in class_.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            try:
                found[node.targets[0].id] = ast.literal_eval(node.value)
            except ValueError:
                continue
    return found


@cache
def _methods() -> Mapping[str, CamMethod[Any]]:
    from xai_core.cam.base import CamMethod

    found: dict[str, CamMethod[Any]] = {}
    for name in _modules():
        module = importlib.import_module(f"{__name__}.{name}")
        for value in vars(module).values():
            if (
                isinstance(value, type)
                and issubclass(value, CamMethod)
                and value.__module__ == module.__name__
            ):
                method = value()
                if method.name in found:
                    raise TypeError(f"two CAM methods are called {method.name!r}")
                found[method.name] = method
    _check_options(found)
    shown = sorted(found.values(), key=lambda method: (method.order, method.name))
    return MappingProxyType({method.name: method for method in shown})


def _check_options(methods: Mapping[str, CamMethod[Any]]) -> None:
    """Methods may share an option's name only if they declare it identically: a request keeps one
    value per name while a user switches between methods."""
    from xai_core.cam.options import RESERVED

    seen: dict[str, Any] = {}
    for method in methods.values():
        for option in method.options.declared():
            if option.name in RESERVED:
                raise TypeError(
                    f"the CAM method {method.name!r} calls an option {option.name!r}, a name that "
                    "requests or addresses use; give it another name"
                )
            if seen.setdefault(option.name, option) != option:
                raise TypeError(f"two CAM methods declare the option {option.name!r} differently")


def __getattr__(name: str) -> Any:
    if name == "METHODS":
        return _methods()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
