"""Carries out the wave: starts what is ready, and waits until it has settled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ...core.model import Run
from ...core.wave import UNFINISHED, Change, Status, Step, Wave, merge
from .book import Book
from .effects import Effects, Found
from .reruns import Reruns
from .sources import Sources
from .telling import Telling

#: Gives the cells that a change made stale, to whom it concerns: in Run All that is nobody.
Reached = Callable[[], list[str]]


class Waves:
    """Lets changes take effect: what `core.wave` says is started, left to a request, or postponed.

    Args:
        book: the cells.
        effects: says what a run changed.
        sources: what changes by itself.
    """

    def __init__(self, book: Book, effects: Effects, sources: Sources) -> None:
        self._book = book
        self._telling = Telling(book)
        self.reruns = Reruns(book, effects, sources, self._telling, self._leave, self._ended)
        #: Steps of the wave that are left to the user's own requests.
        self._left: dict[str, Step] = {}
        self._settled = asyncio.Event()
        self._released: set[str] = set()
        #: Cells that the next reply has to wait for, besides those that its own cell made stale.
        self._to_follow: list[str] = []

    def clear(self) -> None:
        """Drop everything."""
        self.reruns.clear()
        self._left.clear()

    # -- what changes ----------------------------------------------------------------------

    def merge(self, changed: list[Change]) -> None:
        """Let changes take over the wave."""
        book = self._book
        book.wave, cancelled = merge(book.wave, book.graph, changed)
        for step in cancelled:
            self.reruns.supersede(step.cell)

    def reach(self, changed: list[Change]) -> Reached:
        """Let changes take over the wave; give the cells that they made stale."""
        book = self._book
        alone = book.wave.done
        self.merge(changed)
        wave, graph, state = book.wave, book.graph, book.wave.state
        return lambda: list((wave if alone else Wave(graph, changed, state)).status)

    def release_stale(self) -> tuple[str, ...]:
        """Let the stale cells run although the session is lazy; give their ids."""
        stale = tuple(cell.id for cell in self._book.cells.values() if cell.status == "stale")
        self._released.update(stale)
        self._to_follow.extend(stale)
        self.merge([Change("", rebound=stale)])
        return stale

    async def run_stale(self) -> None:
        """Run the stale cells, and wait for their end."""
        reached = list(self.release_stale())
        self._to_follow = []
        self.drive(None)
        await self.rest(reached)

    # -- what runs -------------------------------------------------------------------------

    def drive(self, cause: Run | None) -> None:
        """Start what is ready; cells whose own requests are on their way are left to those."""
        book = self._book
        while steps := book.wave.ready():
            coming = book.host.expected()
            for step in steps:
                if step.cell in coming or self._will_look(step.cell):
                    self._left[step.cell] = step
                elif book.lazy and step.cell not in self._released:
                    self._postpone(step)
                else:
                    self._released.discard(step.cell)
                    self.reruns.start(step, cause)
        self._telling.blocked()
        self._settled.set()

    def _will_look(self, cell_id: str) -> bool:
        """Whether a run of the user's is under way that has not read anything yet."""
        cell = self._book.cells[cell_id]
        return not cell.free.is_set() and not cell.evaluating

    def _postpone(self, step: Step) -> None:
        cell = self._book.cells.get(step.cell)
        if cell is not None:
            cell.status, cell.because = "stale", step.because
        self._book.wave.settle(step, status=Status.PENDING)

    def _leave(self, step: Step) -> None:
        self._left[step.cell] = step
        self._settled.set()

    def _ended(self, step: Step, run: Run, found: Found, status: Status) -> None:
        """A re-run has ended."""
        if found.unforeseen:
            self.merge([Change("", rebound=found.rebound)])
        self._book.wave.settle(step, found.changed, found.mutated, status=status)
        self.drive(run.cause)

    # -- cells that the user runs ----------------------------------------------------------

    async def take_over(self, cell_id: str) -> Step | None:
        """Hand a cell that the wave wants to run, or is running, to a run of the user's."""
        step = self._left.pop(cell_id, None)
        if step is None:
            step = self._book.wave.take(cell_id).step
        await self.reruns.end(cell_id)
        return step

    def left(self, cell_id: str) -> Step | None:
        """Give the step that was left to a run of the user's, if any."""
        return self._left.pop(cell_id, None)

    def forsake(self, cell_id: str | None) -> None:
        """A request that was to run a cell of the wave has been aborted."""
        step = self._left.pop(cell_id, None) if cell_id is not None else None
        if step is not None:
            self._postpone(step)
            self.drive(None)

    # -- waiting ---------------------------------------------------------------------------

    async def follow(self, reached: Reached, cause: Run) -> None:
        """Wait until the cells reached by a change have settled.

        Those that wait for a request of the user's are left to it: under ``chain`` that request
        itself waits for this one's reply.
        """
        book = self._book
        others, self._to_follow = self._to_follow, []
        book.listener = cause
        self.drive(cause)
        cells = [*reached(), *others] if self.reruns else []
        while self.reruns and self._unfinished(cells):
            self._settled.clear()
            try:
                await self._settled.wait()
            except asyncio.CancelledError:
                if not cause.state.interrupted:
                    raise
                cause.state.interrupted = False
                task = asyncio.current_task()
                if task is not None:
                    task.uncancel()
        await self._telling.done()
        if book.listener is cause:
            book.listener = None

    async def rest(self, reached: list[str]) -> None:
        """Wait until these cells have settled, or wait for nothing but the user's requests."""
        while self.reruns and self._unfinished(reached):
            self._settled.clear()
            await self._settled.wait()

    def _unfinished(self, reached: list[str]) -> bool:
        status = self._book.wave.status
        while reached and status.get(reached[-1]) not in UNFINISHED:
            reached.pop()
        return bool(reached)
