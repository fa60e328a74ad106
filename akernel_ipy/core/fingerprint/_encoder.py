"""The bytes of an encoding: names, numbers, memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from . import _atoms
from ._hashing import Algorithm, Hasher
from ._memo import Memo

#: Bytes of encoding that are kept before they go to the hash.
_SPILL = 1 << 16

#: A longer encoding of a tuple takes part as its digest.
_INLINE = 64

#: Larger buffers take part as their digest.
SMALL = 1 << 12


class Sink:
    """Bytes on their way into one digest."""

    __slots__ = ("_hash", "_new", "out")

    def __init__(self, new: Callable[[], Hasher]) -> None:
        self._new = new
        self._hash: Hasher | None = None
        self.out = bytearray()

    def spill(self) -> None:
        """Hand over what has gathered, if it is much."""
        if len(self.out) > _SPILL:
            self._flush()

    def _flush(self) -> Hasher:
        if self._hash is None:
            self._hash = self._new()
        self._hash.update(self.out)
        self.out.clear()
        return self._hash

    def digest(self) -> bytes:
        """The digest of everything."""
        return self._flush().digest()

    def inline(self) -> bytes | None:
        """The encoding itself, if it is short."""
        return bytes(self.out) if self._hash is None and len(self.out) <= _INLINE else None


class Encoder:
    """Writes to a sink; what is written tells its own length, so that it can be put in a row."""

    def __init__(self, algorithm: Algorithm, memo: Memo) -> None:
        self.algorithm = algorithm
        self._memo = memo
        self._sink = Sink(algorithm.new)
        self.out = self._sink.out

    def text(self, value: str) -> None:
        """Encode a name, a tag, a format."""
        data = _atoms.text(value)
        self.out += b"%d:" % len(data)
        self.out += data

    def buffer(self, data: Any, address: int | None = None) -> None:
        """Encode contiguous memory, in place.

        Args:
            data: bytes, or what memoryview takes.
            address: where it lies, by which large memory is known again.
        """
        view = memoryview(data)
        self.out += b"%d:" % view.nbytes
        if view.nbytes <= SMALL:
            self.out += view if view.format == "B" and view.ndim == 1 else view.tobytes()
        else:
            self.out += self._memo.digest(view, address)
        self._sink.spill()

    def stream(self, size: int, chunks: Iterable[Any]) -> None:
        """Encode memory that comes in chunks, ``size`` bytes in all, as `buffer` the whole."""
        self.out += b"%d:" % size
        if size <= SMALL:
            self.out += b"".join(bytes(chunk) for chunk in chunks)
        else:
            hasher = self.algorithm.new()
            for chunk in chunks:
                hasher.update(chunk)
            self.out += hasher.digest()
        self._sink.spill()

    def atoms(self, values: list[Any], kinds: set[type]) -> None:
        """Encode many atoms, all of ``kinds``."""
        self.out += b"*"
        for piece in _atoms.bulk(values, kinds):
            self.buffer(piece)
