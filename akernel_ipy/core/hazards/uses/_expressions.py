"""Evaluate expressions to what their values hang together with."""

from __future__ import annotations

import ast
from collections.abc import Callable

from ._calls import Calls
from ._value import CLEAN, Taint, held_by_new, part_of


class Expressions(Calls):
    """All expressions; `Analysis` does the statements."""

    def __init__(self) -> None:
        super().__init__()
        #: How many functions within the code are around the expression.
        self.nested = 0

    def eval(self, node: ast.expr | None) -> Taint:
        """Say what the value of an expression hangs together with."""
        if node is None:
            return CLEAN
        handler: Callable[..., Taint] | None = _EXPRESSIONS.get(type(node))
        if handler is not None:
            return handler(self, node)
        taints = [self.eval(child) for child in _expressions_in(node)]
        return held_by_new(CLEAN.union(*taints))

    def _name(self, node: ast.Name) -> Taint:
        return self.load(node.id)

    def _attribute(self, node: ast.Attribute) -> Taint:
        taint = self.eval(node.value)
        self.attribute(taint, node.attr)
        return part_of(taint)

    def _subscript(self, node: ast.Subscript) -> Taint:
        self.eval(node.slice)
        taint = self.eval(node.value)
        self.attribute(taint, "[]")
        return part_of(taint)

    def _await(self, node: ast.Await) -> Taint:
        taint = self.eval(node.value)
        if not isinstance(node.value, ast.Call):
            self.deep(taint)
        return taint

    def _one_of(self, node: ast.IfExp | ast.BoolOp) -> Taint:
        if isinstance(node, ast.IfExp):
            self.eval(node.test)
            return self.eval(node.body) | self.eval(node.orelse)
        return CLEAN.union(*map(self.eval, node.values))

    def _nothing_of(self, node: ast.expr) -> Taint:
        """A comparison, a formatted string: a new value without parts of others."""
        for child in _expressions_in(node):
            taint = self.eval(child)
            if isinstance(node, ast.Compare):
                self.iterated(taint)
        return CLEAN

    def _walrus(self, node: ast.NamedExpr) -> Taint:
        taint = self.eval(node.value)
        self.bind_name(node.target.id, taint)
        return taint

    def _starred(self, node: ast.Starred) -> Taint:
        taint = self.eval(node.value)
        self.iterated(taint)
        return part_of(taint)

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> Taint:
        self._generators(node.generators)
        return held_by_new(self.eval(node.elt))

    def _dict_comprehension(self, node: ast.DictComp) -> Taint:
        self._generators(node.generators)
        return held_by_new(self.eval(node.key) | self.eval(node.value))

    def _generators(self, generators: list[ast.comprehension]) -> None:
        for generator in generators:
            self.iterate(generator.target, generator.iter, changes=bool(generator.is_async))
            for test in generator.ifs:
                self.eval(test)

    def iterate(self, target: ast.expr, iterable: ast.expr, changes: bool = False) -> None:
        """Bind a target to the elements of an iterable."""
        taint = self.eval(iterable)
        self.iterated(taint)
        if changes:
            self.deep(taint)
        self.bind(target, part_of(taint))

    def _lambda(self, node: ast.Lambda) -> Taint:
        """A lambda that is kept: who calls it gets what it gives."""
        self.nested += 1
        self.deep(self.see_through(node, CLEAN))
        self.nested -= 1
        return CLEAN

    def _yield(self, node: ast.Yield | ast.YieldFrom) -> Taint:
        self.deep(self.eval(node.value))
        return CLEAN


def _expressions_in(node: ast.AST) -> list[ast.expr]:
    found: list[ast.expr] = []
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            found.append(child)
        elif not isinstance(child, ast.expr_context):
            found += _expressions_in(child)
    return found


_EXPRESSIONS: dict[type[ast.AST], Callable[..., Taint]] = {
    ast.Name: Expressions._name,
    ast.Attribute: Expressions._attribute,
    ast.Subscript: Expressions._subscript,
    ast.Call: Calls.call,
    ast.Await: Expressions._await,
    ast.IfExp: Expressions._one_of,
    ast.BoolOp: Expressions._one_of,
    ast.Compare: Expressions._nothing_of,
    ast.JoinedStr: Expressions._nothing_of,
    ast.FormattedValue: Expressions._nothing_of,
    ast.NamedExpr: Expressions._walrus,
    ast.Starred: Expressions._starred,
    ast.ListComp: Expressions._comprehension,
    ast.SetComp: Expressions._comprehension,
    ast.GeneratorExp: Expressions._comprehension,
    ast.DictComp: Expressions._dict_comprehension,
    ast.Lambda: Expressions._lambda,
    ast.Yield: Expressions._yield,
    ast.YieldFrom: Expressions._yield,
}
