"""Code objects: what they do, and which globals they read; not where they stand.

File names, line numbers and layout are left out, so that a function is the same in whichever cell,
and after it was restored. Code objects never change: what was found out about one is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CodeType
from typing import TYPE_CHECKING, Any

from ..bytecode import Instructions, Use, inner, instructions, uses_of
from ._normal import normal

if TYPE_CHECKING:
    from ._walk import Walk


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
        uses = [*uses_of(found), *self._uses_within(code, fresh)]
        facts = CodeFacts(walk.finish(), tuple(dict.fromkeys(uses)))
        if len(self._known) >= self._most:
            self._known.clear()
        self._known[id(code)] = code, facts
        return facts

    def _uses_within(self, code: CodeType, fresh: Callable[[], Walk]) -> Iterator[Use]:
        for part in inner(code):
            yield from self.facts(part, fresh).uses


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


def code_object(walk: Walk, code: Any) -> None:
    """Encode a code object, by its digest."""
    walk.out += b"code"
    walk.out += walk.facts(code).digest
