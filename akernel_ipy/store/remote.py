"""The second tier: objects behind an fsspec URL, read when the directory has none, written behind.

Below the URL, ``v1/SIGNER/entries/KEY/VARIANT`` is one signed object an entry, and
``v1/SIGNER/blobs/NA/NAME`` its large parts. Only who has the same key reads them: with another one
even the names differ. Nothing is ever deleted there.
"""

from __future__ import annotations

import functools
import itertools
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from contextvars import Context
from typing import Any, BinaryIO, TypeVar

from ..core.errors import StoreError
from .background import Background
from .blobs import Blobs
from .entries import VARIANTS, Entry
from .model import Part, Record
from .objects import Bundle, pack, unpack
from .opened import Opened
from .writing import adopt

T = TypeVar("T")

#: Seconds that a lookup waits for the second tier, and a read for one blob.
LOOKUP_PATIENCE = 5.0
FETCH_PATIENCE = 60.0

#: Seconds for which a tier that failed is left alone, and a key it doesn't have isn't asked for.
REST = 60.0
ABSENT = 30.0

#: Bytes that are read of an entry's object.
LARGEST_OBJECT = 64 << 20

_CHUNK = 8 << 20

_MOST_ABSENT = 10_000

#: File systems in which a file that is being written can be seen.
_WRITE_IN_PLACE = {"file", "local", "sftp", "ssh", "ftp", "smb", "hdfs", "arrow_hdfs", "webdav"}


class Remote:
    """The objects behind a URL. Its methods don't raise; what fails is a warning."""

    def __init__(self, url: str, warn: Callable[[str, str], None]) -> None:
        self.url = url
        self._warn = warn
        self._uploads = Background("akernel-store-remote")
        self.renew_after_fork()

    def renew_after_fork(self) -> None:
        """In a child of fork: use nothing of the parent's."""
        self._tier: _Tier | None = None
        self._lock = threading.Lock()
        self._read_again = self._write_again = 0.0
        self._absent: dict[bytes, float] = {}
        self._altered: set[str] = set()
        self._uploads.renew_after_fork()

    def bring(self, opened: Opened, key: bytes, max_bytes: int, used: float) -> bool:
        """Put the entries of a key into the directory's index, without large parts."""
        opened.require_writable()
        now = time.monotonic()
        if self._absent.get(key, 0.0) > now:
            return False
        objects = self._read(lambda: self._open(opened).entries(key), LOOKUP_PATIENCE)
        brought = 0
        for bundle in self._verified(opened, key, objects or ()):
            if bundle.layout.size <= max_bytes:
                adopt(opened, bundle, max_bytes, used)
                brought += 1
        with self._lock:
            if len(self._absent) > _MOST_ABSENT:
                self._absent.clear()
            self._absent[key] = now + ABSENT
        return brought > 0

    def complete(self, opened: Opened, record: Record) -> None:
        """Bring the blobs of an entry that aren't in the directory."""
        for part in record.layout.files:
            if not opened.blobs.path(part.name).exists():
                fetch = functools.partial(self._fetch, opened, part, record.algorithm)
                self._read(fetch, FETCH_PATIENCE)

    def _verified(self, opened: Opened, key: bytes, objects: Iterable[bytes]) -> Iterator[Bundle]:
        for data in objects:
            try:
                yield unpack(data, key, opened.digests)
            except StoreError as error:
                text = f"an entry of {self.url} is not used: {error} ({key.hex()[:12]})"
                self._warn(text, text)

    def _fetch(self, opened: Opened, part: Part, algorithm: str) -> None:
        draft = opened.blobs.draft()
        try:
            self._open(opened).download(part, draft.write)
            with draft.mapped() as data:
                if opened.digests.name(data, algorithm) != part.name:
                    self._altered.add(part.name)
                    raise StoreError(f"the blob {part.name[:12]} was altered")
            with opened.writer.transaction():
                opened.blobs.publish(draft, part)
        finally:
            draft.drop()

    def offer(self, opened: Opened, bundle: Bundle) -> None:
        """Store an entry there too, in the background."""

        def upload() -> None:
            tier = self._open(opened)
            for part in bundle.layout.files:
                if part.name in self._altered or not tier.has(part):
                    tier.upload(part, opened.blobs)
                    self._altered.discard(part.name)
            tier.publish(bundle.entry, pack(bundle))

        self._uploads.submit(lambda: self._write(upload))

    def flush(self, timeout: float | None) -> bool:
        """Wait until all is stored there, at most `timeout` seconds; tell whether it is."""
        return self._uploads.flush(timeout)

    def _open(self, opened: Opened) -> _Tier:
        if self._tier is None:
            self._tier = _Tier(self.url, opened.digests.signer.hex())
        return self._tier

    def _read(self, action: Callable[[], T], patience: float) -> T | None:
        """Do something that may fail or hang; give None then, and read nothing for a while."""
        if time.monotonic() < self._read_again:
            return None
        try:
            return _within(patience, action)
        except FileNotFoundError:
            return None
        except StoreError as error:
            self._warn(f"the cache's second tier {self.url}: {error}", str(error))
            return None
        except Exception as error:
            self._read_again = time.monotonic() + REST
            reason = f"{type(error).__name__}: {error}"
            self._warn(f"the cache's second tier {self.url} isn't used: {reason}", reason)
            return None

    def _write(self, upload: Callable[[], None]) -> None:
        """Store something; if that fails, nothing more for a while. Who may only read goes on."""
        if time.monotonic() < self._write_again:
            return
        try:
            upload()
        except FileNotFoundError:  # evicted from the directory meanwhile
            return
        except Exception as error:
            self._write_again = time.monotonic() + REST
            reason = f"{type(error).__name__}: {error}"
            text = f"nothing is stored in the cache's second tier {self.url}: {reason}"
            self._warn(text, f"writing {reason}")


