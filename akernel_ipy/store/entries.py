"""Rows of the index: sign, verify, find, add, take away."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from ..core.errors import StoreError
from .digests import Digests
from .index import Index
from .model import NOTE, Layout, Record

#: How many variants of a key are kept: what a lookup costs has a bound.
VARIANTS = 32

_COLUMNS = (
    "id, key, variant, signer, algorithm, created, used, hits, bytes, "
    "dependencies, meta, layout, signature"
)
#: Columns that a planted row could have in any type.
_BYTES = (1, 2, 3, 4, 9, 10, 11, 12)
_NUMBERS = (5, 6, 7, 8)

FIND = f"SELECT {_COLUMNS} FROM entries WHERE key = ? ORDER BY used DESC LIMIT {VARIANTS}"
ALL = f"SELECT {_COLUMNS} FROM entries ORDER BY used DESC"
OLDEST = "SELECT id FROM entries ORDER BY used LIMIT 1"
TOTALS = "SELECT entries, bytes, swept FROM totals"
SAME_KEY = "SELECT id, variant FROM entries WHERE key = ? ORDER BY used DESC"
USED_BY = "SELECT name FROM uses WHERE entry = ?"
USERS = "SELECT 1 FROM uses WHERE name = ? LIMIT 1"
NOTES = "SELECT count(*) FROM entries WHERE key >= ? AND key < ?"
IDLE = "SELECT id FROM entries WHERE used < ?"


def count(index: Index) -> tuple[int, int]:
    """Give the number of entries, notes aside, and the bytes that all take."""
    entries, size, _ = index.rows(TOTALS)[0]
    notes = index.rows(NOTES, NOTE, NOTE[:-1] + bytes([NOTE[-1] + 1]))[0][0]
    return int(entries) - int(notes), int(size)


@dataclass(frozen=True, slots=True)
class Entry:
    """What of an entry is signed, and the signature."""

    key: bytes
    algorithm: str
    created: float
    dependencies: bytes
    meta: bytes
    layout: bytes
    signature: bytes = b""

    @property
    def fields(self) -> tuple[bytes, ...]:
        """Give what the signature covers."""
        created = struct.pack("<d", self.created)
        return b"entry 1", self.key, created, self.dependencies, self.meta, self.layout

    @property
    def variant(self) -> bytes:
        """Tell entries of one key apart: by their dependencies."""
        return hashlib.blake2b(self.dependencies, digest_size=16).digest()


def encode(value: Any) -> bytes:
    """Give JSON of a value.

    Raises:
        TypeError, ValueError: if it has none.
    """
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode(
        "utf-8", "surrogatepass"
    )


def decode(text: bytes) -> Any:
    """Read what `encode` wrote."""
    return json.loads(text.decode("utf-8", "surrogatepass"))


def sign(entry: Entry, digests: Digests) -> Entry:
    """Give the entry with its signature."""
    return replace(entry, signature=digests.sign(entry.fields, entry.algorithm))


class Foreign(StoreError):
    """An entry that can't be verified here, and may be valid elsewhere."""


def verified(row: tuple[Any, ...], digests: Digests) -> Record:
    """Make a record of a row.

    Raises:
        StoreError: if its signature isn't ours; `Foreign` if it claims to be another key's.
    """
    if not all(isinstance(row[column], bytes) for column in _BYTES):
        raise StoreError("it was altered")
    if not all(isinstance(row[column], (int, float)) for column in _NUMBERS):
        raise StoreError("it was altered")
    identifier, key, variant, signer, algorithm, created, used, hits, size, *texts = row
    name = algorithm.decode("ascii", "replace")
    if signer != digests.signer:
        raise Foreign("it is signed with another key")
    if name not in digests:
        raise Foreign(f"it needs {name}, which isn't installed")
    entry = Entry(key, name, float(created), *texts)
    if variant != entry.variant or not digests.signed(entry.fields, name, entry.signature):
        raise StoreError("it was altered")
    return record(entry, identifier, used, hits, size)


def record(entry: Entry, identifier: int, used: float, hits: int, size: int) -> Record:
    """Read an entry whose signature was verified."""
    return Record(
        id=identifier,
        key=entry.key,
        dependencies=decode(entry.dependencies),
        meta=decode(entry.meta),
        layout=Layout.decode(entry.layout),
        algorithm=entry.algorithm,
        created=entry.created,
        used=used,
        hits=hits,
        bytes=size,
    )


def add(
    index: Index, entry: Entry, signer: bytes, inline: dict[str, bytes], used: float
) -> list[str]:
    """Put an entry into the index, in place of the one with the same key and dependencies.

    In a transaction, in which its blobs are published. Gives the blobs that nobody uses any more.
    """
    released = forget(index, _replaced(index, entry))
    layout = Layout.decode(entry.layout)
    texts = entry.dependencies, entry.meta, entry.layout
    size = layout.inlined + sum(map(len, texts))
    index.rows(
        f"INSERT INTO entries ({_COLUMNS}) VALUES (NULL, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?)",
        *(entry.key, entry.variant, signer, entry.algorithm.encode(), entry.created, used, size),
        *(*texts, entry.signature),
    )
    ((identifier,),) = index.rows("SELECT last_insert_rowid()")
    index.many(
        "INSERT INTO inline VALUES (?, ?, ?)",
        [(identifier, name.encode(), data) for name, data in inline.items()],
    )
    files = [(part.name.encode(), part.size) for part in layout.files]
    index.many("INSERT OR IGNORE INTO blobs VALUES (?, ?)", files)
    index.many("INSERT INTO uses VALUES (?, ?)", [(identifier, name) for name, _ in files])
    return release(index, released)


def _replaced(index: Index, entry: Entry) -> list[int]:
    """Give the entry of the same variant, and the least recently used surplus variants."""
    rows = index.rows(SAME_KEY, entry.key)
    same = [identifier for identifier, variant in rows if variant == entry.variant]
    others = [identifier for identifier, variant in rows if variant != entry.variant]
    return same + others[VARIANTS - 1 :]


def forget(index: Index, identifiers: Iterable[int]) -> list[bytes]:
    """Delete entries; give the blobs they used, for `release`. In a transaction."""
    names: list[bytes] = []
    for identifier in identifiers:
        names += (name for (name,) in index.rows(USED_BY, identifier))
        for table, column in (("uses", "entry"), ("inline", "entry"), ("entries", "id")):
            index.rows(f"DELETE FROM {table} WHERE {column} = ?", identifier)
    return names


def release(index: Index, names: Iterable[bytes]) -> list[str]:
    """Take the blobs that no entry uses out of the index; give them. In a transaction.

    Their files are to be deleted after the commit, under the lock, unless they are in use again.
    """
    free = [name for name in dict.fromkeys(names) if not index.rows(USERS, name)]
    index.many("DELETE FROM blobs WHERE name = ?", [(name,) for name in free])
    return [name.decode() for name in free]


def evict(index: Index, max_bytes: int) -> list[str]:
    """Delete the least recently used entries until the rest fits; give the blobs for `release`."""
    free: list[str] = []
    while index.rows(TOTALS)[0][1] > max_bytes and (oldest := index.rows(OLDEST)):
        free += release(index, forget(index, [oldest[0][0]]))
    return free
