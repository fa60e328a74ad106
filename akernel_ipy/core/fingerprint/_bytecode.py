"""What bytecode does, apart from how the source was laid out.

The compiler keeps a line's place with NOPs, and jumps to a jump where it could jump further, if
lines begin there. Neither counts here.
"""

from __future__ import annotations

import dis
from collections.abc import Iterator
from types import CodeType

_SKIPPED = frozenset({"CACHE", "EXTENDED_ARG", "NOP"})
_UNCONDITIONAL = frozenset({"JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT"})
_CONSTANT = frozenset({"LOAD_CONST", "RETURN_CONST", "LOAD_SMALL_INT", "LOAD_CONST_IMMORTAL"})
_JUMPS = frozenset({*dis.hasjrel, *dis.hasjabs, *getattr(dis, "hasjump", ())})

#: Names of a class body that tell where it stands, or in no order (Python 3.13 and later).
PLACES = frozenset({"__firstlineno__", "__static_attributes__"})

Instructions = list[dis.Instruction]


def instructions(code: CodeType) -> Instructions:
    """What is executed, in order."""
    return [each for each in dis.get_instructions(code) if each.opname not in _SKIPPED]


def normal(code: CodeType, found: Instructions) -> tuple[list[str], list[object]]:
    """Instructions as texts, and constants where they stand for what is not in ``co_consts``.

    Jumps lead to numbers of instructions, and so do the ranges of exception handlers.
    """
    labels = _Labels(found)
    texts: list[str] = []
    constants: list[object] = []
    located = not PLACES.isdisjoint(code.co_names)
    kept = _without_places(found) if located else found
    for each in kept:
        name = each.opname
        if each.opcode in _JUMPS:
            name = name.replace("_FORWARD", "").replace("_BACKWARD", "")
            texts.append(f"{name}>{labels.follow(each.argval)}")
        elif located and name in _CONSTANT:
            texts.append("LOAD_CONST")
            constants.append(each.argval)
        else:
            texts.append(f"{name} {each.arg}")
    for start, end, target, rest in _handlers(getattr(code, "co_exceptiontable", b"")):
        texts.append(f"{labels.at(start)}-{labels.at(end)}>{labels.at(target)} {rest}")
    return texts, constants if located else list(code.co_consts)


class _Labels:
    """The number of the instruction at an offset, or of the first one after it."""

    def __init__(self, found: Instructions) -> None:
        self._found = found
        self._numbers: dict[int, int] = {}
        offset = 0
        for number, each in enumerate(found):
            for skipped in range(offset, each.offset + 2, 2):
                self._numbers[skipped] = number
            offset = each.offset + 2

    def at(self, offset: int) -> int:
        return self._numbers.get(offset, len(self._found))

    def follow(self, offset: int) -> int:
        """Where a jump leads in the end."""
        seen: set[int] = set()
        number = self.at(offset)
        while number not in seen and number < len(self._found):
            seen.add(number)
            each = self._found[number]
            if each.opname not in _UNCONDITIONAL:
                break
            number = self.at(each.argval)
        return number


def _without_places(found: Instructions) -> Instructions:
    kept: Instructions = []
    for each in found:
        if each.opname == "STORE_NAME" and each.argval in PLACES:
            kept.pop()  # what was stored
        else:
            kept.append(each)
    return kept


def _handlers(table: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Start, end and target of exception handlers, as offsets; see CPython's exception_handling."""
    numbers = _varints(iter(table))
    for start in numbers:
        length, target, rest = next(numbers), next(numbers), next(numbers)
        yield start * 2, (start + length) * 2, target * 2, rest


def _varints(data: Iterator[int]) -> Iterator[int]:
    for byte in data:
        value = byte & 63
        while byte & 64:
            byte = next(data)
            value = value << 6 | byte & 63
        yield value
