"""What a call does to the objects that it is given, as far as its text tells."""

from __future__ import annotations

import ast
from abc import abstractmethod
from collections.abc import Iterator

from ...syntax import dotted
from ._record import Record
from ._tables import (
    APPLYING,
    CHOOSING,
    COPIES,
    COPYING,
    FIRST_ARGUMENT,
    FRESH,
    IN_PLACE,
    ITERATING_FRESH,
    RISKY,
)
from ._value import CLEAN, RESULTS, Hold, Pass, Taint, held_by_new, part_of

#: Builtins whose effects are known.
BUILTINS = FRESH | ITERATING_FRESH | COPYING | CHOOSING

_RESULT: Taint = frozenset({(RESULTS, Hold.PART)})
_Arguments = list[tuple[int | str, ast.expr, Taint]]


class Calls(Record):
    """Evaluates calls; `Analysis` does everything else."""

    def __init__(self) -> None:
        super().__init__()
        #: Names that the code binds, but for those that it imports: these, with what they are.
        self.rebound: set[str] = set()
        self.imported: dict[str, str] = {}
        #: The parameter that ``super()`` is about.
        self.first: str | None = None

    @abstractmethod
    def eval(self, node: ast.expr | None) -> Taint:
        """Say what the value of an expression hangs together with."""

    @abstractmethod
    def bind(self, target: ast.AST, taint: Taint) -> None:
        """Bind names to a value."""

    def call(self, node: ast.Call) -> Taint:
        """Say what the result of a call hangs together with; note what it does."""
        if isinstance(node.func, ast.Attribute):
            receiver = self.eval(node.func.value)
            return self._method(node, receiver, node.func.attr, self._arguments(node))
        arguments = self._arguments(node)
        if not isinstance(node.func, ast.Name):
            given = _all(arguments) | self.eval(node.func)
            self.deep(given)
            return part_of(given) | _RESULT
        self.called(self.eval(node.func))
        return self._function(node, node.func.id, arguments)

    def _arguments(self, node: ast.Call) -> _Arguments:
        found: _Arguments = []
        starred = False
        for position, argument in enumerate(node.args):
            starred = starred or isinstance(argument, ast.Starred)
            taint = CLEAN if isinstance(argument, ast.Lambda) else self.eval(argument)
            found.append(("*" if starred else position, argument, taint))
        for keyword in node.keywords:
            taint = CLEAN if isinstance(keyword.value, ast.Lambda) else self.eval(keyword.value)
            found.append((keyword.arg or "**", keyword.value, taint))
        return found

    # -- functions by their names ----------------------------------------------------------

    def _function(self, node: ast.Call, name: str, arguments: _Arguments) -> Taint:
        given = _all(arguments)
        if _risky(node) or (name == "print" and any(key == "file" for key, _, _ in arguments)):
            self.deep(given)
            return part_of(given)
        if name in FIRST_ARGUMENT:
            return self._first_argument(arguments)
        if name == "super" and self.first:
            self.deep(self.load(self.first))
        if name in BUILTINS and name not in self.rebound and name not in self.imported:
            return self._builtin(name, arguments)
        return self._hand_over(self._path(node.func), arguments)

    def _first_argument(self, arguments: _Arguments) -> Taint:
        for number, (_, _, taint) in enumerate(arguments):
            if number:
                self.deep(taint)
            else:
                self.change(taint)
                first = taint
        return part_of(first) if arguments else CLEAN

    def _builtin(self, name: str, arguments: _Arguments) -> Taint:
        given = _all(arguments)
        self.passed(given, Pass(f"builtins.{name}", 0))
        self._callables(arguments, given)
        if name in ("getattr", "hasattr"):
            self._named_attribute(arguments, given)
        if name in ("getattr", "type"):
            return part_of(given)
        if name in FRESH:
            return CLEAN
        self.iterated(given)
        if name in ("map", "filter") and arguments:
            self.called(arguments[0][2])
            rest = _all(arguments[1:])
            return held_by_new(rest | self._apply(arguments[0][1], part_of(rest)))
        if name in ITERATING_FRESH:
            return CLEAN
        return held_by_new(given) if name in COPYING else part_of(given)

    def _named_attribute(self, arguments: _Arguments, given: Taint) -> None:
        """``getattr(x, "name")`` reads an attribute; without a constant, any."""
        words = [value for _, value, _ in arguments[1:2]]
        if words and isinstance(words[0], ast.Constant) and isinstance(words[0].value, str):
            self.attribute(given, words[0].value)
        else:
            self.deep(given)

    def _callables(self, arguments: _Arguments, given: Taint) -> None:
        """A function among the arguments (``key=...``) gets parts of the others."""
        for key, value, taint in arguments:
            if isinstance(value, ast.Lambda) or key == "key":
                self.called(taint)
                self._apply(value, part_of(given))

    def _path(self, function: ast.expr) -> str | None:
        """Say where a function is found: ``np.sum`` in the namespace, ``numpy:sum`` in a module."""
        path = dotted(function)
        if path is None:
            return None
        first, dot, rest = path.partition(".")
        if first in self.rebound:
            return None
        if first in self.imported:
            module, colon, word = self.imported[first].partition(":")
            return f"{module}:{word}{dot * bool(colon)}{rest}"
        return path

    def _apply(self, function: ast.expr, given: Taint) -> Taint:
        """Call a function that is an argument with these; give what comes of it."""
        if isinstance(function, ast.Lambda):
            return self.see_through(function, given)
        path = self._path(function)
        if path in BUILTINS:
            path = f"builtins.{path}"
        if path is None:
            self.deep(given)
        else:
            self.passed(given, Pass(path, 0))
        return part_of(given)

    def see_through(self, function: ast.Lambda, given: Taint) -> Taint:
        """Evaluate a lambda whose arguments are known."""
        for argument in ast.walk(function.args):
            if isinstance(argument, ast.arg):
                self.bind_name(argument.arg, given)
        for default in (*function.args.defaults, *function.args.kw_defaults):
            self.deep(self.eval(default))
        return self.eval(function.body)

    def _hand_over(self, path: str | None, arguments: _Arguments) -> Taint:
        """Call something by its path; what it does is seen when that is known."""
        if path is None:
            self.deep(_all(arguments))
            return part_of(_all(arguments)) | _RESULT
        last = path.replace(":", ".").rpartition(".")[2]
        shift = {"to_thread": 0, "run_in_executor": 1, "partial": 0}.get(last)
        if shift is not None and len(arguments) > shift:
            for _, _, taint in arguments[: shift + 1]:
                self.called(taint)
            inner = self._path(arguments[shift][1])
            rest = arguments[shift + 1 :]
            moved = [(k - shift - 1 if isinstance(k, int) else k, v, t) for k, v, t in rest]
            return self._hand_over(inner, moved)
        for key, value, taint in arguments:
            if isinstance(value, ast.Lambda):
                self.deep(self.see_through(value, part_of(_all(arguments))))
                self.deep(_all(arguments))
            else:
                self.passed(taint, Pass(path, key))
        return part_of(_all(arguments)) | _RESULT

    # -- methods ---------------------------------------------------------------------------

    def _method(self, node: ast.Call, receiver: Taint, name: str, arguments: _Arguments) -> Taint:
        given = _all(arguments)
        if _risky(node):
            self.deep(receiver | given)
            return part_of(receiver | given)
        low, high = IN_PLACE.get(name, (1, 0))
        if low <= len(node.args) <= high:
            self.change(receiver)
            self.store(receiver, given)
            self._unbound(node.func, arguments)
            return part_of(receiver | given)
        self.method(receiver, name)
        if name in FIRST_ARGUMENT:
            return self._first_argument(arguments)
        if name in APPLYING and receiver:
            return part_of(receiver | given) | self._applied(arguments, receiver)
        result = self._hand_over(self._path(node.func) or f"?.{name}", arguments)
        new = held_by_new if name in COPIES else part_of
        return result | new(receiver)

    def _unbound(self, function: ast.expr, arguments: _Arguments) -> None:
        """The method may be a class's: ``dict.update(d, x)`` changes its first argument."""
        path = self._path(function)
        if path is not None and arguments:
            self.passed(arguments[0][2], Pass(f"!{path}", 0))

    def _applied(self, arguments: _Arguments, receiver: Taint) -> Taint:
        found = CLEAN
        for _, value, taint in arguments:
            if not _is_literal(value):
                found |= held_by_new(self._apply(value, part_of(receiver)))
                self.deep(taint)
        return found


def _all(arguments: _Arguments) -> Taint:
    return CLEAN.union(*(taint for _, _, taint in arguments))


def _risky(node: ast.Call) -> bool:
    """Whether a keyword lets the call change what it is given: ``inplace=True``."""
    for keyword in node.keywords:
        if keyword.arg in RISKY:
            value = keyword.value.value if isinstance(keyword.value, ast.Constant) else ...
            harmless = (True,) if keyword.arg == "copy" else (False, None)
            if value not in harmless:
                return True
    return False


def _is_literal(node: ast.expr) -> bool:
    return all(
        isinstance(part, ast.Constant | ast.Dict | ast.List | ast.Tuple | ast.expr_context)
        for part in ast.walk(node)
    )


def literal_parts(node: ast.expr) -> Iterator[ast.expr]:
    """Give the elements of a display, or the node itself."""
    if isinstance(node, ast.Tuple | ast.List):
        yield from node.elts
    else:
        yield node
