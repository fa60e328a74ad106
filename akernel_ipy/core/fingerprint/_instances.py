"""Instances of any class: the class, and the state.

The state is ``__dict__`` and ``__slots__``, read without calling anybody; for subclasses of
built-in types their content too. Only a class that says itself how it is pickled (`__reduce_ex__`,
`__reduce__`, `__getstate__`, `__getnewargs_ex__`, `copyreg`) is asked: that is what would come back
from a store.
"""

from __future__ import annotations

import copyreg
from collections.abc import Callable, Iterator
from types import GetSetDescriptorType, MemberDescriptorType
from typing import TYPE_CHECKING, Any

from ._names import mro, title
from ._origin import contents
from ._refusal import Unhashable

if TYPE_CHECKING:
    from ._walk import Walk

_POINTER = 8
_ASKED = ("__reduce_ex__", "__reduce__", "__getstate__", "__getnewargs_ex__", "__getnewargs__")

#: Built-in types that classes inherit from, and how to get at their content without the subclass.
CONTENT: dict[type, Callable[[Any], Any]] = {
    list: lambda value: list.__getitem__(value, slice(None)),
    tuple: lambda value: tuple.__getitem__(value, slice(None)),
    dict: lambda value: dict(zip(dict.keys(value), dict.values(value), strict=True)),
    set: lambda value: set().union(set.__iter__(value)),
    frozenset: lambda value: frozenset().union(frozenset.__iter__(value)),
    str: lambda value: str.__str__(value),
    bytes: lambda value: bytes.__getitem__(value, slice(None)),
    bytearray: lambda value: bytearray.__getitem__(value, slice(None)),
    int: lambda value: int.__int__(value),
    float: lambda value: float.__float__(value),
    complex: lambda value: complex.__complex__(value),
}


def instance(walk: Walk, value: Any) -> None:
    """Encode an instance of a class that has no handler of its own."""
    if not walk.meet(value):
        return
    kind = type(value)
    if asks(kind):
        reduced(walk, value)
        return
    base = next(base for base in mro(kind) if base is object or base in CONTENT)
    if not _visible(kind, base):
        raise Unhashable(f"a {title(kind)}, whose state can't be seen")
    walk.out += b"instance"
    walk.walk(kind)
    if base is not object:
        walk.walk(CONTENT[base](value))
    walk.named(state(value))


def asks(kind: type) -> bool:
    """Whether a class says itself how it is pickled."""
    if kind in copyreg.dispatch_table:
        return True
    for base in mro(kind):
        if base is object or base in CONTENT:
            return False
        if any(name in contents(base) for name in _ASKED):
            return True
    return False


def state(value: Any) -> list[tuple[str, Any]]:
    """The attributes that an instance has itself, by name; no property or ``__getattr__`` runs."""
    found: list[tuple[str, Any]] = []
    held = _dict(value)
    if held is not None:
        found += [(name, inner) for name, inner in held.items() if type(name) is str]
    return found + list(_slots(value))


def _dict(value: Any) -> dict[str, Any] | None:
    for base in mro(type(value)):
        descriptor = contents(base).get("__dict__")
        if type(descriptor) is GetSetDescriptorType:
            held = descriptor.__get__(value)
            return held if type(held) is dict else None
    return None


def _slots(value: Any) -> Iterator[tuple[str, Any]]:
    for base in mro(type(value)):
        for name, descriptor in sorted(_members(base).items()):
            try:
                yield name, descriptor.__get__(value)
            except AttributeError:
                continue


def _members(base: type) -> dict[str, MemberDescriptorType]:
    held = contents(base)
    if "__slots__" not in held:
        return {}
    return {name: each for name, each in held.items() if type(each) is MemberDescriptorType}


def _visible(kind: type, base: type) -> bool:
    """Whether dict and slots are all that instances have beyond their built-in base."""
    slots = sum(len(_members(each)) for each in mro(kind))
    extra = (kind.__dictoffset__ != base.__dictoffset__) + (kind.__weakrefoffset__ > 0)
    return kind.__basicsize__ - base.__basicsize__ <= _POINTER * (slots + extra)


def reduced(walk: Walk, value: Any) -> None:
    """Encode an object as it says it is to be pickled."""
    kind = type(value)
    try:
        parts = _reduce(value, kind)
    except Exception as error:
        raise Unhashable(f"a {title(kind)}, which can't be pickled ({_first(error)})") from error
    walk.out += b"reduced"
    if type(parts) is str:
        walk.walk(kind)
        walk.text(parts)
        return
    if type(parts) is not tuple or not 2 <= len(parts) <= 6:
        raise Unhashable(f"a {title(kind)}, whose __reduce_ex__ gives no tuple")
    padded: tuple[Any, ...] = parts + (None,) * (6 - len(parts))
    make, args, held, items, pairs, setter = padded
    # What was made for this walk must not make room for another object with its id.
    walk.keep.append(parts)
    walk.walk(make)
    walk.part(args, "")
    _state(walk, held)
    walk.part(None if items is None else list(items), "")
    walk.part(None if pairs is None else dict(pairs), "")
    walk.walk(setter)


def _reduce(value: Any, kind: type) -> Any:
    by_table = copyreg.dispatch_table.get(kind)
    if by_table is not None:
        return by_table(value)
    for base in mro(kind):
        if "__reduce_ex__" in contents(base):
            return contents(base)["__reduce_ex__"].__get__(value, kind)(5)
    raise TypeError("it has no __reduce_ex__")


def _state(walk: Walk, held: Any) -> None:
    if type(held) is dict and all(type(name) is str for name in held):
        walk.out += b"state"
        walk.named(held.items())
    else:
        walk.part(held, "")


def _first(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0][:120]
