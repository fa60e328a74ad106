"""Parse the user's code to look at it: what Python warns of is said when it is compiled to run."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quietly() -> Iterator[None]:
    """Let nothing be warned of that the user's own compilation says, too."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


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
