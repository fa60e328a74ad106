"""Large plain data (records, rows, JSON) by the column: nothing is called for a single element.

All lists at one place of a nest are taken together, then all that is in them, and so on. Only what
is made of exact lists, tuples, dicts and atoms can be taken like that, and only if no list or dict
occurs twice; everything else is walked object by object. Which way is taken depends on the content
alone, so that equal values get equal digests.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any

from . import _atoms

#: Types that can be taken together; their place is their code.
_ORDER: tuple[type, ...] = (*_atoms.ATOMS, list, tuple, dict)
_CODES = {kind: code for code, kind in enumerate(_ORDER)}
TYPES = frozenset(_ORDER)

#: Elements beyond which shared tuples would be expanded too often, and levels of nesting.
_MOST = 1 << 23
_DEEPEST = 60


class NotPlain(Exception):
    """The value has to be walked."""


class Columns:
    """Encodes one nest.

    Args:
        buffer: takes the pieces.
        number: gives objects their numbers; a `Taken` if one of them has one.
    """

    def __init__(self, buffer: Callable[[Any], None], number: Callable[[list[Any]], None]) -> None:
        self._buffer = buffer
        self._number = number
        self._elements = 0

    def encode(self, values: list[Any], depth: int = 0) -> None:
        """Encode values of one place: their types, then those of each type."""
        self._elements += len(values)
        kinds = set(map(type, values))
        if self._elements > _MOST or depth > _DEEPEST or not kinds <= TYPES:
            raise NotPlain
        if kinds <= _atoms.ATOM_TYPES:
            self._atoms(values, kinds)
            return
        ordered = sorted(kinds, key=_CODES.__getitem__)
        self._buffer(bytes([len(ordered), *map(_CODES.__getitem__, ordered)]))
        if len(ordered) > 1:
            self._buffer(bytes(map(_CODES.__getitem__, map(type, values))))
        for kind in ordered:
            same = values if len(ordered) == 1 else [v for v in values if type(v) is kind]
            self._same(same, kind, depth + 1)

    def _same(self, values: list[Any], kind: type, depth: int) -> None:
        if kind in _atoms.ATOM_TYPES:
            self._atoms(values, {kind})
            return
        self._lengths(values)
        if kind is tuple:
            self.encode(list(chain.from_iterable(values)), depth)
            return
        self._number(values)
        if kind is list:
            self.encode(list(chain.from_iterable(values)), depth)
            return
        self._keys(values, depth)
        self.encode(list(chain.from_iterable(map(dict.values, values))), depth)

    def _keys(self, values: list[dict[Any, Any]], depth: int) -> None:
        keys = list(chain.from_iterable(values))
        alike = set(map(type, keys)) == {str} and len(set(map(tuple, values))) == 1
        self._buffer(b"alike" if alike else b"")
        self.encode(list(values[0]) if alike else keys, depth)

    def _atoms(self, values: list[Any], kinds: set[type]) -> None:
        self._buffer(b"*")
        for piece in _atoms.bulk(values, kinds):
            self._buffer(piece)

    def _lengths(self, values: Iterable[Any]) -> None:
        self._buffer(memoryview(array("q", map(len, values))).cast("B"))
