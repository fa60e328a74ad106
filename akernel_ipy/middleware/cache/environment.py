"""Environment variables as inputs."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from hashlib import blake2b

#: Stands for all variables; none has this name.
ALL = "="

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def named(strings: Iterable[str]) -> dict[str, str]:
    """Digest the variables that strings name, set or not.

    For code that is not seen asking for them: what is written in C.
    """
    return {name: digest_of(name) for name in dict.fromkeys(_names(strings))}


def _names(strings: Iterable[str]) -> Iterator[str]:
    for text in strings:
        if text in os.environ or (text.isupper() and _VARIABLE.fullmatch(text)):
            yield text


def digest_of(name: str) -> str:
    """Digest a variable, or `ALL`; empty if it is not set."""
    if name == ALL:
        return _hash("\0".join(sorted(f"{key}={os.environ[key]}" for key in os.environ)))
    value = os.environ.get(name)
    return "" if value is None else _hash(value)


def _hash(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()


def difference(name: str) -> str:
    """Say that a variable isn't what it was."""
    return "the environment changed" if name == ALL else f"the environment variable {name} changed"
