"""Cells that a wave does not run are told so, in their outputs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from ...core.model import Run
from .book import Book
from .cells import Cell


class Telling:
    """Says in cells why they did not run, once for each reason."""

    def __init__(self, book: Book) -> None:
        self._book = book
        #: Cells that have been told, with the cell to blame and what it was then.
        self._told: dict[str, tuple[str, str]] = {}
        #: What is to be said next, in the cell's own task.
        self._due: dict[Cell, Callable[[Run], None]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._quiet = asyncio.Event()
        self._quiet.set()

    def forget(self, cell_id: str) -> None:
        """The cell runs: what it was told is over."""
        self._told.pop(cell_id, None)

    async def done(self) -> None:
        """Wait until all has been said; a reply does."""
        await self._quiet.wait()

    def blocked(self) -> None:
        """Tell the cells that the wave found blocked."""
        book = self._book
        for cell_id, blame in book.wave.blamed.items():
            cell, culprit = book.cells.get(cell_id), book.cells.get(blame)
            if cell is None or culprit is None:
                continue
            if self._told.get(cell_id) == (blame, culprit.status):
                continue
            self._told[cell_id] = (blame, culprit.status)
            cell.blame = blame
            self._tell_blocked(cell, culprit)

    def _tell_blocked(self, cell: Cell, culprit: Cell) -> None:
        book = self._book
        if culprit.status == "stale":
            cell.status, cell.because = "stale", book.wave.why(cell.id)
            return
        if culprit.status == "failed":
            cell.status = "blocked"
            text = f"{culprit.label}, which it reads from, failed"
            self._tell(cell, lambda run: book.outputs.blocked(run, text))
        elif culprit.status == "pending":
            book.unbind(cell.id)
            self._tell(cell, partial(self._say_pending, cell, culprit.waits_for))

    def displaced(self, cell: Cell, run: Run) -> None:
        """Tell a cell that the value it reads has been displaced by another cell's."""
        book = self._book
        cell.status = "stale"
        name, source = book.graph.displaced(cell.id)[0]
        owner = book.graph.owner(name) or ""
        book.outputs.blocked(
            run,
            f"`{name}`, which it read from {book.label(source, run)}, now holds the value of "
            f"{book.label(owner, run)}; run {book.label(source, run)} again",
        )

    def _tell(self, cell: Cell, say: Callable[[Run], None]) -> None:
        """Say something in a cell, soon; it takes the place of what has not been said by then.

        While a notebook runs upside down, every cell gives all below it another reason to wait.
        """
        known = cell in self._due
        self._due[cell] = say
        if known:
            return
        run = cell.rerun(None)
        task = self._book.host.launch(run, partial(self._say, cell, run))
        self._tasks.add(task)
        self._quiet.clear()
        task.add_done_callback(partial(self._said, cell))

    async def _say(self, cell: Cell, run: Run) -> None:
        self._due.pop(cell)(run)

    def _said(self, cell: Cell, task: asyncio.Task[Any]) -> None:
        if task.cancelled():
            self._due.pop(cell, None)
        self._tasks.discard(task)
        if not self._tasks:
            self._quiet.set()

    def _say_pending(self, cell: Cell, names: tuple[str, ...], run: Run) -> None:
        if cell.showed:
            self._book.outputs.begin(run)
        cell.shown_by = run
        self._book.pend(cell, run, names)
