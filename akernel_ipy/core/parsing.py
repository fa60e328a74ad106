"""Parse the user's code to look at it: what Python warns of is said when it is compiled to run."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def quietly(category: type[Warning] = Warning) -> Iterator[None]:
    """Let nothing be warned of that the user's own compilation says, too.

    `warnings.catch_warnings` also makes Python forget what it has warned of once: each cell that is
    analysed would let libraries say the same again.
    """
    filters: Any = warnings.filters
    ignore = ("ignore", None, category, None, 0)
    filters.insert(0, ignore)
    try:
        yield
    finally:
        if ignore in filters:
            filters.remove(ignore)


def parse(source: str) -> ast.Module:
    """Parse statements.

    Raises:
        SyntaxError: they are no Python, as `ast.parse` says it.
    """
    with quietly():
        return ast.parse(source)


def parse_expression(source: str) -> ast.Expression:
    """Parse an expression.

    Raises:
        SyntaxError: it is none, as `ast.parse` says it.
    """
    with quietly():
        return ast.parse(source, mode="eval")
