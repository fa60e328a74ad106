"""The hash under every fingerprint: blake3 where it is installed, else blake2b.

Keys of the two must never meet: the algorithm's name is the first thing that is hashed.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

#: Bytes of a digest.
SIZE = 32

#: From this many bytes on, several threads hash one buffer (blake3 only): below, one is as fast.
WIDE = 1 << 22

#: Changes whenever the meaning of a digest does, so that old keys are never found again.
_VERSION = 1

#: What one update takes: the interpreter can look at signals in between.
_CHUNK = 1 << 26


class Hasher(Protocol):
    """What `hashlib` calls a hash object."""

    def update(self, data: Any, /) -> Any:
        """Take more bytes in."""

    def digest(self) -> bytes:
        """Tell the digest of what was taken in."""


@dataclass(frozen=True)
class Algorithm:
    """A hash function: ``new`` for many small inputs, ``wide`` for one large buffer."""

    name: str
    new: Callable[[], Hasher]
    wide: Callable[[], Hasher]

    @property
    def domain(self) -> bytes:
        """What every key begins with."""
        major, minor = sys.version_info[:2]
        return f"akernel {_VERSION} {self.name} {sys.byteorder} {major}.{minor}\n".encode()

    def digest(self, data: Any) -> bytes:
        """Digest bytes or any contiguous buffer."""
        view = memoryview(data)
        if view.nbytes <= _CHUNK:
            hasher = self.wide() if view.nbytes >= WIDE else self.new()
            hasher.update(view)
            return hasher.digest()
        hasher, view = self.wide(), view.cast("B")
        for start in range(0, len(view), _CHUNK):
            hasher.update(view[start : start + _CHUNK])
        return hasher.digest()


def blake2b() -> Algorithm:
    """The standard library's: about 0.6 GB/s."""

    def new() -> Hasher:
        return hashlib.blake2b(digest_size=SIZE)

    return Algorithm("blake2b", new, new)


def blake3(threads: int | None = None) -> Algorithm | None:
    """The one of the package `blake3`, if it is installed: about 4 GB/s on one core.

    Args:
        threads: the most that one large buffer may use; None is as many as there are cores.
    """
    try:
        from blake3 import blake3 as new
    except ImportError:
        return None
    most = new.AUTO if threads is None else threads

    def wide() -> Hasher:
        return new(max_threads=1 if _forked else most)

    return Algorithm("blake3", new, wide)


@lru_cache(1)
def best() -> Algorithm:
    """The fastest that is there; the same for the life of the process."""
    return blake3() or blake2b()


_forked = False


def _after_fork() -> None:
    # The pool of blake3's threads is not in the child, and a child that waits for it waits forever.
    global _forked
    _forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
