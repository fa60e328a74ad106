"""Keyed digests: the names of blobs, and the signatures of entries.

blake3 if it is installed, else blake2b of the standard library. Each entry says which, and the
signature covers the name of the algorithm, so that no digest of one passes as one of the other.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Callable, Sequence
from typing import Any

#: Algorithms, the preferred one first.
ALGORITHMS = ("blake3", "blake2b")

KEY_BYTES = 32

#: From how many bytes on blake3 uses all cores.
PARALLEL = 1 << 20

Keyed = Callable[[Any, bytes], bytes]

# The threads of blake3 don't exist in a child of fork; waiting for them would never end.
_threads_lost = False


def _lose_threads() -> None:
    global _threads_lost
    _threads_lost = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_lose_threads)


def _blake2b(data: Any, key: bytes) -> bytes:
    return hashlib.blake2b(data, key=key, digest_size=32).digest()


def _blake3() -> Keyed | None:
    try:
        from blake3 import blake3
    except ImportError:
        return None

    def keyed(data: Any, key: bytes) -> bytes:
        parallel = len(data) >= PARALLEL and not _threads_lost
        return blake3(data, key=key, max_threads=blake3.AUTO if parallel else 1).digest()

    return keyed


class Digests:
    """Digests under one user's key."""

    def __init__(self, key: bytes) -> None:
        self._keyed: dict[str, Keyed] = {"blake2b": _blake2b}
        fast = _blake3()
        if fast:
            self._keyed["blake3"] = fast
        self.algorithm = next(name for name in ALGORITHMS if name in self._keyed)
        self._content = self._subkey(key, b"content")
        self._entry = self._subkey(key, b"entry")
        #: Tells keys apart, without giving anything of them away.
        self.signer = self._subkey(key, b"signer")[:8]

    def __contains__(self, algorithm: str) -> bool:
        return algorithm in self._keyed

    def name(self, data: Any, algorithm: str) -> str:
        """Give the name under which `data`, an object with bytes, is stored: 64 hex digits."""
        return self._keyed[algorithm](data, self._content).hex()

    def sign(self, fields: Sequence[bytes], algorithm: str) -> bytes:
        """Sign the fields of an entry, each for itself: what moves from one to another is seen."""
        framed = [algorithm.encode(), *fields]
        message = b"".join(len(field).to_bytes(8, "little") + field for field in framed)
        return self._keyed[algorithm](message, self._entry)

    def signed(self, fields: Sequence[bytes], algorithm: str, signature: bytes) -> bool:
        """Tell whether `signature` is that of `fields`."""
        return hmac.compare_digest(self.sign(fields, algorithm), signature)

    @staticmethod
    def _subkey(key: bytes, purpose: bytes) -> bytes:
        return hashlib.blake2b(
            purpose, key=key, digest_size=KEY_BYTES, person=b"akernel store 1"
        ).digest()
