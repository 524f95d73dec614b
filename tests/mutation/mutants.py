"""Finds the mutants of a source file: the same file with one small change.

Changed are comparisons, arithmetic, ``and`` and ``or``, conditions, numbers, True and False, and
returned values; left out are statements that act (calls, assignments to attributes and items,
``raise``, ``continue``, ``break``) and keyword arguments.  Not touched, because no behaviour
depends on it: annotations, decorators, texts, ``assert`` (which only narrows types here), calls of
the log, ``strict=`` and ``encoding=``.
"""

from __future__ import annotations

import ast
import copy
import hashlib
import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_COMPARE: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.MatMult: ast.Mult,
}
_UNTOUCHED_KEYWORDS = {"strict", "encoding"}


@dataclass(frozen=True)
class Mutant:
    """One change.  ``file``: path inside the project.  ``function``: qualified name, empty outside
    of one.  ``line``: where it begins.  ``before`` and ``after``: the text replaced, and by what.
    ``occurrence``: counts equal changes in one function.  ``start``, ``end``: bytes in the file."""

    file: str
    function: str
    line: int
    before: str
    after: str
    occurrence: int
    start: int
    end: int

    @property
    def key(self) -> str:
        """A name that stays while other functions of the file change."""
        parts = (self.file, self.function, self.before, self.after, str(self.occurrence))
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]

    @property
    def change(self) -> str:
        """The change in one line."""
        before, after = (" ".join(text.split()) for text in (self.before, self.after))
        return f"{before} -> {after}"

    def apply(self, source: bytes) -> bytes:
        """The file's bytes with the change."""
        return source[: self.start] + self.after.encode() + source[self.end :]


def find_mutants(root: Path, file: str) -> list[Mutant]:
    """Every mutant of ``file``, a path inside ``root``, in the file's order."""
    finder = _Finder((root / file).read_bytes())
    finder.visit(ast.parse(finder.source))
    seen: Counter[tuple[str, str, str]] = Counter()
    found = []
    for function, node, after in finder.found:
        start, end = finder.span(node)
        before = finder.source[start:end].decode()
        seen[function, before, after] += 1
        occurrence = seen[function, before, after]
        found.append(Mutant(file, function, node.lineno, before, after, occurrence, start, end))
    return found


def sample(mutants: list[Mutant], count: int, least: int = 2) -> list[Mutant]:
    """About ``count`` of them, of each file in proportion to how many it has, but ``least``.

    The choice follows from the mutants' keys: it is the same in every run, and a change of one
    function does not change it for others.
    """
    chosen = []
    for file in sorted({mutant.file for mutant in mutants}):
        own = [mutant for mutant in mutants if mutant.file == file]
        quota = max(least, round(count * len(own) / len(mutants)))
        first = sorted(own, key=lambda mutant: mutant.key)[:quota]
        chosen += sorted(first, key=lambda mutant: (mutant.line, mutant.key))
    return chosen


