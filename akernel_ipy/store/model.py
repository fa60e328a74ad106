"""The values of the store: what an entry consists of, and what is said about a store."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ..core.errors import StoreError

#: Parts up to this size, in bytes, are kept in the index itself.
INLINE = 64 * 1024

#: Buffers smaller than this, in bytes, share one part.
SMALL = 64 * 1024

#: How the key of a note begins: an entry that tells about others, and isn't counted for people.
NOTE = b"note:"

#: Where in a shared part a buffer may begin, in bytes.
ALIGNMENT = 64


class Unfit(StoreError):
    """An entry that can't be stored; nothing is wrong with the store."""


@dataclass(frozen=True, slots=True)
class Part:
    """A run of bytes, named by its keyed digest."""

    name: str
    size: int

    @property
    def inline(self) -> bool:
        """Tell whether the index keeps it; else it is a file."""
        return self.size <= INLINE


@dataclass(frozen=True, slots=True)
class Place:
    """Where a buffer lies: in which part, from which byte, how many bytes."""

    part: int
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Layout:
    """The parts of an entry, the payload first, and where in them the buffers lie."""

    parts: tuple[Part, ...]
    buffers: tuple[Place, ...]

    @property
    def files(self) -> tuple[Part, ...]:
        """Give the parts that are files, each once."""
        return tuple({part.name: part for part in self.parts if not part.inline}.values())

    @property
    def inlined(self) -> int:
        """Give the bytes that the index keeps."""
        return sum(part.size for part in self.parts if part.inline)

    @property
    def size(self) -> int:
        """Give the bytes of all parts."""
        return sum(part.size for part in self.parts)

    def encode(self) -> bytes:
        """Give the form that is stored and signed."""
        parts = [[part.name, part.size] for part in self.parts]
        buffers = [[place.part, place.offset, place.size] for place in self.buffers]
        return json.dumps([parts, buffers], separators=(",", ":")).encode()

    @classmethod
    def decode(cls, text: bytes) -> Layout:
        """Read what `encode` wrote. Only for text whose signature was verified."""
        parts, buffers = json.loads(text)
        return cls(
            tuple(Part(name, size) for name, size in parts),
            tuple(Place(part, offset, size) for part, offset, size in buffers),
        )


@dataclass(frozen=True, slots=True)
class Record:
    """An entry whose signature was verified; its data is verified by `Store.read`.

    Attributes:
        dependencies, meta: JSON values, as they were given to `Store.write`.
        created, used: seconds since the epoch.
        hits: how often it was touched.
        bytes: what the entry takes, in bytes; a file shared with other entries counts in each.
    """

    id: int
    key: bytes
    dependencies: Any
    meta: Any
    layout: Layout
    algorithm: str
    created: float
    used: float
    hits: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Stored:
    """The verified data of an entry.

    Attributes:
        payload: read-only.
        buffers: writable; what is written to them stays in this process.
    """

    payload: memoryview
    buffers: list[memoryview]


@dataclass(frozen=True, slots=True)
class Stats:
    """The state of a store: bytes as in the index, a shared file counted once."""

    directory: str
    entries: int
    hits: int
    bytes: int
    max_bytes: int


@dataclass(frozen=True, slots=True)
class Removed:
    """What `Store.clear` or `Store.prune` took away."""

    entries: int
    bytes: int
