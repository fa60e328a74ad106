"""An entry as one object: what the second tier keeps, apart from large parts."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from ..core.errors import StoreError
from .digests import Digests
from .entries import Entry
from .model import Layout

_HEADER = b"akernel entry 1\n"


@dataclass(frozen=True, slots=True)
class Bundle:
    """A signed entry with the data of its small parts, by name."""

    entry: Entry
    layout: Layout
    inline: dict[str, bytes]


def pack(bundle: Bundle) -> bytes:
    """Give the object of an entry."""
    entry = bundle.entry
    fields = [
        *(entry.algorithm.encode(), entry.key, struct.pack("<d", entry.created)),
        *(entry.dependencies, entry.meta, entry.layout, entry.signature),
        *bundle.inline.values(),
    ]
    return _HEADER + b"".join(len(field).to_bytes(8, "little") + field for field in fields)


def unpack(data: bytes, key: bytes, digests: Digests) -> Bundle:
    """Read an object that claims to be an entry of `key`.

    Raises:
        StoreError: if its signature or its data isn't right.
    """
    try:
        entry, pieces = _parse(data)
    except (ValueError, struct.error) as error:
        raise StoreError("it was altered") from error
    if entry.algorithm not in digests:
        raise StoreError(f"it needs {entry.algorithm}, which isn't installed")
    if entry.key != key or not digests.signed(entry.fields, entry.algorithm, entry.signature):
        raise StoreError("it was altered")
    layout = Layout.decode(entry.layout)
    inline = {digests.name(piece, entry.algorithm): piece for piece in pieces}
    expected = {part.name for part in layout.parts if part.inline}
    if inline.keys() != expected or len(pieces) != len(expected):
        raise StoreError("its data was altered")
    return Bundle(entry, layout, inline)


def _parse(data: bytes) -> tuple[Entry, list[bytes]]:
    algorithm, key, created, dependencies, meta, layout, signature, *pieces = _fields(data)
    entry = Entry(
        key=key,
        algorithm=algorithm.decode("ascii"),
        created=struct.unpack("<d", created)[0],
        dependencies=dependencies,
        meta=meta,
        layout=layout,
        signature=signature,
    )
    return entry, pieces


def _fields(data: bytes) -> Iterator[bytes]:
    if not data.startswith(_HEADER):
        raise ValueError("no header")
    position = len(_HEADER)
    while position < len(data):
        start = position + 8
        position = start + int.from_bytes(data[start - 8 : start], "little")
        if start > len(data) or position > len(data):
            raise ValueError("truncated")
        yield data[start:position]
