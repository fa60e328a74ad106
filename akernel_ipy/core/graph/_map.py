"""A persistent map: an update shares nearly everything with the older map."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

_SHARDS = 64  # a power of two


class Map(Generic[K, V]):
    """A dictionary whose updates leave it alone and copy only one shard of it."""

    __slots__ = ("_mask", "_shards", "_size")

    def __init__(self, shards: tuple[dict[K, V], ...] = ({},), size: int = 0) -> None:
        self._shards = shards
        self._mask = len(shards) - 1
        self._size = size

    def __len__(self) -> int:
        return self._size

    def __contains__(self, key: K) -> bool:
        return key in self._shards[hash(key) & self._mask]

    def __iter__(self) -> Iterator[K]:
        """Give the keys in no order that means anything: sort them."""
        for shard in self._shards:
            yield from shard

    def get(self, key: K) -> V | None:
        """Give the value of a key, or None."""
        return self._shards[hash(key) & self._mask].get(key)

    def set(self, key: K, value: V) -> Map[K, V]:
        """Give a map in which the key has the value."""
        index = hash(key) & self._mask
        shard = self._shards[index].copy()
        size = self._size + (key not in shard)
        shard[key] = value
        grown = Map((*self._shards[:index], shard, *self._shards[index + 1 :]), size)
        return grown._split() if size > _SHARDS and len(self._shards) == 1 else grown

    def without(self, key: K) -> Map[K, V]:
        """Give a map that lacks the key."""
        index = hash(key) & self._mask
        if key not in self._shards[index]:
            return self
        shard = self._shards[index].copy()
        del shard[key]
        return Map((*self._shards[:index], shard, *self._shards[index + 1 :]), self._size - 1)

    def _split(self) -> Map[K, V]:
        shards: tuple[dict[K, V], ...] = tuple({} for _ in range(_SHARDS))
        for key, value in self._shards[0].items():
            shards[hash(key) & _SHARDS - 1][key] = value
        return Map(shards, self._size)
