"""Cells that a wave does not run are told so, in their outputs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from ...core.model import Run
from .book import Book
from .cells import Cell

#: Says something in a cell, with a run that belongs to it.
Say = Callable[[Cell, Run], None]


class Telling:
    """Says in cells why they did not run, once for each reason."""

    def __init__(self, book: Book) -> None:
        self._book = book
        #: Cells that have been told, with the cell to blame and what it was then.
        self._told: dict[str, tuple[str, str]] = {}
        #: What is about to be said in cells.
        self._news: dict[str, Say] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._quiet = asyncio.Event()

    def forget(self, cell_id: str) -> None:
        """The cell runs: what it was told, or was about to be told, is over."""
        self._told.pop(cell_id, None)
        self._news.pop(cell_id, None)

    async def done(self) -> None:
        """Wait until all has been said; a reply does."""
        while self._tasks:
            self._quiet.clear()
            await self._quiet.wait()

    def blocked(self) -> None:
        """Tell the cells that the wave found blocked."""
        book = self._book
        for cell_id, blame in book.wave.blocked():
            cell, culprit = book.cells.get(cell_id), book.cells.get(blame)
            if cell is None or culprit is None:
                continue
            cell.blame = blame
            if culprit.status == "pending":
                book.pend(cell, culprit.waits_for)
            if self._told.get(cell_id) != (blame, culprit.status):
                self._told[cell_id] = (blame, culprit.status)
                self._tell_blocked(cell, culprit)

    def _tell_blocked(self, cell: Cell, culprit: Cell) -> None:
        if culprit.status == "stale":
            cell.status, cell.because = "stale", self._book.wave.why(cell.id)
        elif culprit.status == "failed":
            cell.status = "blocked"
            text = f"{culprit.label}, which it reads from, failed"
            self._launch(cell, partial(self._say_blocked, text))
        elif culprit.status == "pending":
            self._launch(cell, self._say_pending)

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

    def _launch(self, cell: Cell, say: Say) -> None:
        """Say it in a task that belongs to the cell; only the newest of what it is to be told."""
        known = cell.id in self._news
        self._news[cell.id] = say
        if known:
            return
        run = cell.rerun(None)

        async def work() -> None:
            newest = self._news.pop(cell.id, None)
            if newest is not None and self._book.cells.get(cell.id) is cell:
                newest(cell, run)

        task = self._book.host.launch(run, work)
        self._tasks.add(task)
        task.add_done_callback(self._said)

    def _said(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not self._tasks:
            self._quiet.set()

    def _say_blocked(self, text: str, cell: Cell, run: Run) -> None:
        self._book.outputs.blocked(run, text)

    def _say_pending(self, cell: Cell, run: Run) -> None:
        if cell.showed:
            self._book.outputs.begin(run)
        cell.shown_by = run
        self._book.show_pending(cell, run)
