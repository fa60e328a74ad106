"""How to look into an object, and how to give an object of another process the same contents."""

from __future__ import annotations

import array
import collections
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..core.slots import slots

_CONSTANT_TYPES = frozenset({
    str, bytes, int, float, complex, bool, type(None), range, slice, frozenset, tuple,
    types.BuiltinFunctionType, types.ModuleType, types.CodeType, type(Ellipsis),
})  # fmt: skip
_CONSTANT_MODULES = frozenset({
    "datetime", "decimal", "fractions", "pathlib", "uuid", "re", "zoneinfo", "ipaddress", "typing",
    "numpy.dtypes",
})  # fmt: skip
_CLASS_OWN = frozenset({"__dict__", "__weakref__", "__doc__", "__module__", "_abc_impl"})
_ABSENT = object()


@dataclass(frozen=True)
class Kind:
    """Objects of one sort.

    Attributes:
        look: copies the contents: fresh containers that hold the same elements.
        fill: gives an object such contents; None if it can't be changed from outside.
        open: the elements can be compared one by one; else a digest of the contents is.
    """

    look: Callable[[Any], Any]
    fill: Callable[[Any, Any], None] | None
    open: bool = True


def _fill_sequence(old: Any, new: Any) -> None:
    old[:] = new


def _fill_dict(old: dict[Any, Any], new: dict[Any, Any]) -> None:
    dict.clear(old)
    for key, value in new.items():
        dict.__setitem__(old, key, value)


def _fill_ordered(old: Any, new: dict[Any, Any]) -> None:
    collections.OrderedDict.clear(old)
    for key, value in new.items():
        collections.OrderedDict.__setitem__(old, key, value)


def _fill_by_adding(add: str) -> Callable[[Any, Any], None]:
    def fill(old: Any, new: Any) -> None:
        old.clear()
        getattr(old, add)(new)

    return fill


def _look_cell(cell: types.CellType) -> list[Any]:
    try:
        return [cell.cell_contents]
    except ValueError:
        return []


def _fill_cell(cell: types.CellType, contents: list[Any]) -> None:
    if contents:
        cell.cell_contents = contents[0]
    else:
        del cell.cell_contents


def _look_class(cls: type) -> dict[str, Any]:
    return {name: value for name, value in vars(cls).items() if name not in _CLASS_OWN}


def _fill_class(cls: type, new: dict[str, Any]) -> None:
    for name in _look_class(cls).keys() - new.keys():
        delattr(cls, name)
    for name, value in new.items():
        if vars(cls).get(name, _ABSENT) is not value:
            setattr(cls, name, value)


def _look_instance(obj: Any) -> dict[str, Any]:
    held = {name: getattr(obj, name) for name in slots(type(obj)) if hasattr(obj, name)}
    return {**held, **getattr(obj, "__dict__", {})}


def _fill_instance(obj: Any, new: dict[str, Any]) -> None:
    for name in _look_instance(obj).keys() - new.keys():
        object.__delattr__(obj, name)
    for name, value in new.items():
        object.__setattr__(obj, name, value)


def _container(look: Callable[[Any], Any], fill: Callable[[Any, Any], None]) -> Kind:
    """A built-in container, or a subclass with attributes of its own."""

    def look_at_both(obj: Any) -> tuple[Any, dict[str, Any]]:
        return look(obj), dict(getattr(obj, "__dict__", {}))

    def fill_both(obj: Any, new: tuple[Any, dict[str, Any]]) -> None:
        fill(obj, new[0])
        if hasattr(obj, "__dict__"):
            _fill_dict(obj.__dict__, new[1])

    return Kind(look_at_both, fill_both)


def _look_state(obj: Any) -> Any:
    return obj.__reduce_ex__(5)[2]


def _fill_array(old: Any, new: Any) -> None:
    old[...] = new


_BUILT_IN: tuple[tuple[type, Kind], ...] = (
    (list, _container(list, _fill_sequence)),
    (
        collections.OrderedDict,
        _container(lambda obj: dict(collections.OrderedDict.items(obj)), _fill_ordered),
    ),
    (dict, _container(lambda obj: dict(dict.items(obj)), _fill_dict)),
    (set, _container(set, _fill_by_adding("update"))),
    (collections.deque, _container(list, _fill_by_adding("extend"))),
    (bytearray, Kind(bytes, _fill_sequence, open=False)),
    (array.array, Kind(lambda obj: array.array(obj.typecode, obj), _fill_sequence, open=False)),
    (types.CellType, Kind(_look_cell, _fill_cell)),
    (types.FunctionType, Kind(lambda f: dict(f.__dict__), lambda f, new: _fill_dict(vars(f), new))),
)
_CLASS = Kind(_look_class, _fill_class)
_INSTANCE = Kind(_look_instance, _fill_instance)
_STATE = Kind(_look_state, lambda obj, state: obj.__setstate__(state), open=False)
_CLOSED = Kind(lambda obj: obj.__reduce_ex__(5)[:2], None, open=False)

#: Arrays without objects in them. The contents are a copy.
ARRAY = Kind(lambda obj: obj.copy(), _fill_array, open=False)


def kind_of(obj: Any) -> Kind | None:
    """Tell how to look into an object; None if it can't change."""
    cls = type(obj)
    if cls in _CONSTANT_TYPES or cls.__module__ in _CONSTANT_MODULES:
        return None
    for base, kind in _BUILT_IN:
        if isinstance(obj, base):
            return kind
    if isinstance(obj, type):
        return _CLASS if obj.__module__ == "__main__" else None
    if isinstance(obj, tuple | frozenset):
        return None
    if cls.__module__ == "numpy" and (plain := _kind_of_numpy(obj)) is not _ABSENT:
        return plain if isinstance(plain, Kind) else None
    return _kind_by_reduction(obj)


def _kind_of_numpy(obj: Any) -> Any:
    import numpy

    if isinstance(obj, numpy.generic | numpy.ufunc):
        return None
    return ARRAY if isinstance(obj, numpy.ndarray) and not obj.dtype.hasobject else _ABSENT


def _kind_by_reduction(obj: Any) -> Kind | None:
    cls: Any = type(obj)
    plain: Any = object
    default = cls.__reduce_ex__ is plain.__reduce_ex__ and cls.__reduce__ is plain.__reduce__
    if default and cls.__getstate__ is plain.__getstate__ and not hasattr(cls, "__setstate__"):
        return _INSTANCE
    reduced = obj.__reduce_ex__(5)
    if isinstance(reduced, str):
        return None
    stateful = len(reduced) > 2 and reduced[2] is not None
    return _STATE if stateful and hasattr(cls, "__setstate__") else _CLOSED
