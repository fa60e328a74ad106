"""What code asks of the globals and modules that it reads: ``np.linalg.norm``."""

from __future__ import annotations

import dis
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType

from ._parts import READS_GLOBAL, Instructions, inner, instructions

_ATTRIBUTE = frozenset({"LOAD_ATTR", "LOAD_METHOD"})
#: Between a name and its attribute.
_BETWEEN = frozenset({"PUSH_NULL", "PRECALL"})


@dataclass(frozen=True)
class Use:
    """A global that code reads, and the attributes it asks of it right away: ``np.linalg.norm``.

    Attributes:
        imported: the name is that of a module which the code imports itself, dots before it if it
            is relative.
    """

    name: str
    attributes: tuple[str, ...] = ()
    imported: bool = False


def uses(code: CodeType) -> Iterator[Use]:
    """Give what some code uses, and what the code within it does, in order."""
    yield from uses_of(instructions(code))
    for part in inner(code):
        yield from uses(part)


def uses_of(found: Instructions) -> Iterator[Use]:
    """Give what the instructions of one code object use."""
    executed = [each for each in found if each.opname not in _BETWEEN]
    yield from _globals(executed)
    yield from _imports(executed)


def _globals(executed: Instructions) -> Iterator[Use]:
    for index, instruction in enumerate(executed):
        if instruction.opname in READS_GLOBAL:
            yield Use(instruction.argval, _attributes(executed, index + 1))


def _attributes(executed: Instructions, start: int) -> tuple[str, ...]:
    """The attributes that are loaded one from the other, from an instruction on."""
    end = start
    while end < len(executed) and executed[end].opname in _ATTRIBUTE:
        end += 1
    return tuple(each.argval for each in executed[start:end])


def _imports(executed: Instructions) -> Iterator[Use]:
    """Imports inside of functions: ``import m`` uses all of m, ``from m import a`` only ``m.a``."""
    for index, instruction in enumerate(executed):
        if instruction.opname == "IMPORT_NAME":
            level, names = executed[index - 2].argval, executed[index - 1].argval
            module = "." * level + instruction.argval
            if names:
                yield from (Use(module, (name,), True) for name in names)
            else:
                yield Use(module, (), True)
                yield from _asked_of_module(executed, index + 1, module)


def _asked_of_module(executed: Instructions, start: int, module: str) -> Iterator[Use]:
    """What is asked of the module that ``import m.n`` bound: of m, but of m.n if ``as`` is said."""
    named = executed[start].opname == "IMPORT_FROM"
    bound = module if named else module.partition(".")[0]
    stores = (each for each in executed[start:] if each.opname.startswith("STORE_"))
    variable = _variables(next(stores))[0]
    for index, instruction in enumerate(executed):
        loads = "LOAD_FAST" in instruction.opname or instruction.opname == "LOAD_DEREF"
        if loads and _variables(instruction)[-1] == variable:
            path = _attributes(executed, index + 1)
            if path:
                yield Use(bound, path, True)


def _variables(instruction: dis.Instruction) -> tuple[object, ...]:
    """The variables of one instruction; since Python 3.13 some store and load two."""
    found = instruction.argval
    return found if type(found) is tuple and found else (found,)
