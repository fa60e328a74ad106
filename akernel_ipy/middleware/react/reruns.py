"""Re-runs of cells: the steps of the wave that are being carried out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from ...core.model import Run
from ...core.pipeline import Runner
from ...core.wave import Status, Step
from .book import Book
from .cells import Cell, Rerun
from .effects import Effects, Found
from .sources import Sources
from .telling import Telling


class Reruns:
    """Runs cells again, each in a task that belongs to the cell's own earlier request.

    Args:
        book: the cells.
        effects: says what a run changed.
        sources: the generators of a cell are closed before it runs.
        telling: says in a cell why it can't run.
        left: called with a step whose cell has got a request of its own meanwhile.
        ended: called with each step that was carried out, and what came of it.
    """

    def __init__(
        self,
        book: Book,
        effects: Effects,
        sources: Sources,
        telling: Telling,
        left: Callable[[Step], None],
        ended: Callable[[Step, Run, Found, Status], None],
    ) -> None:
        self._book, self._effects = book, effects
        self._sources, self._telling = sources, telling
        self._left, self._ended = left, ended
        self._live: dict[str, Rerun] = {}
        #: Evaluates a run; known from the first request on.
        self.inner: Runner | None = None

    def __len__(self) -> int:
        return len(self._live)

    def __contains__(self, cell_id: str) -> bool:
        return cell_id in self._live

    def start(self, step: Step, cause: Run | None) -> None:
        """Carry out a step."""
        cell = self._book.cells[step.cell]
        run = cell.rerun(cause)
        told = any(name for name, _ in step.because) or not cell.because
        cell.status, cell.blame = "running", None
        cell.because = step.because if told else cell.because
        self._telling.forget(cell.id)
        cell.idle.clear()
        task = self._book.host.launch(run, partial(self._carry_out, cell, step, run))
        self._live[cell.id] = Rerun(step, run, task)

    def supersede(self, cell_id: str) -> Rerun | None:
        """Cancel the re-run of a cell, if there is one: nobody wants to see how it ends."""
        rerun = self._live.pop(cell_id, None)
        if rerun is not None:
            rerun.run.state.superseded = True
            rerun.task.cancel()
        return rerun

    async def end(self, cell_id: str) -> None:
        """Cancel the re-run of a cell, and wait until it has ended."""
        rerun = self.supersede(cell_id)
        if rerun is not None:
            with suppress(asyncio.CancelledError):
                await asyncio.shield(asyncio.gather(rerun.task, return_exceptions=True))

    def clear(self) -> None:
        """Cancel them all."""
        for cell_id in list(self._live):
            self.supersede(cell_id)

    async def _carry_out(self, cell: Cell, step: Step, run: Run) -> None:
        book = self._book
        await cell.free.wait()
        if book.host.expects(cell.id):
            # Its own request has come meanwhile, and will settle the step.
            self._live.pop(cell.id, None)
            cell.idle.set()
            self._left(step)
            return
        found, status = Found(), Status.FAILED
        visible = book.older.enter(book.graph, cell.id)
        try:
            if visible:
                found, status = await self._evaluate(cell, run)
            else:
                status = Status.PENDING
                self._telling.displaced(cell, run)
        finally:
            if visible:
                book.older.leave(book.graph, cell.id)
            cell.idle.set()
            rerun = self._live.get(cell.id)
            if rerun is not None and rerun.run is run:
                del self._live[cell.id]
            self._ended(step, run, found, status)

    async def _evaluate(self, cell: Cell, run: Run) -> tuple[Found, Status]:
        book = self._book
        assert self.inner is not None
        showed, cell.shown_by = cell.showed, run
        if showed:
            book.outputs.begin(run)
        missing = book.missing(cell.id)
        if missing:
            book.unbind(cell.id)
            book.pend(cell, run, missing)
            return Found(), Status.PENDING
        await self._sources.stop(cell.id)
        sight = self._effects.look(cell.id)
        outcome = await self.inner(run)
        if run.state.superseded:
            return Found(), Status.FAILED
        book.outputs.end(run, outcome, book.listener, replaces=showed)
        self._effects.count(cell)
        if outcome.status != "ok":
            cell.status = "failed"
            return Found(), Status.FAILED
        cell.status = "fresh"
        return self._effects.found(cell.id, sight), Status.OK
