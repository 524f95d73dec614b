"""The tree of errors that the module draws is the tree of its classes."""

from __future__ import annotations

import re

from xai_core import errors
from xai_core.errors import XaiError


def drawn() -> list[tuple[int, str]]:
    """Depth and name of each line of the drawing."""
    text = errors.__doc__ or ""
    lines = re.findall(r"^((?:    )+)([A-Z]\w+)(?:  .*)?$", text.split("::", 1)[1], re.MULTILINE)
    return [(len(indent) // 4 - 1, name) for indent, name in lines]


def declared(kind: type[XaiError], depth: int = 0) -> list[tuple[int, str]]:
    """The same of a class and those below it, in the order of the file."""
    found = [(depth, kind.__name__)]
    for below in kind.__subclasses__():
        if below.__module__ == errors.__name__:
            found += declared(below, depth + 1)
    return found


def test_the_tree_in_the_docstring_is_that_of_the_classes() -> None:
    assert drawn() == declared(XaiError)


def test_every_error_of_the_file_is_in_the_tree() -> None:
    names = {name for name, kind in vars(errors).items() if isinstance(kind, type)}
    assert names == {name for _, name in drawn()}
