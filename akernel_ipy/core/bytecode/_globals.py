"""The globals that a function reads and binds."""

from __future__ import annotations

import dis
from dataclasses import dataclass
from types import CodeType

from ._parts import READS_GLOBAL, once, parts

_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Globals:
    """Names in the code of a function, and of the functions and classes in it.

    Attributes:
        reads: globals that it may read; names of class bodies are among them.
        stores: globals that it binds: ``global``.
        deletes: globals that it deletes.
        outer: variables of a function around it that it binds or deletes: ``nonlocal``.
    """

    reads: frozenset[str] = _NONE
    stores: frozenset[str] = _NONE
    deletes: frozenset[str] = _NONE
    outer: frozenset[str] = _NONE

    @property
    def writes(self) -> frozenset[str]:
        """The globals that it binds or deletes."""
        return self.stores | self.deletes if self.deletes else self.stores


@once
def globals_of(code: CodeType) -> Globals:
    """Tell which globals a function's code uses; each code is read once."""
    reads, stores, deletes, outer = set[str](), set[str](), set[str](), set[str]()
    for part in parts(code):
        for step in dis.get_instructions(part):
            name = step.opname
            if name in READS_GLOBAL:
                reads.add(step.argval)
            elif name == "STORE_GLOBAL":
                stores.add(step.argval)
            elif name == "DELETE_GLOBAL":
                deletes.add(step.argval)
            elif name in ("STORE_DEREF", "DELETE_DEREF") and step.argval in code.co_freevars:
                outer.add(step.argval)
    return Globals(*map(frozenset, (reads, stores, deletes, outer)))
