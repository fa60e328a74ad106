"""Containers of the standard library, and what else is made of parts."""

from __future__ import annotations

from array import array
from collections import OrderedDict, defaultdict, deque
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ._refusal import Unhashable

if TYPE_CHECKING:
    from ._walk import Walk


def list_(walk: Walk, value: list[Any]) -> None:
    """Encode a list."""
    if walk.meet(value):
        walk.out += b"l"
        walk.items(value.copy())


def tuple_(walk: Walk, value: tuple[Any, ...]) -> None:
    """Encode a tuple."""
    walk.immutable(value, _tuple_parts)


def _tuple_parts(walk: Walk, value: tuple[Any, ...]) -> None:
    walk.out += b"t"
    walk.items(list(value))


def dict_(walk: Walk, value: dict[Any, Any]) -> None:
    """Encode a dict: its order counts."""
    if walk.meet(value):
        walk.out += b"d"
        walk.mapping(*_snapshot(value))


def _snapshot(value: dict[Any, Any]) -> tuple[list[Any], list[Any]]:
    held = dict.copy(value)  # one step: other threads may be writing
    return list(held.keys()), list(held.values())


def bytearray_(walk: Walk, value: bytearray) -> None:
    """Encode a bytearray."""
    if walk.meet(value):
        walk.out += b"a"
        walk.buffer(value)


def array_(walk: Walk, value: array[Any]) -> None:
    """Encode an `array.array`."""
    if walk.meet(value):
        walk.out += b"array"
        walk.text(value.typecode)
        if value.typecode == "u":
            walk.walk(value.tounicode())
        else:
            walk.buffer(memoryview(value).cast("B"), value.buffer_info()[0])


def memory(walk: Walk, value: Any) -> None:
    """Encode a memoryview, by what it shows."""
    if not walk.meet(value):
        return
    try:
        view = memoryview(value)
    except ValueError as error:
        raise Unhashable("a memoryview that was released") from error
    walk.out += b"memory"
    walk.text(view.format)
    walk.walk((view.shape, view.readonly))
    walk.buffer(view if view.c_contiguous else view.tobytes())


def ordered_dict(walk: Walk, value: OrderedDict[Any, Any]) -> None:
    """Encode an `OrderedDict`."""
    if walk.meet(value):
        walk.out += b"od"
        # Its own order, which is not that of the dict below after `move_to_end`.
        keys = list(OrderedDict.keys(value))
        walk.mapping(keys, [dict.__getitem__(value, key) for key in keys])
        walk.part(value.__dict__, "")


def default_dict(walk: Walk, value: defaultdict[Any, Any]) -> None:
    """Encode a `defaultdict`, with what makes its defaults."""
    if walk.meet(value):
        walk.out += b"dd"
        walk.part(value.default_factory, ".default_factory")
        walk.mapping(*_snapshot(value))


def deque_(walk: Walk, value: deque[Any]) -> None:
    """Encode a `deque`, with its bound."""
    if walk.meet(value):
        walk.out += b"dq"
        walk.walk(value.maxlen)
        walk.items(list(value.copy()))


def namespace(walk: Walk, value: Any) -> None:
    """Encode a `types.SimpleNamespace`."""
    if walk.meet(value):
        walk.out += b"ns"
        walk.named(list(value.__dict__.items()))


def range_(walk: Walk, value: range) -> None:
    """Encode a range: how it was asked for, not only its elements."""
    walk.out += b"range"
    for number in (value.start, value.stop, value.step):
        walk.walk(number)


def slice_(walk: Walk, value: slice) -> None:
    """Encode a slice."""
    walk.out += b"slice"
    for bound in (value.start, value.stop, value.step):
        walk.walk(bound)


def pickle_buffer(walk: Walk, value: Any) -> None:
    """Encode a `pickle.PickleBuffer`, as some objects give when they are asked for their state."""
    walk.out += b"buffer"
    with value.raw() as view:
        walk.buffer(view)


def mapping_proxy(walk: Walk, value: MappingProxyType[Any, Any]) -> None:
    """Encode a read-only view of a mapping, by what it shows."""
    if walk.meet(value):
        walk.out += b"proxy"
        walk.walk(value.copy())
