"""Is an object only read, given what its name undergoes and what it is made of?"""

from __future__ import annotations

import builtins
import sys
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import (
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    ModuleType,
)
from typing import Any

from .._types import Policies, Policy, is_own
from . import _tables as tables
from ._libraries import is_reading
from ._texts import Texts
from ._value import Pass, Use, Uses

_MUTATORS: dict[type, frozenset[str]] = {
    list: tables.LIST,
    deque: tables.LIST,
    bytearray: tables.LIST,
    dict: tables.DICT,
    OrderedDict: tables.DICT,
    Counter: tables.DICT,
    defaultdict: tables.DICT,
    set: tables.SET,
}
_STEPPING = frozenset({"__next__", "__anext__"})
_ANY_MUTATOR = tables.FRAME.union(tables.ARRAY, *_MUTATORS.values())
_POLICIES = {Policy.ARRAY: tables.ARRAY, Policy.FRAME: tables.FRAME}


class _Unknown:
    """Stands for the type of an object that is not known: perhaps the notebook's own."""


class _Callables:
    """Stands for functions that an object holds: an attribute of it may be called."""


@dataclass(slots=True)
class Behind:
    """What may change and can be reached from a name.

    Attributes:
        tokens: the objects.
        types: theirs.
        classes: those of the notebook that can be reached themselves.
        holds_callables: some object holds something that can be called.
    """

    tokens: set[int | str] = field(default_factory=set)
    types: set[type] = field(default_factory=set)
    classes: list[type] = field(default_factory=list)
    holds_callables: bool = False


