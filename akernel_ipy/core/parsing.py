"""Parse the user's code to look at it: what Python warns of is said when it is compiled to run."""

from __future__ import annotations

import ast
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Silence:
    """Stands for the message in a filter of warnings: it is what one thread says meanwhile.

    Attributes:
        broken: something was to be said.
    """

    def __init__(self) -> None:
        self.broken = False
        self._thread: int | None = threading.get_ident()

    def match(self, _message: str) -> bool:
        """Tell whether a warning is not to be shown; Python asks it as it asks a pattern."""
        if threading.get_ident() != self._thread:
            return False
        self.broken = True
        return True

    def end(self) -> None:
        """Match nothing more: other threads' `catch_warnings` may have copied the filter."""
        self._thread = None


@contextmanager
def quietly(category: type[Warning] = Warning) -> Iterator[Silence]:
    """Let nothing be warned of that the user's own compilation says, too.

    `warnings.catch_warnings` also makes Python forget what it has warned of once: each cell that is
    analysed would let libraries say the same again. What is ignored, Python doesn't take note of.
    """
    silence = Silence()
    filters: Any = warnings.filters
    ignore = ("ignore", silence, category, None, 0)
    filters.insert(0, ignore)
    try:
        yield silence
    finally:
        silence.end()
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
