"""Does a cell read the value of a widget, or does it only show, set or lay it out?"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from functools import lru_cache

from .parsing import parse
from .syntax import dotted

#: Attributes through which a widget's value is read.
_VALUE = frozenset({"value", "get_interact_value", "get_state", "index", "label"})

#: Literals that hand on what they hold.
_CONTAINERS = (ast.List, ast.Tuple, ast.Set, ast.Dict, ast.Starred, ast.keyword)


def reads_value(source: str, name: str, lays_out: Callable[[str], bool]) -> bool:
    """Tell whether a cell may read the value of the widget that a name is bound to.

    The bare name as a statement, ``display(w)``, ``HBox([w])``, ``w.observe(f)``, ``w.max = 10``,
    ``w.value = 3`` do not; everything else may.

    Args:
        source: the cell, after IPython's input transformers.
        name: a global name.
        lays_out: whether a call of this (dotted) name only puts widgets together.
    """
    return any(not _harmless(path, lays_out) for path in _uses(source).get(name, ()))


@lru_cache(256)  # they hold syntax trees
def _uses(source: str) -> dict[str, list[tuple[ast.AST, ...]]]:
    """Every place where a name is loaded, as the path of nodes to it, innermost first."""
    found: dict[str, list[tuple[ast.AST, ...]]] = {}
    try:
        tree = parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return found
    for path in _paths(tree):
        node = path[0]
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            found.setdefault(node.id, []).append(path)
    return found


def _paths(tree: ast.AST) -> Iterator[tuple[ast.AST, ...]]:
    todo: list[tuple[ast.AST, ...]] = [(tree,)]
    while todo:
        path = todo.pop()
        yield path
        todo += [(child, *path) for child in ast.iter_child_nodes(path[0])]


def _harmless(path: tuple[ast.AST, ...], lays_out: Callable[[str], bool]) -> bool:
    parent = path[1]
    if isinstance(parent, ast.Attribute):
        return not isinstance(parent.ctx, ast.Load) or parent.attr not in _VALUE
    outer = 1
    while isinstance(path[outer], _CONTAINERS):
        outer += 1
    holder = path[outer]
    if isinstance(holder, ast.Call) and holder.func is not path[outer - 1]:
        called = dotted(holder.func)
        return called == "display" or (called is not None and lays_out(called))
    return isinstance(holder, ast.Expr)
