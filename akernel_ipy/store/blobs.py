"""Files named by their content's keyed digest: written whole or not at all, shared by entries."""

from __future__ import annotations

import contextlib
import mmap
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..core.errors import StoreError
from .keys import NOFOLLOW
from .model import Part

#: Bytes written at once: an interrupt comes through in between.
CHUNK = 64 << 20

_NAME = re.compile("[0-9a-f]{64}")


class Draft:
    """A file that nobody knows yet. Who made it publishes or drops it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | NOFOLLOW | getattr(os, "O_BINARY", 0)
        self._descriptor = os.open(path, flags, 0o600)
        self.size = 0

    def write(self, data: memoryview) -> None:
        """Append bytes, to the page cache."""
        done = 0
        while done < len(data):
            done += os.write(self._descriptor, data[done : done + CHUNK])
        self.size += done

    def pad(self, alignment: int) -> None:
        """Append zeros up to a multiple of `alignment`."""
        self.write(memoryview(bytes(-self.size % alignment)))

    def mapped(self) -> mmap.mmap:
        """Give the content, read-only."""
        return mmap.mmap(self._descriptor, self.size, access=mmap.ACCESS_READ)

    def settle(self) -> None:
        """Wait until the content is on the disk, and close."""
        os.fsync(self._descriptor)
        self.close()

    def close(self) -> None:
        """Close the file; it stays."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def drop(self) -> None:
        """Close and remove the file, unless it was published."""
        self.close()
        self.path.unlink(missing_ok=True)


class Blobs:
    """The directory of blobs of a store. What needs a lock is called with the index's held."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._blobs = root / "blobs"
        self._drafts = root / "tmp"

    def path(self, name: str) -> Path:
        """Give the place of a blob, in one of 256 directories."""
        return self._blobs / name[:2] / name

    def draft(self) -> Draft:
        """Begin a file."""
        _make(self._drafts)
        return Draft(self._drafts / f"{os.getpid()}-{secrets.token_hex(8)}")

    def require(self, size: int, reserve: int) -> None:
        """Refuse to fill the disk, on which the user's own files are too.

        Raises:
            StoreError: if less than `reserve` bytes would be left.
        """
        free = shutil.disk_usage(self._root).free
        if free - size < reserve:
            raise StoreError(
                f"the disk of {self._root} is nearly full; {reserve:,} bytes are left free"
            )

    def publish(self, draft: Draft, part: Part) -> None:
        """Give a draft its name; if the blob is there already, drop the draft. Under the lock."""
        target = self.path(part.name)
        with contextlib.suppress(OSError):
            if target.lstat().st_size == part.size:
                draft.drop()
                return
        _make(self._blobs)
        _make(target.parent)
        draft.close()
        os.replace(draft.path, target)

    def mapped(self, part: Part) -> mmap.mmap:
        """Map a blob copy-on-write: writable, and what is written stays in this process.

        Raises:
            FileNotFoundError: if it isn't there.
            StoreError: if it has another size.
        """
        descriptor = self._open(part)
        try:
            return mmap.mmap(descriptor, part.size, access=mmap.ACCESS_COPY)
        finally:
            os.close(descriptor)

    def content(self, part: Part) -> bytearray:
        """Read a blob into memory of this process, where no other can change it; as `mapped`."""
        with open(self._open(part), "rb", buffering=0) as file:
            data = bytearray(part.size)
            view, done = memoryview(data), 0
            while done < part.size:
                count = file.readinto(view[done : done + CHUNK])
                if not count:
                    raise StoreError("a blob is truncated")
                done += count
        return data

    def remove(self, name: str) -> None:
        """Delete a blob that no entry uses, unless it is mapped, on Windows. Under the lock."""
        with contextlib.suppress(FileNotFoundError, IsADirectoryError, PermissionError):
            self.path(name).unlink()

    def strays(self, known: Iterable[str], min_age: float) -> Iterator[tuple[str, int]]:
        """Give name and bytes of the blobs not in `known` that are at least `min_age` seconds old.

        A younger one may belong to an entry that is about to be published.
        """
        _make(self._blobs)
        names, latest = set(known), time.time() - min_age
        for entry in _files(self._blobs):
            if _NAME.fullmatch(entry.name) and entry.name not in names:
                with contextlib.suppress(FileNotFoundError):
                    status = entry.stat(follow_symlinks=False)
                    if status.st_mtime <= latest:
                        yield entry.name, status.st_size

    def drop_drafts(self, min_age: float) -> int:
        """Delete drafts that killed processes left; give their bytes."""
        _make(self._drafts)
        latest, freed = time.time() - min_age, 0
        for entry in list(os.scandir(self._drafts)):
            with contextlib.suppress(FileNotFoundError, PermissionError):
                status = entry.stat(follow_symlinks=False)
                if status.st_mtime <= latest:
                    os.unlink(entry.path)
                    freed += status.st_size
        return freed

    def _open(self, part: Part) -> int:
        flags = os.O_RDONLY | NOFOLLOW | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        descriptor = os.open(self.path(part.name), flags)
        size = os.fstat(descriptor).st_size
        if size != part.size:
            os.close(descriptor)
            raise StoreError(f"a blob has {size:,} bytes instead of {part.size:,}")
        return descriptor


def _make(directory: Path) -> None:
    with contextlib.suppress(FileExistsError):
        directory.mkdir(mode=0o700)


def _files(directory: Path) -> Iterator[os.DirEntry[str]]:
    for fan in list(os.scandir(directory)):
        if fan.is_dir(follow_symlinks=False):
            yield from list(os.scandir(fan.path))
