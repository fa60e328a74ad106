"""Cheap content digests: has a value changed?

Strict about types, at any depth: ``1``, ``1.0`` and ``True`` differ. Asked only of types whose
content can be read without running anybody's code; everything else has no digest, and what has no
digest counts as changed.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from hashlib import blake2b
from types import BuiltinFunctionType, ModuleType
from typing import Any
from zlib import adler32, crc32

#: Elements looked at before a container counts as too large to compare.
MAX_ELEMENTS = 20_000

#: Bytes of arrays hashed for one value: about 20 ms.
MAX_BYTES = 1 << 26

Feed = Callable[[bytes], None]


class _Unknown(Exception):
    """The value, or a part of it, has no digest."""


def digest(value: Any, max_bytes: int = MAX_BYTES) -> bytes | None:
    """Digest a value's type and content; None if that can't be done safely and cheaply.

    The digest is for comparing a value with its own past in this process, not for storage.
    """
    try:
        return _Digest(max_bytes).of(value)
    except (_Unknown, RecursionError):
        return None


class _Digest:
    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._hash = blake2b(digest_size=16)
        self._elements = 0
        self._bytes = 0
        self._seen: dict[int, int] = {}

    def of(self, value: Any) -> bytes:
        self._walk(value)
        return self._hash.digest()

    def _walk(self, value: Any) -> None:
        self._elements += 1
        if self._elements > MAX_ELEMENTS:
            raise _Unknown
        kind = type(value)
        scalar = _SCALARS.get(kind)
        if scalar is not None:
            self._tag(kind.__name__, scalar(value))
        elif kind in _SEQUENCES:
            self._nested(value, kind.__name__, list(value))
        elif kind is dict:
            self._nested(value, "dict", [part for item in value.items() for part in item])
        elif kind in _SETS:
            self._unordered(value, kind.__name__)
        elif kind in _BY_IDENTITY:
            self._tag(kind.__name__, str(id(value)).encode())
        else:
            self._foreign(value, kind)

    def _tag(self, name: str, payload: bytes) -> None:
        self._hash.update(f"{name}:{len(payload)}:".encode())
        self._hash.update(payload)

    def _nested(self, value: Any, name: str, parts: list[Any]) -> None:
        # A second look at the same object is told as such: cycles end, aliasing counts.
        known = self._seen.get(id(value))
        if known is not None and not isinstance(value, tuple):
            self._tag("again", str(known).encode())
            return
        self._seen[id(value)] = len(self._seen)
        self._tag(name, str(len(parts)).encode())
        for part in parts:
            self._walk(part)

    def _unordered(self, value: Any, name: str) -> None:
        digests = []
        for part in value:
            inner = _Digest(self._max_bytes)
            inner._elements = self._elements
            digests.append(inner.of(part))
            self._elements = inner._elements
        self._tag(name, b"".join(sorted(digests)))

    def _foreign(self, value: Any, kind: type) -> None:
        module = kind.__module__.partition(".")[0]
        if module == "numpy":
            self._numpy(value, kind)
        elif module == "pandas" and kind.__name__ in {"DataFrame", "Series"}:
            self._pandas(value, kind)
        else:
            raise _Unknown

    def _numpy(self, value: Any, kind: type) -> None:
        if kind.__name__ != "ndarray" and not hasattr(value, "dtype"):
            raise _Unknown
        dtype = value.dtype
        if dtype.hasobject or kind.__name__ not in {"ndarray", dtype.type.__name__}:
            raise _Unknown
        self._bytes += value.nbytes
        if self._bytes > self._max_bytes:
            raise _Unknown
        self._tag(f"{kind.__name__} {dtype.str} {value.shape}", _checksums(value))

    def _pandas(self, value: Any, kind: type) -> None:
        columns = [value] if kind.__name__ == "Series" else [value[name] for name in value]
        if kind.__name__ == "DataFrame" and not value.columns.is_unique:
            raise _Unknown
        self._tag(kind.__name__, str(len(columns)).encode())
        self._array(value.index)
        for column in columns:
            self._walk(column.name)
            self._array(column)

    def _array(self, column: Any) -> None:
        self._tag("column", str(column.dtype).encode())
        array = column.to_numpy()
        if array.dtype.hasobject:
            self._walk(array.tolist())
        else:
            self._walk(array)


def _checksums(array: Any) -> bytes:
    """Two different checksums of an array's bytes, without a copy where it is contiguous."""
    if not array.size:
        return b""
    if array.ndim and array.flags.c_contiguous:
        data = array.reshape(-1).view("u1")
    else:
        data = array.tobytes()
    return struct.pack("<II", crc32(data), adler32(data))


def _integer(value: int) -> bytes:
    return value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)


_SCALARS: dict[type, Callable[[Any], bytes]] = {
    int: _integer,
    float: lambda v: struct.pack("<d", v),
    complex: lambda v: struct.pack("<dd", v.real, v.imag),
    bool: lambda v: b"1" if v else b"0",
    str: lambda v: v.encode("utf-8", "surrogatepass"),
    bytes: lambda v: v,
    bytearray: bytes,
    type(None): lambda v: b"",
    type(...): lambda v: b"",
    range: lambda v: repr(v).encode(),
}
_SEQUENCES = {list, tuple}
_SETS = {set, frozenset}
#: Modules and builtin functions are what they are.
_BY_IDENTITY = {ModuleType, BuiltinFunctionType}