class Judge:
    """Decides whether an object is only read.

    Args:
        namespace: where paths are resolved.
        texts: the texts of the notebook's functions.
    """

    def __init__(self, namespace: Mapping[str, Any], texts: Texts) -> None:
        self._namespace = namespace
        self._texts = texts
        #: Names of functions and classes by whose meaning it has decided.
        self.heeded: set[str] = set()
        self._policies = Policies()
        self._asked: set[tuple[object, ...]] = set()

    def uses(self, function: FunctionType) -> Uses | None:
        """Say how a function uses its parameters and globals, if that is known."""
        return self._texts.uses(function.__code__)

    def only_reads(self, use: Use, behind: Behind, results: Use | None) -> bool:
        """Tell whether a name's object is only read.

        Args:
            use: what it undergoes.
            behind: what can be reached from it.
            results: what is done with the results of calls, which may hold it; None if they are
                changed.
        """
        if not behind.types:
            return True
        kinds = tuple(behind.types)
        if results is None or results.does_anything:
            kinds += (_Unknown,)
        if behind.holds_callables:
            kinds += (_Callables,)
        return (
            not use.calls
            and self._spares(use, kinds)
            and all(self._spares_class(use, cls, kinds) for cls in behind.classes)
        )

    def would_only_read(self, use: Use) -> bool:
        """Tell whether an object that is not known yet will only be read, and all in it.

        It will be changed neither by itself nor where it is a list, a dictionary, an array or a
        frame that others have too, nor by methods of the notebook's classes.
        """
        asks = self._texts.filling and "[]" in use.attributes
        return not asks and self._spares(use, (_Unknown,))

    def _spares(self, use: Use, kinds: tuple[type, ...]) -> bool:
        return all(self._spares_kind(use, kind, kinds) for kind in kinds) and all(
            self._spares_argument(how, kinds) for how in use.passes
        )

    def _spares_kind(self, use: Use, kind: type, kinds: tuple[type, ...]) -> bool:
        if kind is _Unknown:
            return self._spares_unknown(use, kinds)
        if kind is _Callables:
            return not self._may_call_what_it_holds(use, kinds)
        mutators = _MUTATORS.get(kind) or _POLICIES.get(self._policies.of(kind))
        if mutators is not None:
            asks = kind is defaultdict and "[]" in use.attributes
            return not asks and mutators.isdisjoint(use.methods | use.attributes)
        if self._policies.of(kind) is Policy.OBJECT and is_own(kind):
            return self._spares_own(use, kind, kinds)
        return False

    def _spares_unknown(self, use: Use, kinds: tuple[type, ...]) -> bool:
        """Whatever class of the notebook an object is of, its methods may only read."""
        texts, words = self._texts, use.methods | use.attributes
        if texts.wild or not words.isdisjoint(_ANY_MUTATOR):
            return False
        if (use.iterates or self._leaves(use)) and not _STEPPING.isdisjoint(texts.methods):
            return False
        called = words | {"__call__"} if use.calls or self._leaves(use) else words
        return texts.fields.isdisjoint(use.methods) and all(
            self._spares_first(uses, kinds, name, number)
            for name in called
            for number, uses in enumerate(texts.methods.get(name, ()))
        )

    def _may_call_what_it_holds(self, use: Use, kinds: tuple[type, ...]) -> bool:
        """Whether an attribute is called, or handed to a library, that no type explains."""
        words = use.methods | use.attributes if self._leaves(use) else use.methods
        known = [vars(base) for kind in kinds for base in kind.__mro__]
        return any(all(word not in members for members in known) for word in words)

    # -- instances of the notebook's classes, and these ------------------------------------

    def _spares_own(self, use: Use, kind: type, kinds: tuple[type, ...]) -> bool:
        if use.calls or any(not is_own(base) and base is not object for base in kind.__mro__):
            return False
        members = _own_members(kind)
        if (use.iterates or self._leaves(use)) and not _STEPPING.isdisjoint(members):
            return False
        called = {name for name in members if tables.is_special(name)} | use.methods
        if self._leaves(use):
            called.add("__call__")
        return all(
            self._spares_self(members[name], kind, kinds) for name in called if name in members
        ) and all(
            self._may_be_read(members[name], kind, kinds)
            for name in use.attributes
            if name in members
        )

    def _spares_class(self, use: Use, cls: type, kinds: tuple[type, ...]) -> bool:
        """Class methods, and methods of a metaclass, may only read what the class holds."""
        words = use.methods | use.attributes | {"__class_getitem__"}
        members = _own_members(cls)
        methods = [members[name] for name in words if name in members]
        found = [m.__func__ for m in methods if isinstance(m, classmethod)]
        of_meta = _own_members(type(cls))
        found += [m for name, m in of_meta.items() if name in words or tables.is_special(name)]
        return all(
            self._spares_self(member, cls, kinds)
            for member in found
            if isinstance(member, FunctionType)
        )

    def _may_be_read(self, member: Any, kind: type, kinds: tuple[type, ...]) -> bool:
        if isinstance(member, property):
            return member.fget is not None and self._spares_self(member.fget, kind, kinds)
        if isinstance(member, FunctionType):  # who gets it, may call it
            return self._spares_self(member, kind, kinds)
        plain = isinstance(member, classmethod | staticmethod | MemberDescriptorType)
        return plain or not hasattr(type(member), "__get__")

    def _spares_self(self, member: Any, kind: type, kinds: tuple[type, ...]) -> bool:
        if isinstance(member, classmethod | staticmethod | GetSetDescriptorType):
            return True
        if not isinstance(member, FunctionType):
            return not callable(member) and not hasattr(type(member), "__get__")
        uses = self.uses(member)
        if uses is None:
            return "__dataclass_fields__" in vars(kind) and tables.is_special(member.__name__)
        return self._spares_first(uses, kinds, member.__name__, member)

    def _spares_first(
        self, uses: Uses | None, kinds: tuple[type, ...], name: str, which: object
    ) -> bool:
        """Whether a method leaves its object alone, and gives something new if it says so."""
        if uses is None or (
            name in tables.COPIES and uses.handed_back.issuperset(uses.parameters[:1])
        ):
            return False
        return self._once(uses.of_first(), kinds, name, which)

    # -- calls that an object is handed to -------------------------------------------------

    def _spares_argument(self, how: Pass, kinds: tuple[type, ...]) -> bool:
        self.heeded.update(how.names)
        if how.path.startswith("builtins."):
            return how.path.partition(".")[2] not in self._namespace
        if how.path.startswith("!"):
            return not isinstance(self._owner(how.path[1:]), type)
        found = self._resolve(how.path)
        if found is None:
            word = how.path.replace(":", ".").rpartition(".")[2]
            return how.path[0] == "?" and self._is_harmless_word(word)
        if isinstance(found, FunctionType) and found.__globals__ is self._namespace:
            return self._spares_parameter(found, how.key, kinds)
        if isinstance(found, type) and is_own(found):
            made = vars(found).get("__init__")
            shift = how.key + 1 if isinstance(how.key, int) else how.key
            if isinstance(made, FunctionType) and self.uses(made) is not None:
                return self._spares_parameter(made, shift, kinds)
            return "__dataclass_fields__" in vars(found) and "__post_init__" not in vars(found)
        return is_reading(found, how.key)

    def _owner(self, path: str) -> Any:
        """Find whose method a path is."""
        owner = path.rpartition("." if "." in path else ":")[0]
        found = self._resolve(owner)
        return getattr(builtins, owner, None) if found is None else found

    def _is_harmless_word(self, word: str) -> bool:
        return word in tables.READING_METHODS and word not in self._texts.methods

    def _spares_parameter(
        self, function: FunctionType, key: int | str, kinds: tuple[type, ...]
    ) -> bool:
        uses = self.uses(function)
        parameters = () if uses is None else uses.taking(key)
        return (
            uses is not None
            and bool(parameters)
            and all(self._once(uses.read.get(name), kinds, function, name) for name in parameters)
        )

    def _once(self, use: Use | None, kinds: tuple[type, ...], *what: object) -> bool:
        """Judge a parameter; a function that calls itself is judged by the rest of it."""
        if use is None or use.calls:
            return False
        question = (*what, *kinds)
        if question in self._asked:
            return True
        self._asked.add(question)
        try:
            return self._spares(use, kinds)
        finally:
            self._asked.discard(question)

    def _leaves(self, use: Use) -> bool:
        """Whether it is handed to a library, which may call it, or step through it."""
        return any(not self._is_own_code(how) for how in use.passes)

    def _is_own_code(self, how: Pass) -> bool:
        if how.path.startswith(("builtins.", "!")):
            return True
        found = self._resolve(how.path)
        if isinstance(found, FunctionType):
            return found.__globals__ is self._namespace
        return isinstance(found, type) and is_own(found)

    def _resolve(self, path: str) -> Any:
        """Find what a path leads to, through modules and no further; None if that can't be."""
        module, colon, rest = path.partition(":")
        if colon:
            found: Any = sys.modules.get(module)
            words = rest.split(".") if rest else []
        else:
            first, *words = path.split(".")
            found = self._namespace.get(first)
        for word in words:
            if not isinstance(found, ModuleType):
                return None
            found = vars(found).get(word)
        return found


def _own_members(kind: type) -> dict[str, Any]:
    """Give what the notebook's classes among the bases of one say."""
    members: dict[str, Any] = {}
    for base in reversed(kind.__mro__):
        if is_own(base):
            members.update(vars(base))
    return members
