"""Re-runs of cells: the steps of the wave that are being carried out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from ...core.model import Run
from ...core.wave import Status, Step
from .book import Book
from .cells import Cell
from .effects import NOTHING, Found
from .evaluation import Evaluator
from .telling import Telling


@dataclass
class Rerun:
    """A step that is being carried out."""

    step: Step
    run: Run
    task: asyncio.Task[None]


class Reruns:
    """Runs cells again, each in a task that belongs to the cell's own earlier request.

    Args:
        book: the cells.
        evaluator: executes them.
        telling: says in a cell why it can't run.
        ended: called with each step that was carried out, and what came of it.
    """

    def __init__(
        self,
        book: Book,
        evaluator: Evaluator,
        telling: Telling,
        ended: Callable[[Step, Found, Status], None],
    ) -> None:
        self._book, self._evaluator = book, evaluator
        self._telling, self._ended = telling, ended
        self._live: dict[str, Rerun] = {}

    def __bool__(self) -> bool:
        return bool(self._live)

    def any_of(self, cells: Iterable[str]) -> bool:
        """Whether one of these cells is being run again."""
        return not self._live.keys().isdisjoint(cells)

    def start(self, step: Step) -> None:
        """Carry out a step."""
        cell = self._book.cells[step.cell]
        run = cell.rerun(self._book.listener)
        told = any(name for name, _ in step.because) or not cell.because
        cell.status, cell.blame = "running", None
        cell.moved = self._has_moved(cell, step)
        cell.because = step.because if told else cell.because
        self._telling.forget(cell.id)
        task = self._book.host.launch(run, partial(self._carry_out, cell, step, run))
        self._live[cell.id] = Rerun(step, run, task)

    def _has_moved(self, cell: Cell, step: Step) -> bool:
        """Whether a cell runs because an object was changed in place."""
        book = self._book
        changers = ((name, book.cells.get(by)) for name, by in step.because if name)
        return any(
            by is not None and (by.moved or by.id != book.graph.source(cell.id, name))
            for name, by in changers
        )

    def supersede(self, step: Step) -> None:
        """Cancel a step, if it is being carried out: nobody wants to see how it ends."""
        rerun = self._live.get(step.cell)
        if rerun is not None and rerun.step == step:
            del self._live[step.cell]
            rerun.run.state.superseded = True
            rerun.task.cancel()

    def clear(self) -> None:
        """Cancel them all."""
        for rerun in list(self._live.values()):
            self.supersede(rerun.step)

    async def _carry_out(self, cell: Cell, step: Step, run: Run) -> None:
        found, status = NOTHING, Status.FAILED
        try:
            found, status = await self._run(cell, run)
        finally:
            if not run.state.superseded:
                del self._live[cell.id]
                self._ended(step, found, status)

    async def _run(self, cell: Cell, run: Run) -> tuple[Found, Status]:
        book = self._book
        showed = False

        def begin() -> None:
            nonlocal showed
            showed, cell.shown_by = cell.showed, run
            if showed:
                book.outputs.begin(run)

        ended = await self._evaluator.evaluate(cell, run, begin=begin)
        if run.state.superseded:
            return NOTHING, Status.FAILED
        if ended.lost:
            self._telling.displaced(cell, run)
            return NOTHING, Status.PENDING
        if ended.missing:
            book.pend(cell, ended.missing)
            book.show_pending(cell, run)
            return NOTHING, Status.PENDING
        assert ended.outcome is not None
        book.outputs.end(
            run,
            ended.outcome,
            book.listener,
            replaces=showed,
            placed=cell.run.state.shown is not None,
            displays=cell.run.request.message["header"].displays,
        )
        if ended.outcome.status != "ok":
            cell.status = "failed"
            return NOTHING, Status.FAILED
        cell.status = "fresh"
        return ended.found, Status.OK
