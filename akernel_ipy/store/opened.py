"""What a store that is in use has open."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from .blobs import Blobs
from .digests import Digests
from .index import READER_PATIENCE, WRITER_PATIENCE, Index, is_broken, move_aside
from .keys import load_key
from .places import INDEX, prepare

Warn = Callable[[str], None]


class Opened:
    """The directory, the user's key, and two connections to the index.

    Lookups have a connection of their own, so that they never wait for the background's.
    """

    def __init__(self, directory: Path, key_file: Path, warn: Warn) -> None:
        root = prepare(directory, key_file, warn)
        self.digests = Digests(load_key(key_file))
        self.blobs = Blobs(root)
        self.index_file = root / INDEX
        self.reader = _index(self.index_file, READER_PATIENCE, warn)
        self.writer = Index(self.index_file, WRITER_PATIENCE)

    @property
    def current(self) -> bool:
        """Tell whether the directory is still the one that was opened."""
        return self.reader.current

    def unlink(self, names: Iterable[str]) -> None:
        """Delete the files of blobs that left the index, unless they came back meanwhile."""
        for name in names:
            with self.writer.transaction():  # nobody publishes now
                if not self.writer.rows("SELECT 1 FROM blobs WHERE name = ?", name.encode()):
                    self.blobs.remove(name)

    def close(self) -> None:
        """Close the connections."""
        self.reader.close()
        self.writer.close()

    def abandon(self) -> None:
        """Forget the connections, in a child of fork."""
        self.reader.abandon()
        self.writer.abandon()


def _index(path: Path, patience: float, warn: Warn) -> Index:
    """Open the index; a broken one is put aside, and a new one begun."""
    try:
        return Index(path, patience)
    except Exception as error:
        if not is_broken(error):
            raise
        aside = move_aside(path)
        warn(f"the cache's index is damaged ({error}); a new one was begun, the old is {aside}")
        return Index(path, patience)
