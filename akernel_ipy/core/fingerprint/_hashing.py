"""The hash under every fingerprint: blake3 where it is installed, else blake2b.

Keys of the two must never meet: the algorithm's name is the first thing that is hashed.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

#: Bytes of a digest.
SIZE = 32

#: Changes whenever the meaning of a digest does, so that old keys are never found again.
_VERSION = 2

#: Bytes that one update takes: they stay in the processor's cache for a second look.
CHUNK = 1 << 20


class Hasher(Protocol):
    """What `hashlib` calls a hash object."""

    def update(self, data: Any, /) -> Any:
        """Take more bytes in."""

    def digest(self) -> bytes:
        """Tell the digest of what was taken in."""


@dataclass(frozen=True)
class Algorithm:
    """A hash function, by its name; ``new`` begins a digest."""

    name: str
    new: Callable[[], Hasher]

    @property
    def domain(self) -> bytes:
        """What every key begins with."""
        major, minor = sys.version_info[:2]
        return f"akernel {_VERSION} {self.name} {sys.byteorder} {major}.{minor}\n".encode()

    def digest(self, view: Any) -> bytes:
        """Digest bytes or any contiguous buffer."""
        hasher = self.new()
        for chunk in chunks(memoryview(view)):
            hasher.update(chunk)
        return hasher.digest()


def chunks(view: memoryview) -> Iterable[memoryview]:
    """Contiguous memory in pieces; signals are looked at in between."""
    if view.nbytes <= CHUNK:
        return [view]
    flat = view.cast("B")
    return (flat[start : start + CHUNK] for start in range(0, len(flat), CHUNK))


def blake2b() -> Algorithm:
    """The standard library's."""

    def new() -> Hasher:
        return hashlib.blake2b(digest_size=SIZE)

    return Algorithm("blake2b", new)


def blake3() -> Algorithm | None:
    """The one of the package `blake3`, several times as fast, if it is installed.

    On one thread: its own threads would compete with running cells, and are lost by a fork.
    """
    try:
        from blake3 import blake3 as new
    except ImportError:
        return None
    return Algorithm("blake3", new)


@lru_cache(1)
def best() -> Algorithm:
    """The fastest that is there; the same for the life of the process."""
    return blake3() or blake2b()
