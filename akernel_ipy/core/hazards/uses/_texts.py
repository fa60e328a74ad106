"""The texts of functions: what a live function does is read where it was written."""

from __future__ import annotations

import ast
from collections import defaultdict
from types import CodeType

from ...bytecode import parts
from ...parsing import parse, quietly
from ...syntax import last_word
from ._analysis import uses_of_function
from ._tables import FRESH, is_special
from ._value import Pass, Uses

_BUILTIN = {Pass(f"builtins.{name}", 0) for name in FRESH}
_Function = ast.FunctionDef | ast.AsyncFunctionDef
#: Decorators that leave a method what it says.
_PLAIN = frozenset({"property", "classmethod", "staticmethod", "abstractmethod", "override"})


class Texts:
    """The cells of a session that define functions.

    A function is known by its code: equal code at the same line of a text is that text's.
    """

    def __init__(self) -> None:
        self._sources: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._known: dict[CodeType, Uses | None] = {}
        self._taken: set[str] = set()
        #: The methods of the notebook's classes by their names, None where a decorator hides one.
        self.methods: defaultdict[str, list[Uses | None]] = defaultdict(list)
        #: Names of attributes that instances have, by the text.
        self.fields: set[str] = set()
        #: Some class does more than read when it is shown, compared, added ...
        self.wild = False
        #: Some dictionary may get an entry when it is asked for one.
        self.filling = False

    def take(self, source: str) -> None:
        """Take note of the functions in a cell."""
        self.filling = self.filling or "defaultdict" in source or "__missing__" in source
        if source in self._taken or ("def " not in source and "class " not in source):
            return
        self._taken.add(source)
        for node in ast.walk(parse(source)):
            if isinstance(node, _Function):
                self._sources[node.name][source] = None
            elif isinstance(node, ast.ClassDef):
                self._take_class(node)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                self.fields.add(node.attr)

    def _take_class(self, node: ast.ClassDef) -> None:
        for part in node.body:
            if isinstance(part, _Function):
                self._take_method(part)
            elif isinstance(part, ast.Assign | ast.AnnAssign):
                targets = part.targets if isinstance(part, ast.Assign) else [part.target]
                self.fields.update(target.id for target in targets if isinstance(target, ast.Name))

    def _take_method(self, node: _Function) -> None:
        plain = all(last_word(decorator) in _PLAIN for decorator in node.decorator_list)
        uses = uses_of_function(node) if plain else None
        self.methods[node.name].append(uses)
        if is_special(node.name) and not self.wild:
            use = uses.of_first() if uses else None
            self.wild = use is None or bool(use.calls or use.methods or use.passes - _BUILTIN)

    def uses(self, code: CodeType) -> Uses | None:
        """Say how a function uses its parameters and globals; None if its text is not known."""
        if code not in self._known:
            self._known[code] = self._find(code)
        return self._known[code]

    def _find(self, code: CodeType) -> Uses | None:
        for source in reversed(self._sources.get(code.co_name, {})):
            tree = parse(source)
            flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
            with quietly():
                whole = compile(tree, code.co_filename, "exec", flags, dont_inherit=True)
            if code in parts(whole):
                for node in ast.walk(tree):
                    if isinstance(node, _Function) and node.name == code.co_name:
                        first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
                        if first == code.co_firstlineno:
                            return uses_of_function(node)
        return None
