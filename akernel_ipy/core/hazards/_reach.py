"""Which objects, and which further names, can be reached from names of a namespace."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ._code import CodeNames, names_of
from ._kids import attributes, class_members, contents, elements, frame_values
from ._types import Policies, Policy, is_global_of_a_library, is_own
from .uses import RESULTS, Behind, Judge, Use

#: An object's id, or a package whose objects share state.
Token = int | str

#: Objects looked at for one cell; beyond, it is taken to reach everything.
MAX_OBJECTS = 20_000

_MISSING: Any = object()
_QUIET = frozenset({Policy.FUNCTION, Policy.CLASS, Policy.MODULE, Policy.CELL, Policy.MEMBER})
_NO_USE = Use()
_Kids = Iterable[Any]


class Reach:
    """Follows names to objects, and functions to the names that they use.

    Args:
        namespace: where the names are bound.
        written: names whose functions, classes or modules some function of the notebook writes
            attributes of.
        self_written: names of classes and functions whose own code does so.
        judge: decides what is only read; without one all may be changed.
    """

    def __init__(
        self,
        namespace: Mapping[str, Any],
        written: Iterable[str] = (),
        self_written: frozenset[str] = frozenset(),
        judge: Judge | None = None,
    ) -> None:
        #: What is reached, with the name that it is reached from first.
        self.tokens: dict[Token, str] = {}
        #: What may be changed in place on the way.
        self.changes: set[Token] = set()
        #: What only changes where an attribute is set explicitly: functions, classes, modules.
        self.quiet: set[Token] = set()
        #: Names that functions on the way read, and bind.
        self.reads: set[str] = set()
        self.writes: set[str] = set()
        #: Why everything can be reached; empty if it can't.
        self.opaque = ""
        self._namespace = namespace
        self._policies = Policies()
        self._written = {id(namespace[n]) for n in written if n in namespace}
        self._self_written = self_written
        self._judge = judge
        #: What is looked at for a name that may be changed, or for the name at hand.
        self._seen: set[int] = set()
        self._left = MAX_OBJECTS
        #: Names that may turn out to be only read: the tokens and types behind them.
        self._candidates: dict[str, Behind] = {}
        self._behind: Behind | None = None
        #: What names undergo in all code that was seen, None if they are changed.
        self._uses: dict[str, Use | None] = {}
        #: Globals that functions return; what comes back, undergoes `RESULTS`.
        self._returned: set[str] = set()
        #: Objects made on the way, whose ids must stay theirs.
        self._kept: list[Any] = []

    def follow(
        self,
        names: Iterable[str],
        *,
        uses: Mapping[str, Use] | None = None,
        written: frozenset[str] = frozenset(),
    ) -> None:
        """Follow names, and those that functions reached from them use.

        Args:
            names: where to begin.
            uses: what those undergo which may be only read, and `RESULTS`; others are changed.
            written: those of them whose functions, classes or modules get attributes.
        """
        if uses is not None:
            self._undergoes(RESULTS, uses.get(RESULTS))
        for name in names:
            self._undergoes(name, None if uses is None else uses.get(name))
            self._enter(name, name in written)
        done: set[str] = set()
        while new := self.reads - done:
            done |= new
            for name in sorted(new):
                self._enter(name, False)

    def conclude(self) -> None:
        """Decide, when all code is known, which of the names are only read."""
        results = self._uses.get(RESULTS, _NO_USE)
        for name, behind in self._candidates.items():
            use, judge = self._use(name), self._judge
            if use is None or judge is None or not judge.only_reads(use, behind, results):
                self.changes |= behind.tokens
        self._candidates.clear()

    def would_only_read(self, names: Iterable[str]) -> frozenset[str]:
        """Give the names that will only be read, whatever they may be bound to."""
        judge = self._judge
        if judge is None:
            return frozenset()
        results = self._uses.get(RESULTS)
        uses = [(name, self._use(name)) for name in names]
        uses = [(n, Use.merged(u, results) if u is not None and u.calls else u) for n, u in uses]
        return frozenset(n for n, use in uses if use is not None and judge.would_only_read(use))

    def _use(self, name: str) -> Use | None:
        use = self._uses.get(name)
        return Use.merged(use, self._uses.get(RESULTS)) if name in self._returned else use

    def _undergoes(self, name: str, use: Use | None) -> None:
        known = self._uses.get(name, _MISSING)
        self._uses[name] = use if known is _MISSING else Use.merged(known, use)

    def _enter(self, name: str, explicit: bool) -> None:
        value = self._namespace.get(name, _MISSING)
        if value is _MISSING:
            return
        if self._uses.get(name) is None or self._judge is None:
            self._walk(value, name, True, explicit)
        elif explicit or name not in self._candidates:
            shared, self._seen = self._seen, set()
            self._behind = self._candidates.setdefault(name, Behind())
            self._walk(value, name, False, explicit)
            self._seen, self._behind = shared, None

    def _walk(self, value: Any, name: str, change: bool, explicit: bool) -> None:
        seen = self._seen
        todo: list[tuple[Any, bool]] = [(value, explicit)]
        policy_of = self._policies.of
        while todo:
            found, explicit = todo.pop()
            policy = policy_of(type(found))
            if policy is Policy.LEAF:
                continue
            if explicit and policy in _QUIET and (found is value or _is_in_reach(found, policy)):
                self._note(id(found), _label(found, name), True)
            if id(found) in seen:
                continue
            seen.add(id(found))
            self._left -= 1
            if self._left < 0 or policy is Policy.KERNEL:
                what = "more objects than can be looked at" if self._left < 0 else "the kernel"
                self.opaque = self.opaque or f"`{name}` leads to {what}"
                return
            explicit = explicit and policy not in _QUIET
            kids = _LOOKS[policy](self, found, name, change)
            if kids:
                todo += [(kid, explicit) for kid in kids]

    def _note(self, token: Token, name: str, change: bool) -> None:
        self.tokens.setdefault(token, name)
        (self.changes if change else self.quiet).add(token)

    def _may_change(self, token: Token, name: str, change: bool, kind: type) -> None:
        self.tokens.setdefault(token, name)
        if change:
            self.changes.add(token)
        if self._behind is not None:
            self._behind.tokens.add(token)
            self._behind.types.add(kind)

    # -- one object: note it, and give those that it leads to --------------------------------

    def _contents(self, found: Any, name: str, change: bool) -> _Kids:
        return contents(found)

    def _object(self, found: Any, name: str, change: bool) -> _Kids:
        kind = type(found)
        if callable(found) and not is_own(kind) and is_global_of_a_library(found):
            return ()
        self._may_change(id(found), name, change, kind)
        kids = gc.get_referents(found)
        if self._policies.are_leaves(kids):
            kids = []
        elif self._behind is not None and any(callable(kid) and kid is not kind for kid in kids):
            self._behind.holds_callables = True
        self._left -= len(kids) // 16
        return kids

    def _hidden(self, found: Any, name: str, change: bool) -> _Kids:
        self._may_change(type(found).__module__.partition(".")[0], name, change, type(found))
        return self._object(found, name, change)

    def _frame(self, found: Any, name: str, change: bool) -> _Kids:
        self._may_change(id(found), name, change, type(found))
        kids = frame_values(found)
        self._kept += kids
        return [type(found), *kids]

    def _array(self, array: Any, name: str, change: bool) -> _Kids:
        base = array
        while (below := getattr(base, "base", None)) is not None:
            base = below
            if self._policies.of(type(base)) is not Policy.ARRAY:
                break
        self._may_change(id(base), name, change, type(array))
        kids = [type(array), *elements(array), *gc.get_referents(array)]
        return kids if base is array else [base, *kids]

    def _module(self, found: Any, name: str, change: bool) -> _Kids:
        self._note(id(found), name, id(found) in self._written)
        return ()

    def _quiet(self, found: Any, name: str, change: bool) -> _Kids:
        self._note(id(found), name, id(found) in self._written)
        return gc.get_referents(found)

    def _class(self, found: Any, name: str, change: bool) -> _Kids:
        own = is_own(found)
        bases = (*found.__mro__, *type(found).__mro__)
        written = own and any(base.__name__ in self._self_written for base in bases)
        self._note(id(found), _label(found, name), written or id(found) in self._written)
        if own and self._behind is not None:
            self._behind.classes.append(found)
        return class_members(found) if own else ()

    def _function(self, function: Any, name: str, change: bool) -> _Kids:
        if is_global_of_a_library(function):
            return ()
        written = function.__code__.co_name in self._self_written
        self._note(id(function), name, written or id(function) in self._written)
        code, scope = names_of(function.__code__), function.__globals__
        kids = attributes(function)
        if scope is self._namespace:
            self._own_function(function, code)
        elif not _is_of_a_module(scope):
            self._note(id(scope), name, bool(code.writes))
            kids += [scope[word] for word in code.reads if word in scope]
        for variable, cell in zip(
            function.__code__.co_freevars, function.__closure__ or (), strict=False
        ):
            if variable in code.stores:
                self._note(id(cell), name, True)
        return kids

    def _own_function(self, function: Any, code: CodeNames) -> None:
        self.writes |= code.writes
        self.opaque = self.opaque or code.opaque
        uses = None if self._judge is None else self._judge.uses(function)
        read = {} if uses is None else uses.read
        for name in (*code.reads, RESULTS):
            self._undergoes(name, read.get(name))
        if uses is not None:
            self._returned |= uses.returned
        self.reads |= code.reads


_Look = Callable[[Reach, Any, str, bool], _Kids]
_LOOKS: dict[Policy, _Look] = {
    Policy.CONTENTS: Reach._contents,
    Policy.FUNCTION: Reach._function,
    Policy.CLASS: Reach._class,
    Policy.MODULE: Reach._module,
    Policy.CELL: Reach._quiet,
    Policy.MEMBER: Reach._quiet,
    Policy.OBJECT: Reach._object,
    Policy.ARRAY: Reach._array,
    Policy.FRAME: Reach._frame,
    Policy.HIDDEN: Reach._hidden,
}


def _label(found: Any, name: str) -> str:
    """Name what changes for people: a class by itself, not by what leads to it."""
    return found.__name__ if isinstance(found, type) else name


def _is_in_reach(found: Any, policy: Policy) -> bool:
    """Whether an attribute set on an object may be meant for this: not for a library's class."""
    return policy is not Policy.CLASS or is_own(found)


def _is_of_a_module(namespace: Mapping[str, Any]) -> bool:
    """Whether a function's globals are those of a module, whose state is no data."""
    module = sys.modules.get(namespace.get("__name__") or "")
    return module is not None and vars(module) is namespace
