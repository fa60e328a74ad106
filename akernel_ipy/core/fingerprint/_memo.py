"""Digests of large buffers that need no second hash: a change detector decides, never an id alone.

Memory can change without anybody being told: through a view, through another object, from C. So a
buffer that was hashed before is read again, by xxh3, which is several times as fast, under a seed
that nobody knows. Only if address, length and checksum are the same is the digest the same.

On the first look both are made chunk by chunk, the checksum before and after the hash: if the two
differ, somebody was writing meanwhile, and nothing is kept.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from threading import Lock

from ._hashing import Algorithm, Hasher, chunks

#: Smaller buffers are hashed each time, bytes.
LARGE = 1 << 20

_ENTRIES = 1024

Checksum = Callable[[], Hasher]


def xxh3() -> Checksum | None:
    """The change detector, if the package `xxhash` is installed."""
    try:
        from xxhash import xxh3_128
    except ImportError:
        return None
    seed = int.from_bytes(os.urandom(8), "little")
    return lambda: xxh3_128(seed=seed)


class Memo:
    """Digests of buffers, by where they lie and what is in them; it holds no memory alive."""

    def __init__(self, algorithm: Algorithm, checksum: Checksum | None) -> None:
        self._algorithm = algorithm
        self._checksum = checksum
        self._lock = Lock()
        self._known: dict[tuple[int, int], tuple[bytes, bytes]] = {}

    def digest(self, view: memoryview, address: int | None) -> bytes:
        """Digest contiguous memory, or recall its digest if it is as it was."""
        if self._checksum is None or address is None or view.nbytes < LARGE:
            return self._algorithm.digest(view)
        key = address, view.nbytes
        known = self._known.get(key)
        if known is not None and self._sum(view, self._checksum()) == known[0]:
            return known[1]
        checksum, digest = self._both(view, self._checksum(), self._checksum())
        self._remember(key, checksum, digest)
        return digest

    def _remember(self, key: tuple[int, int], checksum: bytes | None, digest: bytes) -> None:
        with self._lock:
            self._known.pop(key, None)
            if checksum is not None:
                self._known[key] = checksum, digest
                while len(self._known) > _ENTRIES:
                    del self._known[next(iter(self._known))]

    @staticmethod
    def _sum(view: memoryview, checksum: Hasher) -> bytes:
        for chunk in chunks(view):
            checksum.update(chunk)
        return checksum.digest()

    def _both(self, view: memoryview, before: Hasher, after: Hasher) -> tuple[bytes | None, bytes]:
        hasher = self._algorithm.new()
        for chunk in chunks(view):
            before.update(chunk)
            hasher.update(chunk)
            after.update(chunk)
        checksum = before.digest()
        return checksum if after.digest() == checksum else None, hasher.digest()