def _within(seconds: float, action: Callable[[], T]) -> T:
    """Do something in a thread, and wait for it no longer than `seconds`.

    Raises:
        TimeoutError: if it takes longer; it goes on then, and nobody sees its result.
    """
    results: list[T] = []
    errors: list[Exception] = []

    def run() -> None:
        try:
            results.append(action())
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=run, name="akernel-store-fetch", daemon=True)
    Context().run(thread.start)  # it belongs to no cell
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not results:
        raise TimeoutError(f"no answer in {seconds:.0f} s")
    return results[0]


class _Tier:
    """The file system behind a URL. Its methods raise what fsspec raises."""

    def __init__(self, url: str, signer: str) -> None:
        try:
            from fsspec.core import url_to_fs
        except ImportError:
            raise ImportError("it takes fsspec: pip install fsspec") from None
        self._fs, root = url_to_fs(url, use_listings_cache=False)
        self._root = f"{root.rstrip('/')}/v1/{signer}"
        protocols = {self._fs.protocol} if isinstance(self._fs.protocol, str) else self._fs.protocol
        self._in_place = not _WRITE_IN_PLACE.isdisjoint(protocols)
        self._drafts = (f"{time.time_ns():x}-{n}" for n in itertools.count())

    def entries(self, key: bytes) -> list[bytes]:
        """Give the objects of a key."""
        try:
            found = self._fs.ls(f"{self._root}/entries/{key.hex()}", detail=False)
        except FileNotFoundError:
            return []
        paths = sorted(path for path in found if not path.endswith(".part"))[:VARIANTS]
        objects = []
        for path in paths:
            with suppress(FileNotFoundError), self._fs.open(path, "rb") as file:
                objects.append(file.read(LARGEST_OBJECT))
        return objects

    def publish(self, entry: Entry, data: bytes) -> None:
        """Store an entry's object."""
        path = f"{self._root}/entries/{entry.key.hex()}/{entry.variant.hex()}"
        self._write(path, lambda file: file.write(data))

    def has(self, part: Part) -> bool:
        """Tell whether a blob of that size is there."""
        try:
            return bool(self._fs.size(self._path(part)) == part.size)
        except FileNotFoundError:
            return False

    def upload(self, part: Part, blobs: Blobs) -> None:
        """Store a blob."""
        with open(blobs.path(part.name), "rb") as source:
            self._write(self._path(part), lambda file: _copy(source, file.write))

    def download(self, part: Part, write: Callable[[memoryview], Any]) -> None:
        """Read a blob, and no more than it should have."""
        with self._fs.open(self._path(part), "rb") as file:
            left = part.size
            while left and (data := file.read(min(left, _CHUNK))):
                write(memoryview(data))
                left -= len(data)
        if left:
            raise StoreError(f"the blob {part.name[:12]} is truncated")

    def _path(self, part: Part) -> str:
        return f"{self._root}/blobs/{part.name[:2]}/{part.name}"

    def _write(self, path: str, fill: Callable[[Any], object]) -> None:
        """Write an object whole or not at all: what a store of objects does by itself."""
        draft = f"{path}.{next(self._drafts)}.part" if self._in_place else path
        if self._in_place:
            self._fs.makedirs(path.rpartition("/")[0], exist_ok=True)
        try:
            with self._fs.open(draft, "wb") as file:
                fill(file)
            if draft != path:
                self._fs.mv(draft, path)
        except Exception:
            if draft != path:
                with suppress(Exception):  # what went wrong first is told
                    self._fs.rm_file(draft)
            raise


def _copy(source: BinaryIO, write: Callable[[bytes], Any]) -> None:
    while data := source.read(_CHUNK):
        write(data)
