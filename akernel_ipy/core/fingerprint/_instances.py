"""Instances of any class: the class, and the state.

The state is ``__dict__`` and ``__slots__``, read without calling anybody; for subclasses of
built-in types their content too. Only a class that says itself how it is pickled (`__reduce_ex__`,
`__reduce__`, `__getstate__`, `__getnewargs_ex__`, `copyreg`) is asked: that is what would come back
from a store.
"""

from __future__ import annotations

import copyreg
from collections.abc import Callable
from types import FunctionType, GetSetDescriptorType, MemberDescriptorType
from typing import TYPE_CHECKING, Any

from ..parsing import quietly
from ._names import mro, title, type_name
from ._origin import contents
from ._refusal import Unhashable

if TYPE_CHECKING:
    from ._walk import Handler, Walk

_POINTER = 8
_BASE = vars(type)["__base__"].__get__
_SIZE = vars(type)["__basicsize__"].__get__
_PROPERTY = ("fget", "fset", "fdel")
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
    property: lambda value: [property.__getattribute__(value, each) for each in _PROPERTY],
    staticmethod: lambda value: [staticmethod.__getattribute__(value, "__func__")],
    classmethod: lambda value: [classmethod.__getattribute__(value, "__func__")],
}

#: What asking for the state changes.
_COUNTERS = {("matplotlib.cbook", "CallbackRegistry"): ("_cid_gen",)}
_PLAIN = frozenset({object, *CONTENT})


def handler(kind: type) -> Handler:
    """The handler of a class that has none of its own."""
    shape = Shape(kind)

    def instance(walk: Walk, value: Any) -> None:
        if walk.meet(value):
            shape.encode(walk, value)

    return instance


def described(walk: Walk, value: Any) -> None:
    """Encode an instance that has its number already, or needs none."""
    Shape(type(value)).encode(walk, value)


def asks(kind: type) -> bool:
    """Whether a class says itself how it is pickled."""
    if kind in copyreg.dispatch_table:
        return True
    bases = (base for base in mro(kind) if base not in _PLAIN)
    return any(name in contents(base) for base in bases for name in _ASKED)


class Shape:
    """How instances of a class are laid out."""

    def __init__(self, kind: type) -> None:
        self._kind = kind
        bases = mro(kind)
        self._asks = asks(kind)
        self._visible = all(_visible(base) for base in bases if base not in _PLAIN)
        self._base = next(base for base in bases if base in _PLAIN)
        dicts = (contents(base).get("__dict__") for base in bases)
        self._dict = next((each for each in dicts if type(each) is GetSetDescriptorType), None)
        self._slots = [pair for base in bases for pair in sorted(_members(base).items(), key=_name)]

    def encode(self, walk: Walk, value: Any) -> None:
        """Encode class, content and attributes; or what the class says about it."""
        if self._asks:
            _reduced(walk, value)
            return
        if not self._visible:
            raise Unhashable(f"a {title(self._kind)}, whose state can't be seen")
        walk.out += b"instance"
        walk.edge(self._kind, "")
        if self._base is not object:
            content = CONTENT[self._base](value)
            walk.keep.append(content)
            walk.walk(content)
        self.attributes(walk, value)

    def attributes(self, walk: Walk, value: Any) -> None:
        """Encode what an instance has itself; no property or ``__getattr__`` runs."""
        held = self.state(value)
        names = list(held)
        walk.items(names)
        walk.items(list(held.values()), lambda index: f".{names[index]}")

    def state(self, value: Any) -> dict[Any, Any]:
        """The attributes, by name."""
        held = self._dict.__get__(value) if self._dict is not None else None
        found = held.copy() if type(held) is dict else {}
        for name, descriptor in self._slots:
            try:
                inner = descriptor.__get__(value)
            except AttributeError:
                continue
            found[name if name not in found else (name, "slot")] = inner
        return found


def _name(pair: tuple[str, Any]) -> str:
    return pair[0]


def _members(base: type) -> dict[str, MemberDescriptorType]:
    held = contents(base)
    if "__slots__" not in held:
        return {}
    return {name: each for name, each in held.items() if type(each) is MemberDescriptorType}


def _visible(kind: type) -> bool:
    """Whether what a class adds to its base's layout is a dict, weak references and slots only."""
    held = contents(kind)
    seen = len(_members(kind)) + ("__dict__" in held) + ("__weakref__" in held)
    base = _BASE(kind)
    return base is None or _SIZE(kind) - _SIZE(base) <= _POINTER * seen


# -- what says itself how it is pickled --------------------------------------------------------


def _reduced(walk: Walk, value: Any) -> None:
    kind = type(value)
    reduce, shape = _how(kind), Shape(kind)
    # C code tells of a dict once there is one, and looking for it makes one: so look first.
    shape.state(value)
    try:
        parts = _quietly(reduce, value) if type_name(kind)[0] == "itertools" else reduce(value)
    except Exception as error:
        raise Unhashable(f"a {title(kind)}, which can't be pickled ({_first(error)})") from error
    walk.out += b"reduced"
    walk.edge(kind, "")
    if type(parts) is str:
        _by_name(walk, value, parts)
        shape.attributes(walk, value)
        return
    if type(parts) is not tuple or not 2 <= len(parts) <= 6:
        raise Unhashable(f"a {title(kind)}, whose __reduce_ex__ gives no tuple")
    # What was made for this walk must not make room for another object with its id.
    walk.keep.append(parts)
    _parts(walk, _COUNTERS.get(type_name(kind), ()), *parts)
    if not _in_python(kind):
        # C code of a base may not know of what a subclass adds.
        shape.attributes(walk, value)


def _quietly(reduce: Callable[[Any], Any], value: Any) -> Any:
    """Reduce what Python 3.12 and 3.13 warn about when they are asked to."""
    with quietly(DeprecationWarning):
        return reduce(value)


def _by_name(walk: Walk, value: Any, name: str) -> None:
    """Encode what says that it is to be found under a name of its module."""
    home = getattr(value, "__module__", None)
    module = home if type(home) is str else ""
    walk.text("" if walk.origins.is_notebook(module) else module)
    walk.text(walk.origins.installed(module) or "")
    walk.text(name)


def _parts(
    walk: Walk,
    left: tuple[str, ...],
    make: Any,
    args: Any,
    held: Any = None,
    items: Any = None,
    pairs: Any = None,
    setter: Any = None,
) -> None:
    walk.walk(make)
    walk.part(args, "")
    if type(held) is dict and all(type(name) is str for name in held):
        walk.out += b"state"
        walk.named(pair for pair in held.items() if pair[0] not in left)
    else:
        walk.part(held, "")
    for each in (items, pairs):
        found = None if each is None else list(each)
        walk.keep.append(found)
        walk.part(found, "")
    walk.walk(setter)


def _how(kind: type) -> Callable[[Any], Any]:
    by_table: Callable[[Any], Any] | None = copyreg.dispatch_table.get(kind)
    if by_table is not None:
        return by_table
    found = next(contents(base) for base in mro(kind) if "__reduce_ex__" in contents(base))
    return lambda value: found["__reduce_ex__"].__get__(value, kind)(5)


def _in_python(kind: type) -> bool:
    """Whether it is Python code that says how instances are pickled."""
    found = (contents(base).get(name) for base in mro(kind) for name in _ASKED)
    return any(type(each) is FunctionType for each in found)


def _first(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0][:120]
