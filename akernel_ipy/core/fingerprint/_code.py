"""Code objects: what they do, and which globals they read; not where they stand.

File names, line numbers and layout are left out, so that a function is the same in whichever cell,
and after it was restored. Code objects never change: what was found out about one is kept.
"""

from __future__ import annotations

import dis
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CodeType
from typing import TYPE_CHECKING, Any

from ._bytecode import Instructions, instructions, normal

if TYPE_CHECKING:
    from ._walk import Walk

_ATTRIBUTE = frozenset({"LOAD_ATTR", "LOAD_METHOD"})
_GLOBAL = frozenset({"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"})
#: Between a name and its attribute.
_BETWEEN = frozenset({"PUSH_NULL", "PRECALL"})


@dataclass(frozen=True)
class Use:
    """A global that code reads, and the attributes it asks of it right away: ``np.linalg.norm``."""

    name: str
    attributes: tuple[str, ...] = ()
    imported: bool = False


@dataclass(frozen=True)
class CodeFacts:
    """What is known of a code object, for good. ``uses`` are in order, those of inner code too."""

    digest: bytes
    uses: tuple[Use, ...]


class Codes:
    """The facts of code objects, found out once each."""

    def __init__(self, most: int = 10_000) -> None:
        self._most = most
        self._known: dict[int, tuple[CodeType, CodeFacts]] = {}

    def facts(self, code: CodeType, fresh: Callable[[], Walk]) -> CodeFacts:
        """Tell digest and uses; ``fresh`` begins a walk for the constants."""
        known = self._known.get(id(code))
        if known is not None:
            return known[1]
        walk, found = fresh(), instructions(code)
        _encode(walk, code, found)
        facts = CodeFacts(walk.finish(), tuple(dict.fromkeys(_uses(code, found))))
        if len(self._known) >= self._most:
            self._known.clear()
        self._known[id(code)] = code, facts
        return facts


def _encode(walk: Walk, code: CodeType, found: Instructions) -> None:
    walk.text(code.co_name)
    shape = (
        code.co_argcount,
        code.co_posonlyargcount,
        code.co_kwonlyargcount,
        code.co_flags,
        code.co_varnames,
        code.co_names,
        code.co_freevars,
        code.co_cellvars,
    )
    walk.walk(shape)
    texts, constants = normal(code, found)
    walk.buffer("\n".join(texts).encode())
    walk.items(constants)


def uses(code: CodeType) -> Iterator[Use]:
    """The globals that code reads, and that of functions in it."""
    return _uses(code, instructions(code))


def _uses(code: CodeType, found: Instructions) -> Iterator[Use]:
    executed = [each for each in found if each.opname not in _BETWEEN]
    yield from _globals(executed)
    yield from _imports(executed)
    for constant in code.co_consts:
        if type(constant) is CodeType:
            yield from uses(constant)


def _globals(instructions: list[dis.Instruction]) -> Iterator[Use]:
    name: str | None = None
    path: list[str] = []
    for instruction in instructions:
        if name is not None and instruction.opname in _ATTRIBUTE:
            path.append(instruction.argval)
            continue
        if name is not None:
            yield Use(name, tuple(path))
        name, path = None, []
        if instruction.opname in _GLOBAL:
            name = instruction.argval
    if name is not None:
        yield Use(name, tuple(path))


def _imports(instructions: list[dis.Instruction]) -> Iterator[Use]:
    """Imports inside of functions: ``import m`` uses all of m, ``from m import a`` only ``m.a``."""
    module = ""
    names: list[str] = []
    for index, instruction in enumerate(instructions):
        kind = instruction.opname
        if kind == "IMPORT_NAME":
            level = instructions[index - 2].argval
            module, names = "." * level + instruction.argval, []
        elif kind == "IMPORT_FROM":
            names.append(instruction.argval)
        elif module and (kind == "POP_TOP" or (kind.startswith("STORE_") and not names)):
            yield from (Use(module, (name,), True) for name in names)
            if not names:
                yield Use(module, (), True)
                yield from _asked_of_variable(instructions, module, instruction.argval)
            module = ""


def _asked_of_variable(
    instructions: list[dis.Instruction], module: str, variable: object
) -> Iterator[Use]:
    """What is asked of a module that an import bound to a variable of the function."""
    for index, instruction in enumerate(instructions[:-1]):
        loaded = instruction.argval
        # Python 3.13 loads two variables at once.
        last = loaded[-1] if type(loaded) is tuple and loaded else loaded
        if last != variable or not instruction.opname.startswith(("LOAD_FAST", "LOAD_DEREF")):
            continue
        path = []
        for following in instructions[index + 1 :]:
            if following.opname not in _ATTRIBUTE:
                break
            path.append(following.argval)
        if path:
            yield Use(module, tuple(path), True)


def code_object(walk: Walk, code: Any) -> None:
    """Encode a code object, by its digest."""
    walk.out += b"code"
    walk.out += walk.facts(code).digest
