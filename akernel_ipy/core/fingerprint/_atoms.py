"""Values without parts, one by one and by the thousand.

An atom's encoding begins with a sign for its type and tells its own length, so that encodings can
follow each other. No other encoding begins with these signs, or has a digit after such a letter.
Floats count by their bits: ``0.0`` is not ``-0.0``, and a NaN equals a NaN with the same payload
only.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Callable, Iterable
from types import EllipsisType, NoneType, NotImplementedType
from typing import Any

#: Shorter sequences are encoded one by one.
BULK = 16

_FLOAT = struct.Struct("<d").pack
_COMPLEX = struct.Struct("<dd").pack


def text(value: str) -> bytes:
    """The bytes of any string; lone surrogates too."""
    return value.encode("utf-8", "surrogatepass")


def integer(value: int) -> bytes:
    """Two's complement, of any size."""
    return value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)


def _int(out: bytearray, value: int) -> None:
    if -(1 << 63) <= value < 1 << 63:
        out += b"i%d;" % value
    else:
        data = integer(value)
        out += b"I%d:" % len(data)
        out += data


def _float(out: bytearray, value: float) -> None:
    out += b"\1"
    out += _FLOAT(value)


def _complex(out: bytearray, value: complex) -> None:
    out += b"\2"
    out += _COMPLEX(value.real, value.imag)


def _str(out: bytearray, value: str) -> None:
    data = text(value)
    out += b"s%d:" % len(data)
    out += data


def _bytes(out: bytearray, value: bytes) -> None:
    out += b"b%d:" % len(value)
    out += value


def _bool(out: bytearray, value: bool) -> None:
    out += b"T" if value else b"F"


def _constant(letter: bytes) -> Callable[[bytearray, Any], None]:
    def encode(out: bytearray, value: object) -> None:
        out += letter

    return encode


#: By exact type: append the encoding of a value.
ATOMS: dict[type, Callable[[bytearray, Any], None]] = {
    int: _int,
    float: _float,
    complex: _complex,
    str: _str,
    bytes: _bytes,
    bool: _bool,
    NoneType: _constant(b"N"),
    EllipsisType: _constant(b"."),
    NotImplementedType: _constant(b"!"),
}
ATOM_TYPES = frozenset(ATOMS)
#: The letters of types in mixed sequences.
_CODES = {kind: code for code, kind in enumerate(ATOMS)}


def bulk(values: list[Any], kinds: set[type]) -> Iterable[bytes | memoryview]:
    """Encode many atoms, all of ``kinds``, as a few large pieces."""
    ordered = sorted(kinds, key=_CODES.__getitem__)
    if len(ordered) > 1:
        yield bytes(map(_CODES.__getitem__, map(type, values)))
    for kind in ordered:
        same = values if len(ordered) == 1 else [v for v in values if type(v) is kind]
        yield bytes([_CODES[kind]])
        yield from _SAME.get(kind, _one_by_one)(same)


def _one_by_one(values: list[Any]) -> Iterable[bytes]:
    out = bytearray()
    for value in values:
        ATOMS[type(value)](out, value)
    yield bytes(out)


def _ints(values: list[int]) -> Iterable[bytes | memoryview]:
    try:
        yield memoryview(array("q", values)).cast("B")
    except OverflowError:
        yield b"large"
        yield from _one_by_one(values)


def _floats(values: list[float]) -> Iterable[memoryview]:
    yield memoryview(array("d", values)).cast("B")


def _texts(values: list[str]) -> Iterable[bytes | memoryview]:
    yield memoryview(array("q", map(len, values))).cast("B")
    yield text("".join(values))


def _strings(values: list[bytes]) -> Iterable[bytes | memoryview]:
    yield memoryview(array("q", map(len, values))).cast("B")
    yield b"".join(values)


_SAME: dict[type, Callable[[list[Any]], Iterable[bytes | memoryview]]] = {
    int: _ints,
    float: _floats,
    str: _texts,
    bytes: _strings,
    bool: lambda values: [bytes(values)],
}

#: Types whose values can be put in order, NaN aside: sets of them need no digest an element.
_SORTABLE = frozenset({int, float, str, bytes, bool, NoneType})


def in_order(values: list[Any], kinds: set[type]) -> list[Any] | None:
    """The elements of a set in an order which only they decide; None if it can't be said."""
    if not kinds <= _SORTABLE:
        return None
    found: list[Any] = []
    for kind in sorted(kinds, key=_CODES.__getitem__):
        same = values if len(kinds) == 1 else [v for v in values if type(v) is kind]
        if kind is float and any(v != v for v in same):
            return None
        found += sorted(same) if kind is not NoneType else same
    return found
