"""Classes of the notebook, taken apart and built again without running their bodies.

cloudpickle 3.1 makes slots attributes of a class that has none, orders attributes by name, and
runs the metaclass: what comes back has another fingerprint. It still does the enumerations.
"""

from __future__ import annotations

import abc
import gc
import types
from collections.abc import Iterator
from typing import Any

from .functions import annotations_of
from .parts import Inside, cells_of, is_class_body

#: Attributes that a class needs from the beginning.
_EARLY = ("__module__", "__qualname__", "__doc__", "__slots__", "__orig_bases__", "__classcell__")

#: Attributes that come by themselves.
_OWN = frozenset(
    {
        "__dict__",
        "__weakref__",
        "_abc_impl",
        "__abstractmethods__",
        "__slotnames__",
        "__annotations_cache__",
        *_EARLY,
    }
)


def make_class(
    meta: type[Any], name: str, bases: tuple[type, ...], body: dict[str, Any]
) -> type[Any]:
    """Build a class of this name without attributes; `set_class` gives it the rest."""
    maker: Any = abc.ABCMeta if issubclass(meta, abc.ABCMeta) else type
    built: type[Any] = maker.__new__(meta, name, bases, dict(body))
    return built


def set_class(value: type[Any], state: dict[str, Any]) -> None:
    """Fill a class: what may refer to the class itself."""
    for name, part in state["attributes"].items():
        type.__setattr__(value, name, part)
    if state["abstract"] is not None:
        type.__setattr__(value, "__abstractmethods__", state["abstract"])
    for subclass in state["registered"]:
        value.register(subclass)
    if state["body"] is not None:
        state["body"].cell_contents = _dictionary(value)


def reason_against(value: type[Any], inside: Inside) -> str:
    """Say why a class can't be built again; empty if it can."""
    for base in value.__mro__[1:]:
        if inside(base) and "__init_subclass__" in vars(base):
            return f"{base.__name__} runs code for each subclass"
    return ""


def reduce_class(value: type[Any]) -> tuple[Any, ...]:
    """Give the pickle's recipe for a class."""
    own = vars(value)
    body = {name: own[name] for name in _EARLY if name in own}
    body["__qualname__"] = value.__qualname__
    attributes = {
        name: part
        for name, part in own.items()
        if name not in _OWN and not isinstance(part, types.MemberDescriptorType)
    }
    state = {
        "attributes": attributes,
        "abstract": own.get("__abstractmethods__"),
        "registered": _registered(value),
        "body": _body(value),
    }
    arguments = (type(value), value.__name__, value.__bases__, body)
    return make_class, arguments, state, None, None, set_class


def _registered(value: type[Any]) -> list[type]:
    if not isinstance(value, abc.ABCMeta):
        return []
    dump: Any = vars(abc)["_get_dump"]
    found = [reference() for reference in dump(value)[0]]
    return sorted((c for c in found if c is not None), key=lambda c: (c.__module__, c.__qualname__))


def _dictionary(value: type) -> Any:
    """Give the dictionary that a class shows as a read-only mapping."""
    return gc.get_referents(vars(value))[0]


def _body(value: type) -> types.CellType | None:
    """Give the cell that holds the class's dictionary; None if nothing of the class asks for it."""
    for function in _functions(value):
        for name, cell in cells_of(function):
            if is_class_body(name, cell) and cell.cell_contents is _dictionary(value):
                return cell
    return None


def _functions(value: type) -> Iterator[types.FunctionType]:
    """Give the functions in the body of a class, and those that compute their annotations."""
    for part in vars(value).values():
        found: tuple[Any, ...] = (part,)
        if isinstance(part, property):
            found = (part.fget, part.fset, part.fdel)
        elif isinstance(part, staticmethod | classmethod):
            found = (part.__func__,)
        for function in found:
            if isinstance(function, types.FunctionType):
                yield function
                lazy = annotations_of(function)[1]
                if isinstance(lazy, types.FunctionType):
                    yield lazy
