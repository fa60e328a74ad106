"""What the functions of libraries do to their arguments."""

from __future__ import annotations

import inspect
from types import BuiltinFunctionType, ModuleType
from typing import Any

from . import _tables as tables


def is_reading(found: Any, key: int | str) -> bool:
    """Whether a function of a library is known to leave its arguments alone."""
    bound = getattr(found, "__self__", None) if isinstance(found, BuiltinFunctionType) else None
    if bound is not None and not isinstance(bound, ModuleType):
        return type(bound).__module__.startswith("numpy.random") and found.__name__ != "shuffle"
    module = getattr(found, "__module__", None) or type(found).__module__
    if str(module).lstrip("_").partition(".")[0] not in tables.READING:
        return False
    name = getattr(found, "__name__", "")
    if name in tables.CHANGING or not callable(found):
        return False
    if isinstance(key, str) and key not in ("*", "**"):
        return key not in tables.RISKY
    inputs = getattr(found, "nin", None)  # of a ufunc; what comes after them is changed
    if isinstance(inputs, int):
        return isinstance(key, int) and key < inputs
    try:
        names = list(inspect.signature(found).parameters)
    except (ValueError, TypeError):
        return isinstance(key, int) and key < 2
    if isinstance(key, str):
        return tables.RISKY.isdisjoint(names)
    return key >= len(names) or names[key] not in tables.RISKY
