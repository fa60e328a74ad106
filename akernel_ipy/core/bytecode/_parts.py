"""Code objects within code objects, and the instructions of one."""

from __future__ import annotations

import dis
from collections.abc import Callable, Iterator
from functools import wraps
from types import CodeType
from typing import TypeVar
from weakref import WeakKeyDictionary

T = TypeVar("T")

Instructions = list[dis.Instruction]

#: What is not executed.
_SKIPPED = frozenset({"CACHE", "EXTENDED_ARG", "NOP", "NOT_TAKEN"})

#: Instructions that read a global, or a name of a class body that may be one.
READS_GLOBAL = frozenset({"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"})


def inner(code: CodeType) -> Iterator[CodeType]:
    """Give the code of the functions and classes that some code defines, not of those in them."""
    return (constant for constant in code.co_consts if isinstance(constant, CodeType))


def parts(code: CodeType) -> Iterator[CodeType]:
    """Give some code, and all code within it, at any depth."""
    yield code
    for part in inner(code):
        yield from parts(part)


def instructions(code: CodeType) -> Instructions:
    """Give what some code executes, in order; without the code within it."""
    return [each for each in dis.get_instructions(code) if each.opname not in _SKIPPED]


def once(read: Callable[[CodeType], T]) -> Callable[[CodeType], T]:
    """Let a function read each code once; what it found is kept for as long as the code."""
    known: WeakKeyDictionary[CodeType, T] = WeakKeyDictionary()

    @wraps(read)
    def known_or_read(code: CodeType) -> T:
        found = known.get(code)
        if found is None:
            found = known[code] = read(code)
        return found

    return known_or_read
