"""Classes: bases, metaclass and everything in them; installed ones by name and version."""

from __future__ import annotations

import sys
from types import FunctionType
from typing import TYPE_CHECKING, Any

from ._names import names_of, title, type_name
from ._origin import contents

if TYPE_CHECKING:
    from ._walk import Walk

_BASES = vars(type)["__bases__"].__get__
_FLAGS = vars(type)["__flags__"].__get__
_HEAP_TYPE = 1 << 9

#: What the interpreter or a cache writes into a class, or what only tells its place.
_WRITTEN = frozenset(
    {
        "__dict__",
        "__weakref__",
        "__module__",
        "__qualname__",
        "__firstlineno__",
        "__static_attributes__",
        "__slotnames__",
        "__annotations_cache__",
        "_abc_impl",
    }
)

#: What the machinery of enums derives from the members.
_ENUM = frozenset(
    {
        "_member_map_",
        "_value2member_map_",
        "_unhashable_values_",
        "_unhashable_values_map_",
        "_hashable_values_",
        "_member_names_",
    }
)
#: Of pydantic's own, what isn't compiled from the rest.
_PYDANTIC = frozenset({"__pydantic_fields__", "__pydantic_decorators__"})


def class_(walk: Walk, value: type) -> None:
    """Encode a class: by name if it is installed, else by all that is in it."""
    known = walk.named_types.get(value)
    if known is not None:
        walk.out += known
        return
    module, qualname = type_name(value)
    version = walk.origins.installed(module)
    by_name = not _FLAGS(value) & _HEAP_TYPE or walk.origins.resolves(module, qualname, value)
    if version is None or not by_name:
        walk.once(value, _body)
        return
    walk.uses.modules.add(module)
    start = len(walk.out)
    walk.out += b"type"
    for name in (version, module, qualname):
        walk.text(name)
    theirs = added(walk, value)
    if theirs:
        walk.named(theirs)
    else:
        walk.named_types[value] = bytes(walk.out[start:])


def added(walk: Walk, value: type) -> list[tuple[str, Any]]:
    """Find functions of the user's that were put into an installed class."""
    if not _FLAGS(value) & _HEAP_TYPE:
        return []
    held = [pair for pair in contents(value).items() if type(pair[1]) is FunctionType]
    homes = {inner.__globals__.get("__name__") for _, inner in held}
    local = {home for home in homes if type(home) is str and not walk.origins.installed(home)}
    if not local:
        return []
    return sorted(pair for pair in held if pair[1].__globals__.get("__name__") in local)


def _body(walk: Walk, value: type) -> None:
    module, qualname = type_name(value)
    walk.out += b"class"
    walk.text("" if walk.origins.is_notebook(module) else module)
    walk.text(qualname)
    walk.walk(type(value))
    walk.walk(_BASES(value))
    if is_enum(value):
        _members(walk, value)
    walk.named(_attributes(value))
    _registered(walk, value)


def is_enum(value: type) -> bool:
    """Whether it is an enumeration."""
    return ("enum", "EnumType") in names_of(type(value))


def _attributes(value: type) -> list[tuple[str, Any]]:
    found = contents(value)
    left = _WRITTEN
    if is_enum(value):
        left = left | _ENUM | set(found.get("_member_map_", ()))
    if "__annotate_func__" in found:
        left = left | {"__annotations__"}
    pairs = [
        (name, inner)
        for name, inner in found.items()
        if type(name) is str
        and name not in left
        # Made, up to Python 3.13, for who looks for it; empty if nothing is annotated.
        and not (name == "__annotations__" and not inner)
        and not (name.startswith("__pydantic_") and name not in _PYDANTIC)
    ]
    return sorted(pairs, key=lambda pair: pair[0])


def _members(walk: Walk, value: type) -> None:
    for name, member in contents(value)["_member_map_"].items():
        walk.text(name)
        walk.part(member._value_, f".{name}")
        own = object.__getattribute__(member, "__dict__").items()
        walk.named(
            sorted((pair for pair in own if not _derived(pair[0])), key=lambda pair: pair[0]),
            f".{name}.{{}}",
        )
    walk.out += b";"


def _derived(name: str) -> bool:
    return name in ("_value_", "_name_", "_sort_order_", "__objclass__")


def _registered(walk: Walk, value: type) -> None:
    """Classes that were registered with an abstract one: it says of them that they are its own."""
    if "_abc_impl" not in contents(value):
        return
    registry = sys.modules["_abc"]._get_dump(value)[0]
    found = [kind for kind in (reference() for reference in registry) if kind is not None]
    for kind in sorted(found, key=title):
        walk.part(kind, f".register({title(kind)})")


def member(walk: Walk, value: Any) -> None:
    """Encode a member of an enumeration."""
    walk.out += b"member"
    walk.edge(type(value), "")
    walk.walk(value._name_)
    walk.walk(value._value_)


def generic_alias(walk: Walk, value: Any) -> None:
    """Encode ``list[int]``."""
    walk.out += b"alias"
    walk.walk(value.__origin__)
    walk.walk(value.__args__)
    walk.walk(value.__unpacked__)


def union(walk: Walk, value: Any) -> None:
    """Encode ``int | str``."""
    walk.out += b"union"
    walk.walk(value.__args__)
