"""The texts of functions: what a live function does is read where it was written."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from types import CodeType

from ._analysis import uses_of_function
from ._tables import FRESH, is_special
from ._value import Pass, Uses

_BUILTIN = {Pass(f"builtins.{name}", 0) for name in FRESH}
_Function = ast.FunctionDef | ast.AsyncFunctionDef


class Texts:
    """The cells of a session that define functions.

    A function is known by its code: equal code at the same line of a text is that text's.
    """

    def __init__(self) -> None:
        self._sources: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._known: dict[CodeType, Uses | None] = {}
        #: Names of methods of the notebook's classes, and of what is computed when it is read.
        self.methods: set[str] = set()
        self.computed: set[str] = set()
        #: Some class does more than read when it is shown, compared, added ...
        self.wild = False

    def take(self, source: str) -> None:
        """Take note of the functions in a cell."""
        if "def " not in source:
            return
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, _Function):
                self._sources[node.name][source] = None
            elif isinstance(node, ast.ClassDef):
                for member in (part for part in node.body if isinstance(part, _Function)):
                    self._take_method(member)

    def _take_method(self, node: _Function) -> None:
        self.methods.add(node.name)
        if node.decorator_list:
            self.computed.add(node.name)
        if is_special(node.name) and not self.wild:
            uses = uses_of_function(node)
            use = uses.read.get(uses.parameters[0]) if uses.parameters else None
            self.wild = use is None or bool(use.calls or use.methods or use.passes - _BUILTIN)

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
