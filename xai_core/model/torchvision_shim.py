"""Makes ``import timm`` fast, and possible beside a torchvision that cannot be imported.

timm imports torchvision for its data transforms and feature extraction, none of which this project
uses.  That is slow, mostly because torchvision, and one of timm's networks, import torch's
compiler.  So :func:`import_timm` lets timm find stand-ins for them.

The public torchvision wheel is built for CUDA.  Beside a CPU-only torch its extension cannot be
loaded, ``torchvision.ops`` then registers fake kernels for operators that do not exist, and the
import dies with ``operator torchvision::nms does not exist``.  Software that needs torchvision
itself calls :func:`install` before, which declares the two operators' signatures.  Where the
extension loads (a CUDA torch, or a matching CPU build) nothing is declared.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

_OPERATORS = {
    "nms": "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}
_lock = threading.Lock()
_library: torch.library.Library | None = None  # the declarations exist as long as this object


def extension_loads() -> bool:
    """Whether torchvision's compiled operators can be loaded into this process."""
    spec = importlib.util.find_spec("torchvision")
    if spec is None or spec.origin is None:
        return False
    candidates = sorted(Path(spec.origin).parent.glob("_C*.so")) + sorted(
        Path(spec.origin).parent.glob("_C*.pyd")
    )
    for path in candidates:
        try:
            torch.ops.load_library(str(path))
        except OSError:
            continue
        return True
    return False


def install() -> bool:
    """Declare the missing operators, once; returns whether they had to be declared.

    Safe to call from any thread, any number of times.
    """
    global _library
    with _lock:
        if _library is not None:
            return True
        if extension_loads() or hasattr(torch.ops.torchvision, "nms"):
            return False
        library = torch.library.Library("torchvision", "FRAGMENT")
        for schema in _OPERATORS.values():
            library.define(schema)
        _library = library
        return True


# --- timm without torchvision -----------------------------------------------------------------


def import_timm() -> ModuleType:
    """The module ``timm``; torchvision is not imported for it.

    Safe to call from any thread, any number of times.
    """
    with _lock:
        if "timm" not in sys.modules and "torchvision" not in sys.modules:
            finder, disable = _Finder(), torch.compiler.disable
            sys.meta_path.insert(0, finder)
            torch.compiler.disable = _left_as_it_is
            try:
                importlib.import_module("timm")
            finally:
                torch.compiler.disable = disable
                sys.meta_path.remove(finder)
                for name in filter(_is_torchvision, list(sys.modules)):
                    del sys.modules[name]  # a later import finds the true one
        return importlib.import_module("timm")


def _left_as_it_is(fn: Any = None, recursive: Any = True, *, reason: Any = None) -> Any:  # noqa: ARG001
    """In the place of ``torch.compiler.disable``, which imports the compiler when it is called:
    timm decorates a function of a network with it that this project does not use."""
    return fn


def _is_torchvision(module: str) -> bool:
    return module.partition(".")[0] == "torchvision"


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds a stand-in for every module of torchvision."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> importlib.machinery.ModuleSpec | None:
        if not _is_torchvision(fullname):
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return _StandIn(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """A stand-in has nothing to run."""


class _StandIn(ModuleType):
    """A module that has every name: a module where it is in lower case, else a class."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name.islower():
            return importlib.import_module(f"{self.__name__}.{name}")
        found = _Named(name, (), {})
        setattr(self, name, found)
        return found


class _Named(type):
    """A class whose members, which a table of timm's has as keys, are their names."""

    def __getattr__(cls, name: str) -> str:
        if name.startswith("_"):
            raise AttributeError(name)
        return name
