"""Sets: their elements in an order that only their content decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import _atoms
from ._names import type_name

if TYPE_CHECKING:
    from ._walk import Walk


def set_(walk: Walk, value: set[Any]) -> None:
    """Encode a set: no order counts."""
    if walk.meet(value):
        walk.out += b"e"
        _unordered(walk, list(value.copy()))


def frozenset_(walk: Walk, value: frozenset[Any]) -> None:
    """Encode a frozenset."""
    walk.immutable(value, _frozenset_parts)


def _frozenset_parts(walk: Walk, value: frozenset[Any]) -> None:
    walk.out += b"z"
    _unordered(walk, list(value))


def _unordered(walk: Walk, elements: list[Any]) -> None:
    kinds = set(map(type, elements))
    ordered = _atoms.in_order(elements, kinds)
    if ordered is None and kinds == {tuple}:
        ordered = _rows_in_order(elements)
    if ordered is not None:
        walk.items(ordered, _step)
        return
    _classes(walk, kinds)
    known = sorted((walk.alone(value) for value in elements), key=lambda found: found[0])
    walk.out += b"~%d:" % len(known)
    for digest, by_content, value in known:
        walk.out += digest
        if not by_content:
            walk.part(value, "{...}")


def _step(index: int) -> str:
    return "{...}"


def _rows_in_order(rows: list[tuple[Any, ...]]) -> list[Any] | None:
    """Tuples of the same types at the same places, in order; None if they are others."""
    if len(set(map(len, rows))) != 1:
        return None
    for column in zip(*rows, strict=True):
        kinds = set(map(type, column))
        if len(kinds) != 1 or _atoms.in_order(list(column), kinds) is None:
            return None
    return sorted(rows)


def _classes(walk: Walk, kinds: set[type]) -> None:
    # So that each element need not look at its class again.
    found = list(kinds - _atoms.ATOM_TYPES - {tuple, frozenset})
    if len(set(map(type_name, found))) == len(found):
        for kind in sorted(found, key=type_name):
            walk.edge(kind, "{...}")
