"""From the user's live memory to parts: first copied, later named.

Copying is done before `Store.write` returns, since the user's next statement may change the
memory. Naming reads the copy, in the background.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pickle import PickleBuffer
from typing import Any

from .blobs import Blobs, Draft
from .digests import Digests
from .model import ALIGNMENT, INLINE, SMALL, Layout, Part, Place


@dataclass
class Staged:
    """An entry's data, copied. `drop` it unless its drafts were published."""

    places: tuple[Place, ...]
    pieces: list[bytes | Draft] = field(default_factory=list)

    def drop(self) -> None:
        """Remove the files that weren't published."""
        for piece in self.pieces:
            if isinstance(piece, Draft):
                piece.drop()

    def layout(self, digests: Digests) -> Layout:
        """Name the parts."""
        algorithm = digests.algorithm
        return Layout(tuple(_part(p, digests, algorithm) for p in self.pieces), self.places)

    def settle(self) -> None:
        """Wait until the files are on the disk."""
        for piece in self.pieces:
            if isinstance(piece, Draft):
                piece.settle()


def _part(piece: bytes | Draft, digests: Digests, algorithm: str) -> Part:
    if isinstance(piece, bytes):
        return Part(digests.name(piece, algorithm), len(piece))
    with piece.mapped() as data:
        return Part(digests.name(data, algorithm), piece.size)


def raw(buffer: Any) -> memoryview:
    """Give the bytes of a contiguous buffer, without a copy."""
    return PickleBuffer(buffer).raw()


def plan(sizes: Sequence[int]) -> tuple[Place, ...]:
    """Decide where buffers go: a large one is a part, the small ones share part 1."""
    small = [size for size in sizes if size < SMALL]
    next_part, offset = 2 if small else 1, 0
    places = []
    for size in sizes:
        if size < SMALL:
            places.append(Place(1, offset, size))
            offset += size + -size % ALIGNMENT
        else:
            places.append(Place(next_part, 0, size))
            next_part += 1
    return tuple(places)


def stage(blobs: Blobs, payload: Any, buffers: Sequence[Any]) -> Staged:
    """Copy an entry's data.

    Raises:
        OSError: if it can't be written; nothing is left then.
    """
    views = [raw(buffer) for buffer in buffers]
    staged = Staged(plan([len(view) for view in views]))
    try:
        _add(staged, blobs, [raw(payload)])
        small = [view for view in views if len(view) < SMALL]
        if small:
            _add(staged, blobs, small)
        for view in views:
            if len(view) >= SMALL:
                _add(staged, blobs, [view])
    except BaseException:
        staged.drop()
        raise
    return staged


def _add(staged: Staged, blobs: Blobs, views: list[memoryview]) -> None:
    """Copy what forms one part: a small one to memory, else to a file."""
    size = sum(len(view) + -len(view) % ALIGNMENT for view in views[:-1]) + len(views[-1])
    if size <= INLINE:
        padded = (bytes(view) + bytes(-len(view) % ALIGNMENT) for view in views[:-1])
        staged.pieces.append(b"".join(padded) + bytes(views[-1]))
        return
    draft = blobs.draft()
    staged.pieces.append(draft)
    for view in views:
        draft.pad(ALIGNMENT)
        draft.write(view)
