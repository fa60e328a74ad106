"""The store, as the middleware sees it. Nothing here raises into a cell."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from . import lifetimes, maintenance, reading, writing
from .access import Access, log
from .background import Background
from .keys import default_key_file
from .model import Record, Removed, Stats, Stored
from .opened import Opened
from .places import default_directory
from .publisher import Publisher
from .remote import Remote
from .uses import Uses
from .writing import Limits, Publication, Writing

#: Bytes, if nobody says otherwise.
MAX_BYTES = 10 * 2**30

#: Bytes of the disk that the cache leaves free.
RESERVE = 256 * 2**20


class Store:
    """Entries of one directory, signed with the user's key. Threads and processes may share it.

    Nothing is opened before it is used. A store that can't be used is a miss, a warning, and a
    line in `troubles`.

    Parameters:
        directory: default: ``AKERNEL_CACHE_DIR``, else below Jupyter's data directory.
        max_bytes: entries used least recently go when there are more.
        reserve: bytes of the disk to leave free.
        key_file: default: in the user's state directory.
        remote: fsspec URL of a second tier, read when the directory has nothing.
        warn: gets each warning; default: the logger ``akernel_ipy.store``.
    """

    def __init__(
        self,
        directory: Path | str | None = None,
        *,
        max_bytes: int = MAX_BYTES,
        reserve: int = RESERVE,
        key_file: Path | None = None,
        remote: str = "",
        warn: Callable[[str], None] = log.warning,
    ) -> None:
        self.directory = Path(directory or default_directory()).expanduser().absolute()
        self.max_bytes = max_bytes
        self.reserve = reserve
        self.access = Access(self.directory, key_file or default_key_file(), warn)
        self._background = Background("akernel-store")
        self._uses = Uses(self.access, self._background)
        self._publisher = Publisher(self.access, self._background, self._publish)
        self._remote = Remote(remote, self.access.warn) if remote else None
        lifetimes.watch(self)

    @property
    def parts(self) -> list[lifetimes.Renewable]:
        """What begins anew in a child of fork."""
        parts: list[lifetimes.Renewable] = [
            *(self.access, self._background, self._uses, self._publisher)
        ]
        return [*parts, self._remote] if self._remote else parts

    @property
    def troubles(self) -> list[str]:
        """What went wrong, the latest last; not all of it was worth a warning of its own."""
        return list(self.access.troubles)

    def lookup(self, key: bytes, wait: float = 1.0) -> list[Record]:
        """Give the entries of a key, the most recently used first, at most `entries.VARIANTS`.

        What this process is writing under that key is waited for, at most `wait` seconds.
        """
        self._publisher.wait(key, wait)
        return self._find(key) or self.more(key)

    def more(self, key: bytes) -> list[Record]:
        """Ask the second tier for entries; give them with those that are here.

        For when none of those that `lookup` gave is valid. Takes at most a few seconds.
        """
        if not self._remote:
            return []
        bring = self._remote.bring
        brought, _ = self.access.attempt(
            lambda opened: bring(opened, key, self.max_bytes, self._uses.now()), writes=True
        )
        return self._find(key) if brought else []

    def _find(self, key: bytes) -> list[Record]:
        found, _ = self.access.attempt(lambda opened: reading.find(opened, key))
        records, refused = found or ([], [])
        for entry in refused:
            self._refuse(entry)
        return records

    def read(self, record: Record) -> Stored | None:
        """Verify and give an entry's data; None if it is gone or isn't what was stored."""
        if self._remote:
            complete = self._remote.complete
            self.access.attempt(lambda opened: complete(opened, record), writes=True)
        found, _ = self.access.attempt(lambda opened: reading.read(opened, record))
        if isinstance(found, reading.Refused):
            self._refuse(found)
            return None
        return found

    def write(
        self,
        key: bytes,
        dependencies: Any,
        meta: Any,
        payload: Any,
        buffers: Sequence[Any] = (),
    ) -> Publication:
        """Store an entry in place of the one with the same key and dependencies.

        The memory of `payload` and `buffers` (contiguous, with the buffer protocol) has been
        copied when this returns; the rest is done in the background.

        Parameters:
            key: what begins with `model.NOTE` is kept like an entry, and not counted as one.
            dependencies, meta: JSON values.
        """
        limits, values = Limits(self.max_bytes, self.reserve), (dependencies, meta)
        begun, reason = self.access.attempt(
            lambda opened: writing.begin(opened, limits, key, values, payload, buffers),
            writes=True,
        )
        return self._publisher.submit(begun) if begun else Publication(bytes(key), reason)

    def touch(self, record: Record) -> None:
        """Note, soon, that an entry was of use."""
        self._uses.note(record.id)

    def flush(self, timeout: float | None = None) -> bool:
        """Wait, at most `timeout` seconds, until what was written is published; tell if it is."""
        until = None if timeout is None else time.monotonic() + timeout
        done = self._background.flush(timeout)
        if self._remote and done:
            done = self._remote.flush(until and max(0.0, until - time.monotonic()))
        return done

    def check(self) -> str:
        """Open the store; give the reason why it can't be used, empty if it can."""
        return self.access.attempt(maintenance.count)[1]

    def entries(self) -> list[Record]:
        """Give all entries, the most recently used first; takes time in proportion to them."""
        return self.access.attempt(maintenance.records)[0] or []

    def stats(self) -> Stats:
        """Count what is in the store; nothing if it can't be read."""
        counted, _ = self.access.attempt(maintenance.count)
        entries, hits, size = counted or (0, 0, 0)
        return Stats(str(self.directory), entries, hits, size, self.max_bytes)

    def clear(self) -> Removed:
        """Delete all entries, and what killed processes left behind."""
        return self.access.attempt(maintenance.clear, writes=True)[0] or Removed(0, 0)

    def prune(self, older_than: float | None = None, max_bytes: int | None = None) -> Removed:
        """Delete what wasn't used for `older_than` seconds, then the oldest beyond `max_bytes`."""
        removed, _ = self.access.attempt(
            lambda opened: maintenance.prune(opened, older_than, max_bytes), writes=True
        )
        return removed or Removed(0, 0)

    def close(self, timeout: float | None = None) -> None:
        """Finish what is pending, at most `timeout` seconds, and let go of everything.

        The store opens again when it is used again.
        """
        if self.flush(timeout):
            self._background.end()
            self.access.close()

    def _publish(self, opened: Opened, begun: Writing) -> None:
        self._uses.settle()  # what was just used is not the oldest
        bundle = writing.publish(opened, begun, self.max_bytes, self._uses.now())
        if self._remote:
            self._remote.offer(opened, bundle)

    def _refuse(self, entry: reading.Refused) -> None:
        """Warn of an entry once, and delete it unless it may be valid elsewhere."""
        text = f"an entry of the cache is not used: {entry.reason} ({entry.key.hex()[:12]})"
        self.access.warn(text, about=f"{entry.id} {entry.key.hex()}")
        if not entry.foreign:
            self._background.submit(
                lambda: self.access.attempt(
                    lambda opened: maintenance.discard(opened, entry.id, entry.broken),
                    writes=True,
                )
            )
