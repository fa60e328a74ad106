"""Scopes: which names a block binds, and what a name means at one place.

The rules are those of the compiler's symbol table (Python reference, "Naming and binding"), which
can't be asked itself: it refuses the top-level ``await`` of a cell.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


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


def bindings(nodes: Iterable[ast.AST]) -> Bindings:
    """Collect what the statements bind in their own scope."""
    found = Bindings()
    todo: list[tuple[ast.AST, bool]] = [(node, False) for node in nodes]
    while todo:
        node, in_comprehension = todo.pop()
        _note(node, in_comprehension, found)
        inside = in_comprehension or isinstance(node, _COMPREHENSIONS)
        todo.extend((child, inside) for child in _same_scope(node))
    return found


def _same_scope(node: ast.AST) -> Iterator[ast.AST]:
    """Give the children which are evaluated in the scope of the node."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        yield from node.decorator_list
        yield node.args
    elif isinstance(node, ast.ClassDef):
        yield from (*node.decorator_list, *node.bases, *node.keywords)
    elif isinstance(node, ast.Lambda):
        yield node.args
    else:
        yield from ast.iter_child_nodes(node)


def _note(node: ast.AST, in_comprehension: bool, found: Bindings) -> None:
    if isinstance(node, ast.Name):
        if isinstance(node.ctx, ast.Store) and not in_comprehension:
            found.stores.add(node.id)
        elif isinstance(node.ctx, ast.Del):
            found.deletes.add(node.id)
    elif isinstance(node, ast.NamedExpr):
        found.stores.add(node.target.id)
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        found.stores.add(node.name)
    elif isinstance(node, ast.Import | ast.ImportFrom):
        found.stores.update(bound_name(alias) for alias in node.names)
    elif isinstance(node, ast.Global):
        found.declared_global.update(node.names)
    elif isinstance(node, ast.Nonlocal):
        found.declared_nonlocal.update(node.names)
    elif isinstance(node, ast.ExceptHandler) and node.name:
        found.stores.add(node.name)
        found.deletes.add(node.name)
    elif isinstance(node, ast.MatchAs | ast.MatchStar) and node.name:
        found.stores.add(node.name)
    elif isinstance(node, ast.MatchMapping) and node.rest:
        found.stores.add(node.rest)


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
    """What a name means: class keys to look at first, then the global name, or neither."""

    class_keys: tuple[str, ...] = ()
    is_global: bool = False


_LOCAL = Place()
_GLOBAL = Place((), True)


def resolve(name: str, scopes: list[Scope]) -> Place:
    """Find out what reading ``name`` means within ``scopes`` (outermost first)."""
    if not scopes:
        return _GLOBAL
    keys: list[str] = []
    classes_seen = True
    in_function = False
    for scope in reversed(scopes):
        if scope.kind is Kind.CLASS:
            if in_function and name == "__class__":
                return _LOCAL
            if classes_seen:
                if name in scope.declared_global:
                    break
                if name in scope.names:
                    keys.append(f"{scope.key}{name}")
            classes_seen = False
        elif name in scope.declared_global:
            break
        elif name in scope.names:
            return Place(tuple(keys), False)
        elif scope.kind is not Kind.PARAMETERS:
            classes_seen = False
            in_function = in_function or scope.kind is Kind.FUNCTION
    return Place(tuple(keys), True)
