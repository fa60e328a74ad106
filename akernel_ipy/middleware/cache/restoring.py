"""Objects that a cell changed in place: their new state, and how to bring it back in place."""

from __future__ import annotations

import enum
import sys
import types
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Any

from ...core.slots import slots
from .parts import attributes_of_class, has_attributes, is_plain

#: What to bring back: the kind, the state, the attributes.
State = tuple[str, Any, Any]


class CantRestore(Exception):
    """An object changed in place, and there is no way to change another one likewise."""


def state_of(value: Any) -> State | None:
    """Give the state of an object that was there before the run; None if it can't have changed.

    Raises:
        CantRestore: nobody knows how to bring its state back.
    """
    for kind, (applies, take, _) in _KINDS.items():
        if applies(value):
            return kind, take(value), _attributes_of(value)
    if isinstance(value, _FIXED) or _is_library(value):
        return None
    raise CantRestore(f"an object of type {type(value).__name__} can't be changed in place")


def apply(value: Any, state: State) -> None:
    """Bring a state back into the object that stands for the one it was taken from."""
    kind, content, attributes = state
    _KINDS[kind][2](value, content)
    if attributes is not None and kind not in {"plain", "class"}:
        value.__dict__.clear()
        value.__dict__.update(attributes)


def _attributes_of(value: Any) -> dict[str, Any] | None:
    known = isinstance(value, list | dict | set | deque | types.FunctionType)
    return dict(value.__dict__) if known and has_attributes(value) else None


_FIXED = (
    tuple, frozenset, staticmethod, classmethod, property, types.MethodType, types.GenericAlias,
)  # fmt: skip


def _is_library(value: Any) -> bool:
    library = type(value).__module__.partition(".")[0]
    return library in {"polars", "pyarrow"} or (
        library == "pandas" and type(value).__name__ not in {"DataFrame", "Series"}
    )


def _named(library: str, *names: str) -> Callable[[Any], bool]:
    return lambda value: (
        type(value).__module__.partition(".")[0] == library and type(value).__name__ in names
    )


def _set_dict(value: Any, items: list[tuple[Any, Any]]) -> None:
    owner: Any = OrderedDict if isinstance(value, OrderedDict) else dict
    owner.clear(value)
    owner.update(value, items)


def _dict_items(value: Any) -> list[tuple[Any, Any]]:
    items = list(dict.items(value))
    if hasattr(type(value), "__missing__") and hasattr(value, "default_factory"):
        return items  # its factory is fixed by the class of what was there before
    return items


def _set_list(value: Any, items: list[Any]) -> None:
    list.__setitem__(value, slice(None), items)


def _set_deque(value: Any, items: list[Any]) -> None:
    deque.clear(value)
    deque.extend(value, items)


def _set_set(value: Any, items: list[Any]) -> None:
    set.clear(value)
    set.update(value, items)


def _set_array(value: Any, new: Any) -> None:
    if value.shape != new.shape or value.dtype != new.dtype:
        raise CantRestore("an array changed its shape in place")
    sys.modules["numpy"].copyto(value, new)


def _copy_of_array(value: Any) -> Any:
    return sys.modules["numpy"].array(value, copy=True, subok=False)


def _set_frame(value: Any, new: Any) -> None:
    value._update_inplace(new)
    value.attrs = new.attrs
    if value.ndim == 1:
        value.name = new.name


def _slots_of(value: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    held = {n: getattr(value, n) for n in slots(type(value)) if hasattr(value, n)}
    return (dict(value.__dict__) if has_attributes(value) else {}), held


def _set_plain(value: Any, state: tuple[dict[str, Any], dict[str, Any]]) -> None:
    attributes, held = state
    if has_attributes(value):
        value.__dict__.clear()
        value.__dict__.update(attributes)
    for name in slots(type(value)):
        if name in held:
            object.__setattr__(value, name, held[name])
        elif hasattr(value, name):
            object.__delattr__(value, name)


def _set_class(value: type, new: dict[str, Any]) -> None:
    for name, part in new.items():
        if attributes_of_class(value).get(name, _set_class) is not part:
            setattr(value, name, part)
    for name in attributes_of_class(value).keys() - new.keys():
        delattr(value, name)


def _of_member(value: enum.Enum) -> dict[str, Any]:
    """The attributes of an enumeration's member, the machinery's aside."""
    return {name: part for name, part in vars(value).items() if name[:1] != "_"}


def _set_member(value: enum.Enum, new: dict[str, Any]) -> None:
    for name in _of_member(value).keys() - new.keys():
        delattr(value, name)
    for name, part in new.items():
        if vars(value).get(name, _set_member) is not part:
            setattr(value, name, part)


def _contents(cell: types.CellType) -> tuple[Any, ...]:
    try:
        return (cell.cell_contents,)
    except ValueError:
        return ()


def _set_cell(cell: types.CellType, content: tuple[Any, ...]) -> None:
    if content:
        cell.cell_contents = content[0]


def _set_generator(value: Any, state: Any) -> None:
    value.bit_generator.state = state


def _nothing(value: Any, state: Any) -> None:
    """Attributes are all there is to bring back."""


def _is_array(value: Any) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and type(value) is numpy.ndarray


_KINDS: dict[
    str, tuple[Callable[[Any], bool], Callable[[Any], Any], Callable[[Any, Any], None]]
] = {
    "list": (lambda v: isinstance(v, list), list, _set_list),
    "dict": (lambda v: isinstance(v, dict), _dict_items, _set_dict),
    "deque": (lambda v: isinstance(v, deque), list, _set_deque),
    "set": (lambda v: isinstance(v, set), list, _set_set),
    "bytearray": (
        lambda v: type(v) is bytearray,
        bytes,
        lambda v, new: bytearray.__setitem__(v, slice(None), new),
    ),
    "array": (_is_array, _copy_of_array, _set_array),
    "frame": (_named("pandas", "DataFrame", "Series"), lambda v: v.copy(), _set_frame),
    "class": (lambda v: isinstance(v, type), attributes_of_class, _set_class),
    "function": (lambda v: isinstance(v, types.FunctionType), lambda v: None, _nothing),
    "cell": (lambda v: isinstance(v, types.CellType), _contents, _set_cell),
    "random": (
        lambda v: type(v).__module__ == "random" and hasattr(v, "getstate"),
        lambda v: v.getstate(),
        lambda v, new: v.setstate(new),
    ),
    "generator": (
        _named("numpy", "Generator"),
        lambda v: v.bit_generator.state,
        _set_generator,
    ),
    "randomstate": (
        _named("numpy", "RandomState"),
        lambda v: v.get_state(legacy=False),
        lambda v, new: v.set_state(new),
    ),
    "member": (lambda v: isinstance(v, enum.Enum), _of_member, _set_member),
    "plain": (is_plain, _slots_of, _set_plain),
}
