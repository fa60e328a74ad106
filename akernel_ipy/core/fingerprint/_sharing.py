"""What values have in common: that ``b is a``, that ``x`` is an instance of this very ``C``.

Each value has a digest of its own, so that it can be told which of them changed. What they share
does not show in those: ``b.append(1)`` changes ``a`` too, or it doesn't.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping

from ._hashing import Algorithm
from ._walk import Walk


def sharing(algorithm: Algorithm, walks: Mapping[str, Walk]) -> bytes:
    """Digest which objects, and which memory, occur in more than one walk."""
    hasher = algorithm.new()
    hasher.update(algorithm.domain + b"sharing\n")
    names = list(walks)
    for later, name in enumerate(names):
        for earlier, other in enumerate(names[:later]):
            found = _objects(walks[other], walks[name])
            found += _memory(walks[other], walks[name])
            if found:
                hasher.update(b"%d %d %d:" % (earlier, later, len(found)))
                hasher.update(found.tobytes())
    return hasher.digest()


def _objects(one: Walk, other: Walk) -> array[int]:
    """Pairs of numbers that mean the same object, in order."""
    fewer, more = sorted((one.numbers.known, other.numbers.known), key=len)
    shared = [key for key in fewer if key in more]
    pairs = sorted((one.numbers.known[key], other.numbers.known[key]) for key in shared)
    return array("q", [number for pair in pairs for number in pair])


def _memory(one: Walk, other: Walk) -> array[int]:
    """Overlapping ranges of two values' arrays: which arrays, and how far apart they begin."""
    found = [
        (mine.number, yours.number, yours.low - mine.low)
        for root in one.memory
        if root in other.memory
        for mine in one.memory[root]
        for yours in other.memory[root]
        if mine.low < yours.high and yours.low < mine.high
    ]
    return array("q", [number for each in sorted(found) for number in each])
