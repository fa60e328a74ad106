"""MurmurHash2 by Austin Appleby, 32 bits: what debuggers name a cell's file after."""

from __future__ import annotations

import struct

_FACTOR = 0x5BD1E995
_MASK = 0xFFFFFFFF


def murmur2(data: bytes, seed: int) -> int:
    """Hash some bytes: 0 to 2**32 - 1.

    >>> hex(murmur2(b"print(1)", 0xC70F6907))
    '0xe0f1e860'
    """
    whole = len(data) & ~3
    value = seed ^ len(data)
    for (word,) in struct.iter_unpack("<I", memoryview(data)[:whole]):
        word = word * _FACTOR & _MASK
        value = (value * _FACTOR ^ (word ^ word >> 24) * _FACTOR) & _MASK
    if whole < len(data):
        value = (value ^ int.from_bytes(data[whole:], "little")) * _FACTOR & _MASK
    value = (value ^ value >> 13) * _FACTOR & _MASK
    return value ^ value >> 15
