"""Fingerprints: digests of code and values that are the same in every process.

Nothing in a digest depends on identity, hash seed, line numbers or file names. Whatever makes two
values behave differently counts: type, order of a dict, aliasing, the code of a function and of
what it calls. What can't be known has no fingerprint, and says so.

What isn't looked at: the state that installed packages keep for themselves (their options, caches,
class attributes that aren't functions), what `functools.lru_cache` has remembered, and the contents
of files that a value only names. A class that says itself how it is pickled counts by what it says.
"""

from __future__ import annotations

from ._fingerprints import Fingerprint, Fingerprints
from ._modules import Asked
from ._refusal import Unhashable
from ._source import attributes_read, static_key

__all__ = [
    "Asked",
    "Fingerprint",
    "Fingerprints",
    "Unhashable",
    "attributes_read",
    "static_key",
]
