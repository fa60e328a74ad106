"""Small questions to Python's syntax trees, which several analyses ask."""

from __future__ import annotations

import ast
from typing import Any

_CHAIN = frozenset({ast.Attribute, ast.Subscript, ast.Starred, ast.Await})


def root(node: ast.AST) -> ast.AST:
    """Give what ``x.a[0].b`` begins with, or ``vars(x)["a"]``: ``x``."""
    current: Any = node
    while True:
        if type(current) in _CHAIN:
            current = current.value
        elif _is_vars(current):
            current = current.args[0]
        else:
            found: ast.AST = current
            return found


def _is_vars(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or len(node.args) != 1:
        return False
    return isinstance(node.func, ast.Name) and node.func.id == "vars"


def dotted(node: ast.AST) -> str | None:
    """Give the path of ``np.linalg.norm``; None for anything but names and attributes."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return None if before is None else f"{before}.{node.attr}"
    return None


def last_word(node: ast.AST) -> str | None:
    """Give the last word of an expression such as ``functools.lru_cache(None)``."""
    if isinstance(node, ast.Call):
        node = node.func
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else None
