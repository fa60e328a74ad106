"""What a store that is in use has open."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from ..core.errors import StoreError
from .blobs import Blobs
from .digests import Digests
from .entries import TOTALS
from .index import READER_PATIENCE, WRITER_PATIENCE, Index, is_broken, move_aside
from .keys import load_key
from .places import INDEX, prepare

#: Files deleted before others get a turn at the index.
UNLINKED_AT_ONCE = 100

Warn = Callable[[str], None]


class Opened:
    """The directory, the user's key, and two connections to the index.

    Lookups have a connection of their own, so that they never wait for the background's.
    """

    def __init__(self, directory: Path, key_file: Path, warn: Warn) -> None:
        root, self.read_only = prepare(directory, key_file, warn)
        self.digests = Digests(load_key(key_file))
        self.blobs = Blobs(root)
        self.index_file = root / INDEX
        self.reader = self._index(READER_PATIENCE)
        self.writer = self._index(WRITER_PATIENCE)
        self._check(warn)

    def _index(self, patience: float) -> Index:
        return Index(self.index_file, patience, read_only=self.read_only)

    def _check(self, warn: Warn) -> None:
        """Open the index; put a broken one aside and begin anew."""
        try:
            self.reader.rows(TOTALS)
        except Exception as error:
            self.close()
            if not is_broken(error) or self.read_only:
                raise
            aside = move_aside(self.index_file)
            warn(f"the cache's index is damaged ({error}); a new one was begun, the old is {aside}")
            self.reader = self._index(READER_PATIENCE)
            self.writer = self._index(WRITER_PATIENCE)
            self.reader.rows(TOTALS)

    @property
    def current(self) -> bool:
        """Tell whether the directory is still the one that was opened."""
        return self.reader.current and self.writer.current

    def require_writable(self) -> None:
        """Raise StoreError if nothing can be stored here."""
        if self.read_only:
            raise StoreError(f"{self.index_file.parent} is read-only; nothing new is stored")

    def unlink(self, names: Iterable[str]) -> None:
        """Delete the files of blobs that left the index, unless they came back meanwhile."""
        left = list(names)
        while left:
            with self.writer.transaction():  # nobody publishes now
                for name in left[-UNLINKED_AT_ONCE:]:
                    if not self.writer.rows("SELECT 1 FROM blobs WHERE name = ?", name.encode()):
                        self.blobs.remove(name)
            del left[-UNLINKED_AT_ONCE:]

    def close(self) -> None:
        """Close the connections."""
        self.reader.close()
        self.writer.close()

    def pause(self, timeout: float) -> bool:
        """Have no connection until `resume`; give False if somebody is at work for too long."""
        if not self.reader.pause(timeout):
            return False
        if not self.writer.pause(timeout):
            self.reader.resume()
            return False
        return True

    def resume(self) -> None:
        """Go on after `pause`."""
        self.reader.resume()
        self.writer.resume()
