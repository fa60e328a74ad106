"""Numbers of the objects that a walk has met."""

from __future__ import annotations

from typing import Any

from ._refusal import Unhashable

#: Objects looked at for the order of sets within sets, beyond which these are too entangled.
_MOST_REPEATS = 50_000


class Taken(Exception):
    """One of some objects has a number already."""


class Numbers:
    """Gives each object a number, in the order in which they are met, and keeps it alive.

    Attributes:
        known: numbers, by the object's id.
        keep: the objects, and whatever else must stay until the walk is over: the id of an object
            that is gone may be given to another one.
        repeating: how many sets are being put in order: what is met then will be met again.
    """

    def __init__(self) -> None:
        self.known: dict[int, int] = {}
        self.keep: list[Any] = []
        self.repeating = 0
        self._order: list[int] = []
        self._repeats = 0

    def __len__(self) -> int:
        return len(self._order)

    def add(self, value: Any) -> None:
        """Number an object that has no number."""
        self.known[id(value)] = len(self._order)
        self._order.append(id(value))
        self.keep.append(value)
        self._count(1)

    def add_all(self, values: list[Any]) -> None:
        """Number many objects.

        Raises:
            Taken: one of them occurs twice, or was met before.
        """
        keys = list(map(id, values))
        start = len(self._order)
        new = dict(zip(keys, range(start, start + len(keys)), strict=True))
        if len(new) < len(keys) or not new.keys().isdisjoint(self.known):
            raise Taken
        self.known.update(new)
        self._order.extend(keys)
        self.keep.append(values)
        self._count(len(keys))

    def forget(self, met: int) -> None:
        """Take back all numbers but the first ``met`` ones."""
        for key in self._order[met:]:
            del self.known[key]
        del self._order[met:]

    def _count(self, objects: int) -> None:
        if self.repeating > 1:
            self._repeats += objects
            if self._repeats > _MOST_REPEATS:
                raise Unhashable("a set whose elements lead to each other in too many ways")
