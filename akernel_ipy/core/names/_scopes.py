"""Scopes: which names a block binds, and what a name means at one place.

The rules are those of the compiler's symbol table (Python reference, "Naming and binding"), which
can't be asked itself: it refuses the top-level ``await`` of a cell.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


@dataclass(slots=True)
class Bindings:
    """The names a block binds, deletes and declares, its inner scopes left out."""

    stores: set[str] = field(default_factory=set)
    deletes: set[str] = field(default_factory=set)
    declared_global: set[str] = field(default_factory=set)
    declared_nonlocal: set[str] = field(default_factory=set)

    @property
    def local(self) -> set[str]:
        return (self.stores | self.deletes) - self.declared_global - self.declared_nonlocal


def bindings(nodes: Iterable[ast.AST], walrus: bool = True) -> Bindings:
    """Collect what the statements bind in their own scope.

    Without ``walrus`` expressions are not looked into: only ``:=`` binds there.
    """
    found = Bindings()
    todo: list[tuple[ast.AST, bool]] = [(node, False) for node in nodes]
    while todo:
        node, in_comprehension = todo.pop()
        kind = type(node)
        if kind is ast.Name:
            _note_name(node, in_comprehension, found)
            continue
        if kind in _NOTES:
            _NOTES[kind](node, found)
        elif not walrus and kind not in _TARGETS and isinstance(node, ast.expr):
            continue
        inside = in_comprehension or kind in _COMPREHENSIONS
        todo.extend([(child, inside) for child in _same_scope(node)])
    return found


def _same_scope(node: ast.AST) -> Iterable[ast.AST]:
    """Give the children which are evaluated in the scope of the node."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return (*node.decorator_list, node.args)
    if isinstance(node, ast.ClassDef):
        return (*node.decorator_list, *node.bases, *node.keywords)
    if isinstance(node, ast.Lambda):
        return (node.args,)
    return ast.iter_child_nodes(node)


def _note_name(node: Any, in_comprehension: bool, found: Bindings) -> None:
    kind = type(node.ctx)
    if kind is ast.Store and not in_comprehension:
        found.stores.add(node.id)
    elif kind is ast.Del:
        found.deletes.add(node.id)


def _note_walrus(node: ast.NamedExpr, found: Bindings) -> None:
    found.stores.add(node.target.id)


def _note_definition(
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, found: Bindings
) -> None:
    found.stores.add(node.name)


def _note_import(node: ast.Import | ast.ImportFrom, found: Bindings) -> None:
    found.stores.update(bound_name(alias) for alias in node.names)


def _note_global(node: ast.Global, found: Bindings) -> None:
    found.declared_global.update(node.names)


def _note_nonlocal(node: ast.Nonlocal, found: Bindings) -> None:
    found.declared_nonlocal.update(node.names)


def _note_handler(node: ast.ExceptHandler, found: Bindings) -> None:
    if node.name:
        found.stores.add(node.name)
        found.deletes.add(node.name)


def _note_capture(node: ast.MatchAs | ast.MatchStar, found: Bindings) -> None:
    if node.name:
        found.stores.add(node.name)


def _note_rest(node: ast.MatchMapping, found: Bindings) -> None:
    if node.rest:
        found.stores.add(node.rest)


_TARGETS = frozenset({ast.Tuple, ast.List, ast.Starred})
_COMPREHENSIONS = frozenset({ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp})
_NOTES: dict[type[ast.AST], Callable[[Any, Bindings], None]] = {
    ast.NamedExpr: _note_walrus,
    ast.FunctionDef: _note_definition,
    ast.AsyncFunctionDef: _note_definition,
    ast.ClassDef: _note_definition,
    ast.Import: _note_import,
    ast.ImportFrom: _note_import,
    ast.Global: _note_global,
    ast.Nonlocal: _note_nonlocal,
    ast.ExceptHandler: _note_handler,
    ast.MatchAs: _note_capture,
    ast.MatchStar: _note_capture,
    ast.MatchMapping: _note_rest,
}


def bound_name(alias: ast.alias) -> str:
    """Give the name that one alias of an import binds: ``a`` for ``import a.b``."""
    return alias.asname or alias.name.partition(".")[0]


def parameters(args: ast.arguments) -> set[str]:
    """Give the parameters of a function."""
    every = [*args.posonlyargs, *args.args, *args.kwonlyargs]
    every += [arg for arg in (args.vararg, args.kwarg) if arg]
    return {arg.arg for arg in every}


def targets(node: ast.AST) -> set[str]:
    """Give the names that a target binds."""
    return {
        child.id
        for child in ast.walk(node)
        if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store)
    }


class Kind(Enum):
    """What a scope is: it decides who sees its names."""

    CLASS = "class"
    FUNCTION = "function"
    COMPREHENSION = "comprehension"
    PARAMETERS = "type parameters"


@dataclass(slots=True)
class Scope:
    """One scope inside the cell."""

    kind: Kind
    names: set[str]
    declared_global: set[str] = field(default_factory=set)
    key: str = ""
    private: str | None = None


def mangle(name: str, scopes: list[Scope]) -> str:
    """Spell ``__name`` as the compiler does inside a class."""
    if not name.startswith("__") or name.endswith("__"):
        return name
    for scope in reversed(scopes):
        if scope.kind is Kind.CLASS and scope.private is not None:
            stripped = scope.private.lstrip("_")
            return f"_{stripped}{name}" if stripped else name
    return name


@dataclass(frozen=True, slots=True)
class Place:
    """What a name means: a key of a class body to look at first, a global name, or neither."""

    class_key: str | None = None
    is_global: bool = False


_LOCAL = Place()
_GLOBAL = Place(None, True)


def resolve(name: str, scopes: list[Scope]) -> Place:
    """Find out what reading ``name`` means within ``scopes`` (outermost first)."""
    if not scopes:
        return _GLOBAL
    class_visible = True
    in_function = False
    for scope in reversed(scopes):
        if scope.kind is Kind.CLASS:
            if in_function and name == "__class__":
                return _LOCAL
            if class_visible and name in scope.declared_global:
                return _GLOBAL
            if class_visible and name in scope.names:  # unbound there, it is the global one
                return Place(f"{scope.key}{name}", True)
            class_visible = False
        elif name in scope.declared_global:
            return _GLOBAL
        elif name in scope.names:
            return _LOCAL
        elif scope.kind is not Kind.PARAMETERS:
            class_visible = False
            in_function = in_function or scope.kind is Kind.FUNCTION
    return _GLOBAL
