"""Is an object only read, given what its name undergoes and what it is made of?"""

from __future__ import annotations

import inspect
import sys
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Iterable, Mapping
from types import BuiltinFunctionType, FunctionType, MemberDescriptorType, ModuleType
from typing import Any

from .._types import Policies, Policy, is_own
from . import _tables as tables
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


class Judge:
    """Decides whether an object is only read.

    Args:
        namespace: where paths are resolved.
        texts: the texts of the notebook's functions.
    """

    def __init__(self, namespace: Mapping[str, Any], texts: Texts) -> None:
        self._namespace = namespace
        self._texts = texts
        self._policies = Policies()
        self._asked: set[tuple[object, ...]] = set()

    def uses(self, function: FunctionType) -> Uses | None:
        """Say how a function uses its parameters and globals, if that is known."""
        return self._texts.uses(function.__code__)

    def only_reads(self, use: Use, types: Iterable[type]) -> bool:
        """Tell whether a name's object is only read.

        Args:
            use: what it undergoes.
            types: of all that may change and can be reached from it.
        """
        kinds = tuple(types)
        return not kinds or (not use.calls and self._spares(use, kinds))

    def _spares(self, use: Use, kinds: tuple[type, ...]) -> bool:
        return all(self._spares_kind(use, kind, kinds) for kind in kinds) and all(
            self._spares_argument(how, kinds) for how in use.passes
        )

    def _spares_kind(self, use: Use, kind: type, kinds: tuple[type, ...]) -> bool:
        mutators = _MUTATORS.get(kind) or _POLICIES.get(self._policies.of(kind))
        if mutators is not None:
            asks = kind is defaultdict and "[]" in use.attributes
            return not asks and mutators.isdisjoint(use.methods)
        if self._policies.of(kind) is Policy.OBJECT and is_own(kind):
            return self._spares_own(use, kind, kinds)
        return False

    def would_only_read(self, use: Use) -> bool:
        """Tell whether an object that is not known yet will only be read, and all in it.

        It will be changed neither by itself nor where it is a list, a dictionary, an array or a
        frame that others have too; methods of the notebook's own classes might do anything.
        """
        texts = self._texts
        if texts.wild or (use.calls and (texts.methods & ({"__call__"} | use.attributes))):
            return False
        if use.iterates and not _STEPPING.isdisjoint(texts.methods):
            return False
        return (
            (_ANY_MUTATOR | texts.methods).isdisjoint(use.methods)
            and texts.computed.isdisjoint(use.attributes)
            and all(self._spares_argument(how, tuple(_MUTATORS)) for how in use.passes)
        )

    # -- instances of the notebook's classes -----------------------------------------------

    def _spares_own(self, use: Use, kind: type, kinds: tuple[type, ...]) -> bool:
        if use.calls or any(not is_own(base) and base is not object for base in kind.__mro__):
            return False
        members: dict[str, Any] = {}
        for base in reversed(kind.__mro__[:-1]):
            members.update(vars(base))
        if use.iterates and not _STEPPING.isdisjoint(members):
            return False
        called = {name for name in members if tables.is_special(name)}
        return all(
            self._spares_self(members[name], kind, kinds)
            for name in called | use.methods
            if name in members
        ) and all(
            self._may_be_read(members[name], kind, kinds)
            for name in use.attributes
            if name in members
        )

    def _may_be_read(self, member: Any, kind: type, kinds: tuple[type, ...]) -> bool:
        if isinstance(member, property):
            return member.fget is not None and self._spares_self(member.fget, kind, kinds)
        plain = isinstance(member, FunctionType | classmethod | staticmethod | MemberDescriptorType)
        return plain or not hasattr(type(member), "__get__")

    def _spares_self(self, member: Any, kind: type, kinds: tuple[type, ...]) -> bool:
        if not isinstance(member, FunctionType):
            return isinstance(member, classmethod | staticmethod) or not callable(member)
        uses = self.uses(member)
        if uses is None:
            return "__dataclass_fields__" in vars(kind) and tables.is_special(member.__name__)
        if not uses.parameters:
            return False
        return self._once(uses.read.get(uses.parameters[0]), kinds, member)

    # -- calls that an object is handed to -------------------------------------------------

    def _spares_argument(self, how: Pass, kinds: tuple[type, ...]) -> bool:
        if how.path.startswith("builtins."):
            return how.path.partition(".")[2] not in self._namespace
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
        return _is_reading(found, how.key)

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


def _is_reading(found: Any, key: int | str) -> bool:
    """Whether a function of a library is known to leave its arguments alone."""
    bound = getattr(found, "__self__", None) if isinstance(found, BuiltinFunctionType) else None
    if bound is not None and not isinstance(bound, ModuleType):
        return type(bound).__module__.startswith("numpy.random") and found.__name__ != "shuffle"
    module = getattr(found, "__module__", None) or type(found).__module__
    if str(module).lstrip("_").partition(".")[0] not in tables.READING:
        return False
    name = getattr(found, "__name__", "")
    if name in tables.CHANGING or not callable(found):
        return False
    if isinstance(key, str) and key not in ("*", "**"):
        return key not in tables.RISKY
    inputs = getattr(found, "nin", None)  # of a ufunc; what comes after them is changed
    if isinstance(inputs, int):
        return isinstance(key, int) and key < inputs
    try:
        names = list(inspect.signature(found).parameters)
    except (ValueError, TypeError):
        return isinstance(key, int) and key < 2
    if isinstance(key, str):
        return tables.RISKY.isdisjoint(names)
    return key >= len(names) or names[key] not in tables.RISKY