class _Finder(ast.NodeVisitor):
    """Collects (function, node to replace, its new text)."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.found: list[tuple[str, ast.expr | ast.stmt, str]] = []
        self._names: list[str] = []
        self._in_function = 0
        lengths = (len(line) for line in source.splitlines(keepends=True))
        self._starts = list(itertools.accumulate(lengths, initial=0))

    def span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        """The bytes of a node: start, and end exclusive."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return (
            self._starts[node.lineno - 1] + node.col_offset,
            self._starts[node.end_lineno - 1] + node.end_col_offset,
        )

    def _add(self, node: ast.expr | ast.stmt, after: ast.AST | str) -> None:
        text = after if isinstance(after, str) else f"({ast.unparse(after)})"
        self.found.append((".".join(self._names), node, text))

    def _changed(self, node: ast.AST, **fields: object) -> ast.AST:
        changed = copy.copy(node)
        for name, value in fields.items():
            setattr(changed, name, value)
        return changed

    # --- What is entered -----------------------------------------------------------------------

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        if ast.unparse(node.body[-1]) == "...":
            return  # a protocol's: never called
        self._names.append(node.name)
        for default in (*node.args.defaults, *node.args.kw_defaults):
            if default is not None:
                self.visit(default)
        self._in_function += 1
        for statement in node.body:
            self.visit(statement)
        self._in_function -= 1
        self._names.pop()

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._names.append(node.name)
        for statement in node.body:
            self.visit(statement)
        self._names.pop()

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self._assignment(node, [node.target])
            self.visit(node.value)

    def visit_Assert(self, node: ast.Assert) -> None:
        """Not touched."""

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Not touched: a text."""

    # --- Expressions ---------------------------------------------------------------------------

    def visit_Compare(self, node: ast.Compare) -> None:
        for i, operator in enumerate(node.ops):
            for other in _COMPARE[type(operator)]:
                ops = [*node.ops[:i], other(), *node.ops[i + 1 :]]
                self._add(node, self._changed(node, ops=ops))
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if self._in_function:  # outside of functions, | joins types
            self._add(node, self._changed(node, op=_ARITHMETIC[type(node.op)]()))
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        self._add(node, self._changed(node, op=other))
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        self._add(node, node.operand)
        if not isinstance(node.operand, ast.Constant):
            self.visit(node.operand)

    def visit_Constant(self, node: ast.Constant) -> None:
        for value in _other_constants(node.value):
            self._add(node, f"({value!r})" if str(value).startswith("-") else repr(value))

    def visit_Call(self, node: ast.Call) -> None:
        for keyword in node.keywords if self._in_function else ():
            if keyword.arg is not None and keyword.arg not in _UNTOUCHED_KEYWORDS:
                others = [other for other in node.keywords if other is not keyword]
                self._add(node, self._changed(node, keywords=others))
        for child in (node.func, *node.args):
            self.visit(child)
        for keyword in node.keywords:
            if keyword.arg not in _UNTOUCHED_KEYWORDS:
                self.visit(keyword.value)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self._condition(node.test)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        for test in node.ifs:
            self._condition(test)
        self.generic_visit(node)

    def _condition(self, test: ast.expr) -> None:
        """The opposite of a condition for which no other visit gives it."""
        if not isinstance(test, ast.Compare | ast.BoolOp | ast.UnaryOp):
            self._add(test, ast.UnaryOp(ast.Not(), test))

    # --- Statements ----------------------------------------------------------------------------

    def visit_If(self, node: ast.If) -> None:
        if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            return
        self._condition(node.test)
        self.generic_visit(node)

    def visit_While(self, node: ast.While) -> None:
        if not isinstance(node.test, ast.Constant):
            self._condition(node.test)
            self.visit(node.test)
        for statement in node.body:
            self.visit(statement)

    def visit_Expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Call):
            if ast.unparse(node.value.func).startswith("_log."):
                return
            self._left_out(node)
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        self._assignment(node, node.targets)
        self.visit(node.value)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._add(node, ast.unparse(self._changed(node, op=_ARITHMETIC[type(node.op)]())))
        self.visit(node.value)

    def visit_Return(self, node: ast.Return) -> None:
        if node.value is not None and ast.unparse(node.value) != "None":
            self._add(node, "return None")
            self.visit(node.value)

    def visit_Raise(self, node: ast.Raise) -> None:
        self._left_out(node)

    def visit_Continue(self, node: ast.Continue) -> None:
        self._left_out(node)

    def visit_Break(self, node: ast.Break) -> None:
        self._left_out(node)

    def _assignment(self, node: ast.stmt, targets: list[ast.expr]) -> None:
        if any(isinstance(target, ast.Attribute | ast.Subscript) for target in targets):
            self._left_out(node)

    def _left_out(self, node: ast.stmt) -> None:
        if self._in_function:
            self._add(node, "pass")


def _other_constants(value: object) -> Iterator[object]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value + 1, value - 1)
    elif isinstance(value, float):
        yield from (value * 2, value / 2) if value else (1.0,)
