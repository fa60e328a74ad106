"""Which objects, and which further names, can be reached from names of a namespace."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterable, Mapping
from types import FunctionType
from typing import Any
from weakref import ref

from ._code import names_of
from ._types import Policies, Policy, is_global_of_a_library

#: An object's id, or a package whose objects share state.
Token = int | str

#: Objects looked at for one cell; beyond, it is taken to reach everything.
MAX_OBJECTS = 20_000

#: Members of classes that dataclasses, enums and the like keep for themselves.
_MACHINERY = re.compile(
    r"__(annotations|dataclass_\w+|match_args|abstractmethods|parameters|orig_bases|attrs_\w+"
    r"|pydantic_\w+|static_attributes|annotations_cache|annotate_func|doc|module|dict|weakref)__"
    r"|_abc_impl|_field_defaults|_[a-z0-9]+(_[a-z0-9]+)*_map_|_member_\w+_|_sort_order_"
)

_MISSING = object()
_QUIET = frozenset({Policy.FUNCTION, Policy.CLASS, Policy.MODULE, Policy.CELL})


class Reach:
    """Follows names to objects, and functions to the names that they use.

    Args:
        namespace: where the names are bound.
        written: names whose functions, classes or modules some function of the notebook writes
            attributes of.
        self_written: names of classes whose own methods do so.
    """

    def __init__(
        self,
        namespace: Mapping[str, Any],
        written: Iterable[str] = (),
        self_written: frozenset[str] = frozenset(),
    ) -> None:
        #: What is reached, with the name that it is reached from first.
        self.tokens: dict[Token, str] = {}
        #: What may be changed in place on the way.
        self.changes: set[Token] = set()
        #: Names that functions on the way read, and bind.
        self.reads: set[str] = set()
        self.writes: set[str] = set()
        #: Why everything can be reached; empty if it can't.
        self.opaque = ""
        self._namespace = namespace
        self._policies = Policies(namespace)
        self._written = {id(namespace[n]) for n in written if n in namespace}
        self._self_written = self_written
        self._seen: tuple[set[int], set[int]] = (set(), set())
        self._left = MAX_OBJECTS

    def follow(
        self,
        names: Iterable[str],
        *,
        unchanged: frozenset[str] = frozenset(),
        written: frozenset[str] = frozenset(),
    ) -> None:
        """Follow names, and those that functions reached from them use.

        Args:
            names: where to begin.
            unchanged: those of them whose objects are only read.
            written: those of them whose functions, classes or modules get attributes.
        """
        for name in names:
            self._enter(name, name not in unchanged, name in written)
        done: set[str] = set()
        while new := self.reads - done:
            done |= new
            for name in sorted(new):
                self._enter(name, True, False)

    def _enter(self, name: str, change: bool, explicit: bool) -> None:
        value = self._namespace.get(name, _MISSING)
        if value is not _MISSING:
            self._walk(value, name, change, explicit)

    def _walk(self, value: Any, name: str, change: bool, explicit: bool) -> None:
        seen_changing, seen_reading = self._seen
        seen = seen_changing if change else seen_reading
        todo: list[tuple[Any, bool]] = [(value, explicit)]
        while todo:
            found, explicit = todo.pop()
            policy = self._policies.of(type(found))
            if policy is Policy.LEAF:
                continue
            if explicit and policy in _QUIET:
                self.tokens.setdefault(id(found), name)
                self.changes.add(id(found))
            if id(found) in seen or id(found) in seen_changing:
                continue
            seen.add(id(found))
            self._left -= 1
            if self._left < 0 or policy is Policy.KERNEL:
                what = "more objects than can be looked at" if self._left < 0 else "the kernel"
                self.opaque = self.opaque or f"`{name}` leads to {what}"
                return
            if policy is Policy.OBJECT and _callable_of_a_library(found, self._policies):
                continue
            kids = self._look(found, policy, name, change)
            explicit = explicit and policy not in _QUIET
            todo += [(kid, explicit) for kid in kids]

    def _look(self, found: Any, policy: Policy, name: str, change: bool) -> Iterable[Any]:
        """Note one object; give those that it leads to."""
        match policy:
            case Policy.CONTENTS:
                return _contents(found)
            case Policy.FUNCTION:
                return self._function(found, name)
            case Policy.CLASS:
                return self._class(found, name)
            case Policy.ARRAY:
                return self._array(found, name, change)
            case Policy.MODULE | Policy.CELL:
                self._note(id(found), name, id(found) in self._written)
                return gc.get_referents(found) if policy is Policy.CELL else ()
            case Policy.HIDDEN:
                self._note(type(found).__module__.partition(".")[0], name, change)
        self._note(id(found), name, change)
        kids = gc.get_referents(found)
        if all(policy is Policy.LEAF for policy in map(self._policies.of, set(map(type, kids)))):
            return ()
        self._left -= len(kids) // 16
        if type(found) not in (list, dict, set):
            return [type(found), *kids]
        return kids

    def _note(self, token: Token, name: str, change: bool) -> None:
        self.tokens.setdefault(token, name)
        if change:
            self.changes.add(token)

    def _function(self, function: FunctionType, name: str) -> Iterable[Any]:
        if function.__globals__ is self._namespace:
            code = names_of(function.__code__)
            self.reads |= code.reads
            self.writes |= code.writes
            self.opaque = self.opaque or code.opaque
        elif is_global_of_a_library(function):
            return ()
        stores = names_of(function.__code__).stores if function.__closure__ else frozenset()
        for variable, cell in zip(
            function.__code__.co_freevars, function.__closure__ or (), strict=False
        ):
            if variable in stores:
                self._note(id(cell), name, True)
        self._note(id(function), name, id(function) in self._written)
        return [
            *(function.__closure__ or ()),
            *(function.__defaults__ or ()),
            *(function.__kwdefaults__ or {}).values(),
            *function.__dict__.values(),
        ]

    def _class(self, found: type, name: str) -> Iterable[Any]:
        own = self._policies.is_own(found)
        changes = id(found) in self._written or (
            own and any(base.__name__ in self._self_written for base in found.__mro__)
        )
        self._note(id(found), name, changes)
        if not own:
            return ()
        members = [v for k, v in vars(found).items() if not _MACHINERY.fullmatch(k)]
        return [*members, *found.__bases__, type(found)]

    def _array(self, array: Any, name: str, change: bool) -> Iterable[Any]:
        base = array
        while (below := getattr(base, "base", None)) is not None:
            base = below
            if self._policies.of(type(base)) is not Policy.ARRAY:
                break
        self._note(id(base), name, change)
        kids = [base] if base is not array else []
        kids += gc.get_referents(array)
        if array.dtype.hasobject:
            kids += array.ravel().tolist() if array.ndim else [array.item()]
        return kids


def _contents(found: Any) -> Iterable[Any]:
    if isinstance(found, ref):
        return [found()]
    kids = gc.get_referents(found)
    bound = getattr(found, "__self__", None) if not kids else None
    return kids if bound is None else [bound]


def _callable_of_a_library(found: Any, policies: Policies) -> bool:
    if not callable(found) or any(map(policies.is_own, type(found).__mro__)):
        return False
    return is_global_of_a_library(found)
