"""Which of the kernel's memory the workers have already."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

#: Bytes from which on a buffer travels by itself, and stays with the workers for the next cell.
SCATTERED = 1 << 20

#: Buffers that are kept on the workers at most, and how many bytes they have together.
KEPT, KEPT_BYTES = 256, 4 << 30


class Buffers:
    """Large buffers by their contents; cells in several threads send them."""

    def __init__(self) -> None:
        #: Futures, with the sizes of what they stand for; the one used last comes last.
        self._kept: OrderedDict[bytes, tuple[Any, int]] = OrderedDict()
        self._lock = threading.Lock()

    def future(self, buffer: bytes, send: Callable[[bytes], Any]) -> Any:
        """Give the future of a buffer.

        Args:
            buffer: the memory.
            send: called if the workers don't have it; gives a future of Dask's.
        """
        digest = hashlib.blake2b(buffer, digest_size=16).digest()
        with self._lock:
            future, _ = self._kept.get(digest, (None, 0))
        if future is None or future.status != "finished":
            future = send(buffer)
        with self._lock:
            kept = self._kept
            kept[digest] = future, len(buffer)
            kept.move_to_end(digest)
            while len(kept) > KEPT or sum(size for _, size in kept.values()) > KEPT_BYTES:
                kept.popitem(last=False)
        return future

    def forget(self) -> None:
        """Let go of all."""
        with self._lock:
            self._kept.clear()
