"""Roughly how much memory some values take."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterable
from types import BuiltinFunctionType, FrameType, FunctionType, ModuleType
from typing import Any

#: Objects looked at; what lies behind is guessed from what was seen.
LIMIT = 50_000

#: Belongs to the process, not to who refers to it.
_SHARED = (ModuleType, type, FunctionType, BuiltinFunctionType, FrameType)


def size_of(values: Iterable[Any], ignored: Iterable[Any] = (), limit: int = LIMIT) -> int:
    """Add up the bytes of values and of what they alone refer to, as far as that can be seen.

    Modules, functions and classes don't count. Who says in a ``__sizeof__`` of its own how much it
    takes is believed: NumPy's arrays, pandas' frames.

    Args:
        values: where to begin.
        ignored: objects that are not to be entered.
        limit: how many objects to look at.

    >>> size_of([b"x" * 1000]) // 1000
    1
    """
    seen = {id(value) for value in ignored}
    waiting = list(values)
    total = looked = 0
    for value in waiting:  # it grows
        if id(value) in seen or isinstance(value, _SHARED):
            continue
        if looked == limit:
            break
        seen.add(id(value))
        looked += 1
        total += _own_size(value)
        if not isinstance(type(value).__sizeof__, FunctionType):  # written in Python: sums up all
            waiting += gc.get_referents(value)
    return total


def _own_size(value: Any) -> int:
    try:
        return sys.getsizeof(value)
    except Exception:  # the user's own __sizeof__
        return 0
