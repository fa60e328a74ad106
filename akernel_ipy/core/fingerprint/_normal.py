"""What bytecode does, apart from how the source was laid out.

The compiler keeps a line's place with NOPs, turns conditions round and jumps to a jump where it
could jump further, if lines begin there, and joins two instructions of one line to one. None of
this counts here.
"""

from __future__ import annotations

import dis
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from types import CodeType
from typing import NamedTuple

from ..bytecode import Instructions

_UNCONDITIONAL = frozenset({"JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT"})
_CONSTANT = frozenset({"LOAD_CONST", "RETURN_CONST", "LOAD_SMALL_INT", "LOAD_CONST_IMMORTAL"})
_JUMPS = frozenset({*dis.hasjrel, *dis.hasjabs, *getattr(dis, "hasjump", ())})

#: Nothing comes after these.
_LAST = frozenset({"RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS", "RERAISE"})

#: Jumps that pop what decides: what they jump at, and whether they do so if it is so, or not.
_CONDITIONS = {
    "TRUE": ("TRUE", 0),
    "FALSE": ("TRUE", 1),
    "NONE": ("NONE", 0),
    "NOT_NONE": ("NONE", 1),
}

#: Instructions in one for two, by Python 3.13 and later; their argument is that of both.
_JOINED = {
    "LOAD_FAST_LOAD_FAST": ("LOAD_FAST", "LOAD_FAST"),
    "LOAD_FAST_BORROW_LOAD_FAST_BORROW": ("LOAD_FAST", "LOAD_FAST"),
    "STORE_FAST_LOAD_FAST": ("STORE_FAST", "LOAD_FAST"),
    "STORE_FAST_STORE_FAST": ("STORE_FAST", "STORE_FAST"),
}
#: What the compiler knows of a variable that it loads: it is bound, it outlives its use.
_LOADS = {"LOAD_FAST_CHECK": "LOAD_FAST", "LOAD_FAST_BORROW": "LOAD_FAST"}

#: Names of a class body that tell where it stands, or in no order (Python 3.13 and later).
PLACES = frozenset({"__firstlineno__", "__static_attributes__"})


class _Step(NamedTuple):
    """One thing that is executed, where it stands, and where what follows it stands."""

    name: str
    argument: object
    offset: int
    after: int
    target: int = -1


def normal(code: CodeType, found: Instructions) -> tuple[list[str], list[object]]:
    """Instructions as texts, and constants where they stand for what is not in ``co_consts``.

    Jumps lead to numbers of instructions that are no jumps, and so do exception handlers.
    """
    located = not PLACES.isdisjoint(code.co_names)
    kept = _without_places(found) if located else found
    constants: list[object] = []
    if located:
        constants = [each.argval for each in kept if each.opname in _CONSTANT]
    steps = list(_steps(kept, located))
    labels = _Labels(steps, found)
    handlers = _Handlers(code, labels)
    texts = [
        text
        for number, step in enumerate(steps)
        for text in (*handlers.entered(step.offset), _text(step, number, labels))
    ]
    return texts, constants if located else list(code.co_consts)


def _steps(found: Instructions, located: bool) -> Iterator[_Step]:
    for number, each in enumerate(found):
        after = found[number + 1].offset if number + 1 < len(found) else each.offset + 2
        name = _LOADS.get(each.opname, each.opname)
        if name in _UNCONDITIONAL:
            continue
        if each.opname in _JOINED:
            first, second = _JOINED[each.opname]
            argument = each.arg or 0
            yield _Step(first, argument >> 4, each.offset, each.offset)
            yield _Step(second, argument & 15, each.offset, after)
        elif each.opcode in _JUMPS:
            yield _Step(name, None, each.offset, after, each.argval)
        elif located and name in _CONSTANT:
            yield _Step("LOAD_CONST", None, each.offset, after)
        else:
            yield _Step(name, each.arg, each.offset, after)


def _text(step: _Step, number: int, labels: _Labels) -> str:
    after = labels.follow(step.after) if step.after > step.offset else number + 1
    if step.target < 0:
        text = f"{step.name} {step.argument}"
        return text if step.name in _LAST or after == number + 1 else f"{text} then>{after}"
    target = labels.follow(step.target)
    name = step.name.replace("_FORWARD", "").replace("_BACKWARD", "")
    if name.startswith("POP_JUMP_IF_"):
        asked, turned = _CONDITIONS[name.removeprefix("POP_JUMP_IF_")]
        yes, no = (after, target) if turned else (target, after)
        return f"IF_{asked}>{yes} else>{no}"
    return f"{name}>{target}" if after == number + 1 else f"{name}>{target} then>{after}"


class _Labels:
    """The number of the step at an offset, of the first one after it, or where a jump leads."""

    def __init__(self, steps: list[_Step], found: Instructions) -> None:
        self._offsets = [each.offset for each in found]
        self._jumps = {each.offset: each.argval for each in found if each.opname in _UNCONDITIONAL}
        self._numbers: dict[int, int] = {}
        for number, step in enumerate(steps):
            self._numbers.setdefault(step.offset, number)
        self._end = len(steps)

    def follow(self, offset: int) -> int:
        """Where executing what stands at an offset leads in the end."""
        seen: set[int] = set()
        while True:
            place = bisect_left(self._offsets, offset)
            if place == len(self._offsets):
                return self._end
            offset = self._offsets[place]
            if offset not in self._jumps:
                return self._numbers[offset]
            if offset in seen:
                return -2  # it jumps to itself
            seen.add(offset)
            offset = self._jumps[offset]


class _Handlers:
    """Which exception handler is there for what stands at an offset."""

    def __init__(self, code: CodeType, labels: _Labels) -> None:
        table = _varints(iter(getattr(code, "co_exceptiontable", b"")))
        self._ranges = [
            (start * 2, (start + length) * 2, f"{labels.follow(target * 2)} {rest}")
            for start, length, target, rest in zip(table, table, table, table, strict=True)
        ]
        self._starts = [start for start, _, _ in self._ranges]
        self._now = ""

    def entered(self, offset: int) -> list[str]:
        """Tell the handler of the step at an offset, if it isn't that of the step before."""
        place = bisect_right(self._starts, offset) - 1
        found = ""
        if place >= 0 and offset < self._ranges[place][1]:
            found = self._ranges[place][2]
        if found == self._now:
            return []
        self._now = found
        return [f"except>{found}"]


def _without_places(found: Instructions) -> Instructions:
    kept: Instructions = []
    for each in found:
        if each.opname == "STORE_NAME" and each.argval in PLACES:
            kept.pop()  # what was stored
        else:
            kept.append(each)
    return kept


def _varints(data: Iterator[int]) -> Iterator[int]:
    """Read numbers; see CPython's exception_handling_notes."""
    for byte in data:
        value = byte & 63
        while byte & 64:
            byte = next(data)
            value = value << 6 | byte & 63
        yield value
