"""Patterns that change objects in place, or may."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from .. import syntax
from ._known import FIRST_ARGUMENT, HARMLESS, IN_PLACE

#: Variables in the text of ``df.query("v > @low")`` and ``df.eval``.
_QUOTED = re.compile(r"@([^\W\d]\w*)")


def root(node: ast.AST) -> str | None:
    """Give the name at the root of ``name.a[0].b``, or None."""
    found = syntax.root(node)
    return found.id if isinstance(found, ast.Name) else None


def roots(node: ast.AST) -> Iterator[str]:
    """Give the names whose objects an argument hands over, displays looked into."""
    name = root(node)
    if name is not None:
        yield name
    elif isinstance(node, ast.List | ast.Tuple | ast.Set):
        for element in node.elts:
            yield from roots(element)
    elif isinstance(node, ast.Dict):
        for value in node.values:
            yield from roots(value)
    elif isinstance(node, ast.IfExp):
        yield from roots(node.body)
        yield from roots(node.orelse)
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from roots(value)


def called(node: ast.Call) -> str | None:
    """Give the last word of what is called: ``append`` for ``a.b.append()``."""
    func = node.func
    if isinstance(func, ast.Attribute):
        return func.attr
    return func.id if isinstance(func, ast.Name) else None


def mutated(node: ast.Call) -> Iterator[str]:
    """Give the names whose objects a call clearly changes in place."""
    name = called(node)
    if isinstance(node.func, ast.Attribute):
        receiver = root(node.func.value)
        if receiver is not None and _changes_receiver(node, node.func.attr):
            yield receiver
    if name in FIRST_ARGUMENT and node.args:
        yield from roots(node.args[0])
    for keyword in node.keywords:
        if keyword.arg == "out":
            yield from roots(keyword.value)


def _changes_receiver(node: ast.Call, method: str) -> bool:
    low, high = IN_PLACE.get(method, (1, 0))
    if low <= len(node.args) <= high:
        return True
    return any(
        keyword.arg == "inplace"
        and isinstance(keyword.value, ast.Constant)
        and keyword.value.value is True
        for keyword in node.keywords
    )


def quoted(node: ast.Call) -> Iterator[str]:
    """Give the variables that pandas looks up by the text of a call: ``df.query("v > @low")``."""
    if not (isinstance(node.func, ast.Attribute) and node.func.attr in ("query", "eval")):
        return
    arguments = [*node.args[:1], *(k.value for k in node.keywords if k.arg == "expr")]
    for part in (part for argument in arguments for part in ast.walk(argument)):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield from _QUOTED.findall(part.value)


def touched(node: ast.Call) -> Iterator[str]:
    """Give the names whose objects a call may change: its receiver and its arguments."""
    if isinstance(node.func, ast.Attribute):
        receiver = root(node.func.value)
        if receiver is not None:
            yield receiver
    elif isinstance(node.func, ast.Name) and node.func.id in HARMLESS:
        return
    for argument in node.args:
        yield from roots(argument)
    for keyword in node.keywords:
        yield from roots(keyword.value)
