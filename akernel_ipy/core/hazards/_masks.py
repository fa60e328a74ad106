"""Sets of cells by what they have: a bit for each cell, at its place in the order of arrival."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class Masks(Generic[K]):
    """For each name or object, the cells that have it: however many they are, a few operations."""

    def __init__(self) -> None:
        self._masks: dict[K, int] = {}

    def add(self, keys: Iterable[K], bit: int) -> None:
        """A cell has these."""
        masks = self._masks
        for key in keys:
            masks[key] = masks.get(key, 0) | bit

    def remove(self, keys: Iterable[K], bit: int) -> None:
        """A cell that had these is gone."""
        masks = self._masks
        for key in keys:
            left = masks.get(key, 0) & ~bit
            if left:
                masks[key] = left
            else:
                masks.pop(key, None)

    def of(self, key: K) -> int:
        """Give the cells that have this."""
        return self._masks.get(key, 0)

    def any(self, keys: Collection[K]) -> int:
        """Give the cells that have any of these."""
        found, masks = 0, self._masks
        if len(keys) < len(masks):
            for key in keys:
                found |= masks.get(key, 0)
        else:
            for key, mask in masks.items():
                if key in keys:
                    found |= mask
        return found

    def common(self, keys: Collection[K]) -> list[K]:
        """Give those of some keys that any cell has."""
        return [key for key in keys if key in self._masks]


def last_first(mask: int) -> Iterator[int]:
    """Give the places of the cells in a set, the last one first."""
    while mask:
        place = mask.bit_length() - 1
        yield place
        mask ^= 1 << place
