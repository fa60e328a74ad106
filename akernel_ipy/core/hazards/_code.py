"""What a function does to the names of the notebook when it is called, read off its code."""

from __future__ import annotations

import dis
from dataclasses import dataclass
from types import CodeType
from weakref import WeakKeyDictionary

from ..names import ordinary

_NONE: frozenset[str] = frozenset()

#: Globals that lead to all names; and attributes that do.
_OPENING = frozenset({"exec", "eval", "globals", "get_ipython"})
_ATTRIBUTES = frozenset(
    {"f_globals", "f_locals", "f_back", "_getframe", "currentframe", "__globals__", "user_ns"}
)
_CAPTURING = frozenset({"redirect_stdout", "redirect_stderr", "capture_output"})

#: Stands for the displays that cells update by their ids.
DISPLAYS = "display ids"


@dataclass(frozen=True, slots=True)
class CodeNames:
    """The global names that code reads and binds, its inner functions' too."""

    reads: frozenset[str] = _NONE
    writes: frozenset[str] = _NONE
    #: Free variables that it binds: ``nonlocal``.
    stores: frozenset[str] = _NONE
    #: What it does that can't be followed; empty if nothing.
    opaque: str = ""


def names_of(code: CodeType) -> CodeNames:
    """Read the names off a function's code; each code is read once."""
    found = _KNOWN.get(code)
    if found is None:
        found = _KNOWN[code] = _read(code)
    return found


_KNOWN: WeakKeyDictionary[CodeType, CodeNames] = WeakKeyDictionary()


def _read(code: CodeType) -> CodeNames:
    reads: set[str] = set()
    writes: set[str] = set()
    stores: set[str] = set()
    used: set[str] = set()
    todo = [code]
    while todo:
        part = todo.pop()
        todo += [value for value in part.co_consts if isinstance(value, CodeType)]
        used.update(part.co_names)
        if any(isinstance(v, tuple) and "display_id" in v for v in part.co_consts):
            used.add("update_display")
        for step in dis.get_instructions(part):
            name = step.opname
            if name in ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"):
                reads.add(step.argval)
            elif name in ("STORE_GLOBAL", "DELETE_GLOBAL"):
                writes.add(step.argval)
            elif name in ("STORE_DEREF", "DELETE_DEREF") and step.argval in code.co_freevars:
                stores.add(step.argval)
    if "update_display" in used:
        writes.add(DISPLAYS)
    return CodeNames(
        frozenset(reads), frozenset(writes), frozenset(stores), _opaque(reads, writes, used)
    )


def _opaque(reads: set[str], writes: set[str], used: set[str]) -> str:
    for name in sorted(reads & _OPENING):
        return f"{name}() in a function"
    for name in sorted(used & (_ATTRIBUTES | _CAPTURING | {"__main__"})):
        return f"{name} in a function"
    for name in sorted(reads | (writes - {DISPLAYS})):
        if name in ("_", "__", "___", "In", "Out", "__task__") or (
            name[0] == "_" and name[1:].isdecimal() and not ordinary(name)
        ):
            return f"{name} in a function"
    return ""
