"""How an entry gets into the store: staged at once, published in the background."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .blobs import Draft
from .entries import Entry, add, encode, evict, sign
from .model import Part, Unfit
from .objects import Bundle
from .opened import Opened
from .staging import Staged, raw, stage


class Publication:
    """What became of a `Store.write`.

    Attributes:
        reason: why nothing was stored; empty as long as that isn't known, and if all went well.
    """

    def __init__(self, key: bytes, reason: str = "") -> None:
        self.key = key
        self.reason = reason
        self._settled = threading.Event()
        if reason:
            self._settled.set()

    @property
    def done(self) -> bool:
        """Tell whether it is decided."""
        return self._settled.is_set()

    @property
    def stored(self) -> bool:
        """Tell whether the entry is on the disk, and found by lookups."""
        return self.done and not self.reason

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is decided, at most `timeout` seconds; give `stored`."""
        self._settled.wait(timeout)
        return self.stored

    def settle(self, reason: str = "") -> None:
        """Say how it ended."""
        self.reason = reason
        self._settled.set()


@dataclass(frozen=True)
class Limits:
    """Bytes that the cache may take, and bytes of the disk that it leaves free."""

    max_bytes: int
    reserve: int


@dataclass(frozen=True)
class Writing:
    """An entry that is copied, and not yet named, signed and published."""

    key: bytes
    dependencies: bytes
    meta: bytes
    staged: Staged
    since: float


def begin(
    opened: Opened,
    limits: Limits,
    key: bytes,
    values: tuple[Any, Any],
    payload: Any,
    buffers: Sequence[Any],
) -> Writing:
    """Copy all that the caller may change afterwards.

    Raises:
        Unfit: if it is too large, a value isn't JSON, or a buffer isn't contiguous.
        StoreError: if there is no room.
        OSError: if it can't be written.
    """
    try:
        dependencies, meta = map(encode, values)
        size = sum(raw(data).nbytes for data in (payload, *buffers))
    except (TypeError, ValueError, BufferError, RecursionError) as error:
        raise Unfit(f"it can't be stored: {error}") from error
    if size > limits.max_bytes:
        raise Unfit(f"it takes {size:,} bytes, the cache has {limits.max_bytes:,}")
    opened.blobs.require(size, limits.reserve)
    staged = stage(opened.blobs, payload, buffers)
    return Writing(bytes(key), dependencies, meta, staged, time.time())


def publish(opened: Opened, writing: Writing, max_bytes: int, used: float) -> Bundle:
    """Name, sign and publish an entry: its blobs first, then its row; then make room.

    Raises:
        OSError, sqlite3.Error: and nothing is published then.
    """
    digests, staged = opened.digests, writing.staged
    layout = staged.layout(digests)
    staged.settle()
    texts = writing.dependencies, writing.meta, layout.encode()
    entry = sign(Entry(writing.key, digests.algorithm, writing.since, *texts), digests)
    pieces = list(zip(layout.parts, staged.pieces, strict=True))
    bundle = Bundle(entry, layout, {part.name: p for part, p in pieces if isinstance(p, bytes)})
    drafts = [(part, piece) for part, piece in pieces if isinstance(piece, Draft)]
    adopt(opened, bundle, max_bytes, used, drafts)
    return bundle


def adopt(
    opened: Opened,
    bundle: Bundle,
    max_bytes: int,
    used: float,
    drafts: Sequence[tuple[Part, Draft]] = (),
) -> None:
    """Publish a signed entry, with the blobs that aren't there yet; make room."""
    with opened.writer.transaction():
        for part, draft in drafts:
            opened.blobs.publish(draft, part)
        free = add(opened.writer, bundle.entry, opened.digests.signer, bundle.inline, used)
        free += evict(opened.writer, max_bytes)
    opened.unlink(free)
