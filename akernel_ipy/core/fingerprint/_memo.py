"""Digests of large buffers that need no second hash: a change detector decides, never an id alone.

Memory can change without anybody being told: through a view, through another object, from C. So a
buffer that was hashed before is read again, by xxh3 (10 GB/s where blake3 has 4), under a seed that
nobody knows. Only if object, address, length and checksum are the same, so is the digest.

The first look costs nothing extra, the second one a checksum, those after it the checksum only.
"""

from __future__ import annotations

import os
import weakref
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ._hashing import Algorithm

#: Smaller buffers are hashed each time.
LARGE = 1 << 20

_ENTRIES = 512

Checksum = Callable[[Any], bytes]


def xxh3() -> Checksum | None:
    """The change detector, if the package `xxhash` is installed."""
    try:
        from xxhash import xxh3_128_digest
    except ImportError:
        return None
    seed = int.from_bytes(os.urandom(8), "little")
    return lambda data: xxh3_128_digest(data, seed)


@dataclass
class _Known:
    owner: weakref.ref[Any]
    digest: bytes
    checksum: bytes | None = None


class Memo:
    """Digests of buffers, by the object that holds them; bounded, and holding no object alive."""

    def __init__(self, algorithm: Algorithm, checksum: Checksum | None) -> None:
        self._algorithm = algorithm
        self._checksum = checksum
        self._known: OrderedDict[tuple[int, int, str], _Known] = OrderedDict()

    def digest(self, view: memoryview, owner: object) -> bytes:
        """Digest contiguous memory, or recall its digest if it is as it was."""
        if self._checksum is None or owner is None or view.nbytes < LARGE:
            return self._algorithm.digest(view)
        key = (id(owner), view.nbytes, f"{view.format}{view.shape}")
        known = self._known.get(key)
        if known is None or known.owner() is not owner:
            return self._remember(key, owner, self._algorithm.digest(view))
        self._known.move_to_end(key)
        checksum = self._checksum(view)
        if known.checksum != checksum:
            known.digest = self._algorithm.digest(view)
            # Somebody may have written between the two: a second checksum settles it.
            known.checksum = checksum if self._checksum(view) == checksum else None
        return known.digest

    def _remember(self, key: tuple[int, int, str], owner: object, digest: bytes) -> bytes:
        try:
            self._known[key] = _Known(weakref.ref(owner), digest)
        except TypeError:
            return digest
        while len(self._known) > _ENTRIES:
            self._known.popitem(last=False)
        return digest
