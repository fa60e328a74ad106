"""Cells on a board, without a kernel: what each would wait for."""

from __future__ import annotations

import ast
import sys
from functools import partial
from typing import Any

from akernel_ipy.core.hazards import Access, Board, Entry, Notes, access_of, text_of
from akernel_ipy.core.names import analyze


class Table:
    """A namespace, and the cells that want to run in it; they do nothing before `run`.

    Args:
        setup: Python that fills the namespace; what it defines, the session has seen.
    """

    def __init__(self, setup: str = "") -> None:
        self.namespace: dict[str, Any] = {"__name__": "__main__"}
        self.notes = Notes()
        self.started: list[int] = []
        self.board = Board(self._decided)
        self.entries: dict[int, Entry] = {}
        self._sources: dict[int, str] = {}
        if setup:
            self._note(setup)
            self._execute(setup)

    def send(self, source: str, number: int = 0) -> Entry:
        """A request arrives."""
        number = number or len(self._sources) + 1
        self._sources[number] = source
        entry = self.board.enter(number, partial(self.look, source))
        self.entries[number] = entry
        return entry

    def look(self, source: str) -> Access:
        names = self._note(source)
        return access_of(source, names, self.namespace, self.notes)

    def end(self, number: int, *, execute: bool = True) -> None:
        """A cell runs to its end."""
        if execute:
            self._execute(self._sources[number])
        self.board.leave(self.entries[number])

    def _note(self, source: str) -> Any:
        names = analyze(source)
        self.notes.take(source, names, text_of(source, names))
        return names

    def _execute(self, source: str) -> None:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = type(sys)("__main__")
        try:
            code = compile(source, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, True)
            exec(code, self.namespace)
        finally:
            sys.modules["__main__"] = main

    def _decided(self, entry: Entry) -> None:
        if entry.granted:
            self.started.append(entry.number)


def kinds(entry: Entry, other: Entry) -> str:
    """Why one cell waits for another one, in one word a reason."""
    hazards = entry.blockers.get(other, ())
    return " ".join(dict.fromkeys(hazard.kind.name.lower() for hazard in hazards))


def between(setup: str, first: str, second: str) -> str:
    """Why a cell waits for the one before it."""
    table = Table(setup)
    return kinds(*reversed([table.send(first), table.send(second)]))
