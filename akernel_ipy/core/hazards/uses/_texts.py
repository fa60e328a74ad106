"""The texts of functions: what a live function does is read where it was written."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from types import CodeType

from ._analysis import uses_of_function
from ._value import Uses

_Function = ast.FunctionDef | ast.AsyncFunctionDef


class Texts:
    """The cells of a session that define functions.

    A function is known by its code: equal code at the same line of a text is that text's.
    """

    def __init__(self) -> None:
        self._sources: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._known: dict[CodeType, Uses | None] = {}
        #: Names of methods of the notebook's classes.
        self.methods: set[str] = set()

    def take(self, source: str) -> None:
        """Take note of the functions in a cell."""
        if "def " not in source:
            return
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, _Function):
                self._sources[node.name][source] = None
            elif isinstance(node, ast.ClassDef):
                self.methods.update(n.name for n in node.body if isinstance(n, _Function))

    def uses(self, code: CodeType) -> Uses | None:
        """Say how a function uses its parameters and globals; None if its text is not known."""
        if code not in self._known:
            self._known[code] = self._find(code)
        return self._known[code]

    def _find(self, code: CodeType) -> Uses | None:
        for source in reversed(self._sources.get(code.co_name, {})):
            tree = ast.parse(source)
            flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
            whole = compile(tree, code.co_filename, "exec", flags, dont_inherit=True)
            if code in _inner(whole):
                for node in ast.walk(tree):
                    if isinstance(node, _Function) and node.name == code.co_name:
                        first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
                        if first == code.co_firstlineno:
                            return uses_of_function(node)
        return None


def _inner(code: CodeType) -> Iterator[CodeType]:
    for value in code.co_consts:
        if isinstance(value, CodeType):
            yield value
            yield from _inner(value)
