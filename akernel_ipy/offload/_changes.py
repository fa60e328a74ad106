"""What was changed in place: found where the cell ran, and done again in the kernel.

The objects that a cell received are compared with copies of their contents from before: element by
element, by identity; those that hide their elements by a digest. What can't be given new contents
from outside (a data frame's inner manager) is replaced by a copy in all that holds it.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ._kinds import ARRAY, Kind, kind_of
from ._pickling import CellPickler

#: The position of an object among those received, and its new contents.
Change = tuple[int, Any]


class Snapshot:
    """The contents of objects before a cell runs.

    Args:
        objects: what the cell received, by position; more than what it can change.
        own: the namespace of their functions.
        memory: pairs of a writable buffer, which holds the contents of arrays, and what it held.
    """

    def __init__(
        self,
        objects: Mapping[int, Any],
        own: dict[str, Any],
        memory: Sequence[tuple[bytearray, Any]] = (),
    ) -> None:
        self._own = own
        self._kinds: dict[int, Kind] = {}
        for index, obj in objects.items():
            kind = None if obj is own else kind_of(obj)
            if kind is not None:
                self._kinds[index] = kind
        self._objects = {index: objects[index] for index in self._kinds}
        self._memory = memory
        self._in_memory = _arrays_in(memory, self._objects)
        self._known: list[Any] = list(self._objects.values())
        self._before = {index: self._look(index) for index in self._objects}

    def _look(self, index: int) -> tuple[Any, Any]:
        """Give the contents (to keep their elements alive), and what they are compared by."""
        kind, obj = self._kinds[index], self._objects[index]
        if index in self._in_memory:
            return None, (obj.shape, obj.dtype.str)
        if kind is ARRAY:
            return None, (obj.shape, obj.dtype.str, hashlib.blake2b(obj.tobytes()).digest())
        if kind.open:
            contents = kind.look(obj)
            return contents, _elements(contents)
        return None, self._digest(index)

    def _digest(self, index: int) -> bytes:
        pickler = CellPickler(self._own, _beside, self._known)
        try:
            pickler.dump(self.contents(index))
        except Exception:  # it can't be sent back either, which is told then
            return b""
        return hashlib.blake2b(pickler.file.getbuffer()).digest()

    def changed(self) -> tuple[list[int], list[int]]:
        """Find the positions of what changed: first to be filled, then to be replaced."""
        dirty = {number for number, (now, then) in enumerate(self._memory) if now != then}
        changed = {index for index, number in self._in_memory.items() if number in dirty}
        for index, (_, before) in self._before.items():
            if index not in changed and self._look(index)[1] != before:
                changed.add(index)
        closed = {index for index, kind in self._kinds.items() if kind.fill is None}
        stale = changed & closed
        arrays = {index for index in changed if self._kinds[index] is ARRAY}
        if arrays:
            # A data frame's memory may be another frame's too, until one is written to.
            stale |= {index for index in arrays if self._reshaped(index)}
            stale |= self._mentioned(arrays, closed)
        self._spread(stale, changed, closed)
        return sorted(changed - stale), sorted(stale)

    def _reshaped(self, index: int) -> bool:
        obj = self._objects[index]
        return bool((obj.shape, obj.dtype.str) != self._before[index][1][:2])

    def _spread(self, stale: set[int], changed: set[int], closed: set[int]) -> None:
        """Whatever holds something that is to be replaced has changed too."""
        fresh = set(stale)
        while fresh:
            holders = {
                index
                for index in self._objects.keys() - changed - stale
                if self._mentions(index, fresh)
            }
            changed |= holders
            fresh = holders & closed
            stale |= fresh

    def _mentions(self, index: int, wanted: Iterable[int]) -> set[int]:
        """Find which of the wanted objects another one holds, in tuples and the like too."""
        ids = {id(self._objects[i]): i for i in wanted}
        others = [obj for obj in self._known if id(obj) not in ids]
        pickler = CellPickler(self._own, _beside, others)
        try:
            pickler.dump(self._kinds[index].look(self._objects[index]))
        except Exception:  # it can't be sent back either, which is told then
            return set()
        return {ids[key] for key in pickler.memo.copy() if key in ids}

    def _mentioned(self, wanted: set[int], holders: set[int]) -> set[int]:
        found: set[int] = set()
        for index in holders:
            found |= self._mentions(index, wanted)
        return found

    def contents(self, index: int) -> Any:
        """Give the contents that an object has now."""
        return self._kinds[index].look(self._objects[index])

    def kept(self, replaced: Iterable[int]) -> list[int]:
        """Give the positions of objects that need not be sent back: the kernel has them."""
        gone = set(replaced)
        seen: dict[int, int] = {}
        for index, obj in self._objects.items():
            if index not in gone:
                seen.setdefault(id(obj), index)
        return list(seen.values())

    def object(self, index: int) -> Any:
        """Give the object at a position."""
        return self._objects[index]

    def holds(self, obj: Any, indexes: Iterable[int]) -> bool:
        """Whether an object is one of those at some positions."""
        return any(self._objects[index] is obj for index in indexes)


def fill(obj: Any, contents: Any) -> None:
    """Give an object the contents that its counterpart has in another process.

    Raises:
        TypeError: nothing can change it from outside.
    """
    kind = kind_of(obj)
    if kind is None or kind.fill is None:
        raise TypeError(f"can't change a {type(obj).__name__} from outside")
    kind.fill(obj, contents)


def _beside(buffer: pickle.PickleBuffer) -> None:
    """Leave a buffer out of a pickle: it is compared by itself."""


def _elements(contents: Any) -> Any:
    if isinstance(contents, dict):
        return [*map(id, contents), *map(id, contents.values())]
    if isinstance(contents, list):
        return list(map(id, contents))
    if isinstance(contents, set):
        return sorted(map(id, contents))
    return [_elements(part) for part in contents]


def _arrays_in(memory: Sequence[tuple[Any, Any]], objects: Mapping[int, Any]) -> dict[int, int]:
    """Find which arrays have their contents in which of some buffers."""
    from ctypes import addressof, c_char

    found: dict[int, int] = {}
    starts = [(addressof(c_char.from_buffer(m)), len(m)) if m else (0, 0) for m, _ in memory]
    for index, obj in objects.items():
        if kind_of(obj) is not ARRAY:
            continue
        address = obj.__array_interface__["data"][0]
        for number, (start, size) in enumerate(starts):
            if start <= address < start + size:
                found[index] = number
    return found
