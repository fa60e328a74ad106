"""Which global names a cell binds, reads and changes: `analyze` gives its `Names`.

The input is Python as it comes out of IPython's input transformers. The analysis is a definite
assignment analysis (Java's term; the compiler's own flow graph knows the like for locals): it walks
the paths control can take, so that ``b = 1; b`` doesn't read b, ``b = b + 1`` does, and
``if c: b = 1`` followed by ``b`` does perhaps.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from functools import lru_cache

from akernel_ipy.core.errors import AkernelError
from akernel_ipy.core.parsing import parse

from ._definitions import DEFERRED_ANNOTATIONS
from ._known import (
    BUILTINS,
    FIRST_ARGUMENT,
    IN_PLACE,
    only_ordinary,
    ordinary,
    ordinary_names,
)
from ._statements import Statements
from ._value import EMPTY, Names

__all__ = [
    "BUILTINS",
    "DEFERRED_ANNOTATIONS",
    "EMPTY",
    "FIRST_ARGUMENT",
    "IN_PLACE",
    "CellSyntaxError",
    "Names",
    "analyze",
    "ordinary",
    "ordinary_names",
    "same_code",
]

#: Cells; each takes about 2 KiB, whoever has run it.
_CACHE_SIZE = 2048
_DEFINITIONS = (
    ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom | ast.Pass
)


class CellSyntaxError(AkernelError, ValueError):
    """The code of a cell can't be parsed; what its cell defined before should stay."""


@lru_cache(_CACHE_SIZE)
def analyze(
    source: str,
    *,
    transform: Callable[[str], str] | None = None,
    python: tuple[int, int] = sys.version_info[:2],
) -> Names:
    """Find the global names of a cell; each text is analysed once.

    Args:
        source: Python, after IPython's input transformers.
        transform: the transformers, for code inside a magic (``%%time`` over ``!ls``).
        python: the version whose rules hold for annotations (they are lazy from 3.14 on).

    Raises:
        CellSyntaxError: the source is no Python.
    """
    tree = _parse(source)
    if not tree.body:
        return EMPTY
    visitor = Statements(python, transform)
    visitor.walrus = ":=" in source
    try:
        visitor.visit_all(tree.body)
    except RecursionError:
        return _roughly(tree)
    return visitor.facts.conclude(_functions_only(tree))


def same_code(old: str, new: str) -> bool:
    """Tell whether two sources differ in comments and layout only.

    Raises:
        CellSyntaxError: one of them is no Python.
    """
    return old == new or ast.dump(_parse(old)) == ast.dump(_parse(new))


def _parse(source: str) -> ast.Module:
    try:
        return parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise CellSyntaxError(str(error)) from error


def _functions_only(tree: ast.Module) -> bool:
    defined = False
    for statement in tree.body:
        if isinstance(statement, _DEFINITIONS) or type(statement).__name__ == "TypeAlias":
            defined = True
        elif isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Lambda):
            defined = defined or all(isinstance(name, ast.Name) for name in statement.targets)
        elif not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
            return False
    return defined


def _roughly(tree: ast.Module) -> Names:
    """Take every name of a tree too deep to walk: in doubt, a dependency."""
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    stored = only_ordinary(node.id for node in names if not isinstance(node.ctx, ast.Load))
    loaded = only_ordinary(node.id for node in names if isinstance(node.ctx, ast.Load))
    return Names(
        defs=stored,
        refs=loaded,
        immediate=loaded,
        maybe=loaded & stored,
        writes=stored,
        touches=loaded,
        opaque=("nested too deeply to analyse",),
    )
