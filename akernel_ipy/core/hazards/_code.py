"""What a function does to the names of the notebook when it is called, read off its code."""

from __future__ import annotations

from dataclasses import dataclass
from types import CodeType

from ..bytecode import globals_of, once, parts
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


@once
def names_of(code: CodeType) -> CodeNames:
    """Read the names off a function's code; each code is read once."""
    found = globals_of(code)
    used = {name for part in parts(code) for name in part.co_names}
    writes = found.writes
    if "update_display" in used or any(_names_display(part) for part in parts(code)):
        writes |= {DISPLAYS}
    return CodeNames(found.reads, writes, found.outer, _opaque(found.reads, writes, used))


def _names_display(code: CodeType) -> bool:
    """Whether it passes a ``display_id=`` to a call: the names of arguments are a constant."""
    return any(isinstance(value, tuple) and "display_id" in value for value in code.co_consts)


def _opaque(reads: frozenset[str], writes: frozenset[str], used: set[str]) -> str:
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
