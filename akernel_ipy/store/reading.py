"""How an entry gets out of the store: nothing is handed out that wasn't verified."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..core.errors import StoreError
from .entries import FIND, Foreign, verified
from .model import Part, Record, Stored
from .opened import Opened

INLINE = "SELECT name, data FROM inline WHERE entry = ?"
EXISTS = "SELECT 1 FROM entries WHERE id = ?"


@dataclass(frozen=True, slots=True)
class Refused:
    """An entry that must not be used, and why.

    Attributes:
        foreign: it may be valid elsewhere.
        broken: the blob that isn't what was stored, if it is one.
    """

    id: int
    key: bytes
    reason: str
    foreign: bool = False
    broken: str = ""


class _Gone(Exception):
    """An entry isn't in the index any more: evicted, or replaced."""


def find(opened: Opened, key: bytes) -> tuple[list[Record], list[Refused]]:
    """Give the entries of a key whose signatures are right, and the others."""
    records, refused = [], []
    for row in opened.reader.rows(FIND, bytes(key)):
        try:
            records.append(verified(row, opened.digests))
        except StoreError as error:
            refused.append(Refused(row[0], key, str(error), isinstance(error, Foreign)))
    return records, refused


class _Altered(StoreError):
    """A part isn't what was stored."""

    def __init__(self, reason: str, part: Part) -> None:
        super().__init__(reason)
        self.part = part


def read(opened: Opened, record: Record) -> Stored | Refused | None:
    """Give an entry's verified data; None if it was evicted meanwhile."""
    try:
        parts = _Parts(opened, record)
        payload = parts.content(record.layout.parts[0])
        data = [parts.writable(part) for part in record.layout.parts[1:]]
    except _Gone:
        return None
    except _Altered as error:
        broken = "" if error.part.inline else error.part.name
        return Refused(record.id, record.key, str(error), broken=broken)
    buffers = [
        data[place.part - 1][place.offset : place.offset + place.size]
        for place in record.layout.buffers
    ]
    return Stored(payload.toreadonly(), buffers)


class _Parts:
    """The parts of one entry."""

    def __init__(self, opened: Opened, record: Record) -> None:
        self._opened = opened
        self._record = record
        self._inline: dict[bytes, Any] = {}
        if any(part.inline for part in record.layout.parts):
            self._inline = dict(opened.reader.rows(INLINE, record.id))

    def content(self, part: Part) -> memoryview:
        """Give a part that is going to be unpickled, in memory that no other process can change."""
        if part.inline:
            return self._verified(part, self._held(part))
        return self._verified(part, self._file(part, self._opened.blobs.content))

    def writable(self, part: Part) -> memoryview:
        """Give a part as aligned memory that may be written to."""
        if part.inline:
            return self._verified(part, bytearray(self._held(part)))
        return self._verified(part, self._file(part, self._opened.blobs.mapped))

    def _held(self, part: Part) -> bytes:
        data = self._inline.get(part.name.encode())
        if data is None:
            raise self._missing(part)
        if not isinstance(data, bytes):
            raise _Altered("its data was altered", part)
        return data

    def _file(self, part: Part, load: Callable[[Part], Any]) -> Any:
        try:
            return load(part)
        except FileNotFoundError:
            raise self._missing(part) from None
        except (OSError, StoreError) as error:
            raise _Altered(f"its data can't be read: {error}", part) from error

    def _missing(self, part: Part) -> Exception:
        if self._opened.reader.rows(EXISTS, self._record.id):
            return _Altered("its data is missing", part)
        return _Gone()

    def _verified(self, part: Part, data: Any) -> memoryview:
        if len(data) != part.size:
            raise _Altered("its data is truncated", part)
        if self._opened.digests.name(data, self._record.algorithm) != part.name:
            raise _Altered("its data was altered", part)
        return memoryview(data)
