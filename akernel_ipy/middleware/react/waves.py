"""Carries out the wave: starts what is ready, and waits until it has settled."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from ...core.graph import Graph
from ...core.model import Run
from ...core.wave import Change, Status, Step
from ...tasks import take_interrupt
from .book import Book
from .effects import Found
from .evaluation import Evaluator
from .reruns import Reruns
from .telling import Telling


class Waves:
    """Lets changes take effect: the steps of `core.wave` are started, or given to the user's runs.

    A step whose cell has a request of its own on its way is left to that.
    """

    def __init__(self, book: Book, evaluator: Evaluator) -> None:
        self._book = book
        self._telling = Telling(book)
        self._reruns = Reruns(book, evaluator, self._telling, self.settle)
        #: Runs of the user's that wait for their turn.
        self._turns: dict[str, asyncio.Future[Step | None]] = {}
        #: Steps of the wave that are left to requests which are on their way.
        self._left: dict[str, Step] = {}
        self._moved = asyncio.Event()
        self._released: set[str] = set()
        #: Cells that the next reply has to wait for, besides those that its own cell made stale.
        self._to_follow: list[str] = []
        #: The cells that each of those who wait waits for.
        self._awaited: list[set[str]] = []
        #: Runs of the user's whose cells have run, with the cells that their replies wait for.
        self._following: dict[Run, list[str]] = {}

    def clear(self) -> None:
        """Drop everything."""
        self._reruns.clear()
        self._left.clear()
        for turn in self._turns.values():
            _resolve(turn, None)
        self._turns.clear()
        self._released.clear()
        self._to_follow.clear()

    # -- what changes ----------------------------------------------------------------------

    def change(self, *changes: Change) -> None:
        """Let something that happened take effect."""
        if changes:
            self._book.wave.change(*changes)
            self.drive()

    def delete(self, cell_id: str, graph: Graph) -> None:
        """Drop a cell that is gone."""
        self._book.wave.update(graph, (cell_id,))
        self._left.pop(cell_id, None)
        self._telling.forget(cell_id)
        turn = self._turns.pop(cell_id, None)
        if turn is not None:
            _resolve(turn, None)

    def release_stale(self) -> tuple[str, ...]:
        """Let the stale cells run although the session is lazy; give their ids."""
        stale = tuple(cell.id for cell in self._book.cells.values() if cell.status == "stale")
        self._released.update(stale)
        self._to_follow.extend(stale)
        self._book.wave.change(Change("", rebound=stale, status=None))
        return stale

    async def run_stale(self) -> None:
        """Run the stale cells, and wait for their end."""
        stale = self.release_stale()
        self._to_follow = []
        self.drive()
        await self.rest(stale)

    # -- what runs -------------------------------------------------------------------------

    def drive(self) -> None:
        """Start what is ready."""
        wave = self._book.wave
        steps: tuple[Step, ...] | None = None
        while steps or steps is None:
            steps = wave.ready()
            for step in wave.superseded():
                self._reruns.supersede(step)
                if self._left.get(step.cell) == step:
                    del self._left[step.cell]
            self._dispatch(steps)
        self._telling.blocked()
        self._moved.set()

    def _dispatch(self, steps: Iterable[Step]) -> None:
        others = []
        for step in steps:
            if not step.asked:
                others.append(step)
            elif not _resolve(self._turns.pop(step.cell), step):
                self._fail(step)
        coming = self._coming(others)
        for step in others:
            if step.cell in coming:
                self._left[step.cell] = step
            elif self._book.lazy and step.cell not in self._released:
                self._postpone(step)
            else:
                self._released.discard(step.cell)
                self._reruns.start(step)

    def _coming(self, steps: list[Step]) -> set[str]:
        """Give the cells whose requests are on their way, and that no request here waits for."""
        if not steps:
            return set()
        coming = self._book.host.expected().intersection(step.cell for step in steps)
        return coming - self._book.wave.needed(self._turns) if coming and self._turns else coming

    def _postpone(self, step: Step) -> None:
        cell = self._book.cells.get(step.cell)
        if cell is not None:
            cell.status, cell.because = "stale", step.because
        self._book.wave.settle(step, status=Status.PENDING)

    def settle(
        self, step: Step, found: Found, status: Status, spared: frozenset[str] = frozenset()
    ) -> None:
        """Take in how a step ended."""
        wave = self._book.wave
        if found.rebound:
            wave.change(Change(step.cell, rebound=found.rebound, status=None))
        wave.settle(step, found.changed, found.mutated, status=status, spared=spared)
        for awaited in self._awaited if found.rebound or found.mutated else ():
            if step.cell in awaited:  # nobody had foreseen whom it concerns
                awaited |= wave.reach([step.cell, *found.rebound])
        self.drive()

    # -- cells that the user runs ----------------------------------------------------------

    async def turn(self, cell_id: str) -> Step | None:
        """Wait until a cell can run for the user; None if it is gone by then."""
        wave = self._book.wave
        self._left.pop(cell_id, None)
        self._telling.forget(cell_id)
        turn: asyncio.Future[Step | None] = asyncio.get_running_loop().create_future()
        self._turns[cell_id] = turn
        wave.ask(cell_id)
        self.drive()
        self._fetch_left()
        try:
            return await turn
        except asyncio.CancelledError:
            if self._turns.get(cell_id) is turn:
                del self._turns[cell_id]
                self._book.cells[cell_id].status = "failed"
                wave.withdraw(cell_id)
            elif not turn.cancelled() and (step := turn.result()) is not None:
                self._fail(step)
            self.drive()
            raise

    def _fail(self, step: Step) -> None:
        """The user's run was cancelled when its turn had come, or just before."""
        self._book.cells[step.cell].status = "failed"
        self._book.wave.settle(step, status=Status.FAILED)

    def _fetch_left(self) -> None:
        """Run what was left to later requests, if one that is here waits for it."""
        if not self._left or not self._turns:
            return
        for cell_id in self._book.wave.needed(self._turns).intersection(self._left):
            self._reruns.start(self._left.pop(cell_id))

    def forsake(self, cell_id: str) -> None:
        """A request that might have run a cell of the wave has ended otherwise."""
        if cell_id in self._left and not self._book.host.expects(cell_id):
            self._postpone(self._left.pop(cell_id))
            self.drive()

    # -- waiting ---------------------------------------------------------------------------

    def has_its_turn_after(self, cell_id: str, other: str) -> bool:
        """Whether a request's cell waits for its turn until another cell has run."""
        return cell_id in self._turns and other in self._book.wave.needed((cell_id,))

    def is_followed_by(self, run: Run, cell_id: str) -> bool:
        """Whether a run's cell has run, and its reply waits for another cell to be run again."""
        reached = self._following.get(run, ())
        return bool(reached) and cell_id in self._book.wave.reach(reached)

    async def follow(self, seeds: Iterable[str], cause: Run) -> None:
        """Wait until the cells that a change concerns have settled.

        Those that wait for a request of the user's are left to it: under ``chain`` that request
        itself waits for this one's reply.
        """
        reached = [*seeds, *self._to_follow]
        self._to_follow = []
        self.drive()
        self._following[cause] = reached
        try:
            await self._rest_all(reached, cause)
            await self._telling.done()
        finally:
            del self._following[cause]

    async def _rest_all(self, reached: list[str], cause: Run) -> None:
        """Wait for the wave, however often the cause is interrupted meanwhile."""
        while True:
            try:
                return await self.rest(reached)
            except asyncio.CancelledError:
                if not take_interrupt(cause):
                    raise

    async def rest(self, seeds: Iterable[str]) -> None:
        """Wait until none of the cells, nor of those behind them, is being run again."""
        if not self._reruns:
            return
        awaited = self._book.wave.reach(seeds)
        self._awaited.append(awaited)
        try:
            while self._reruns.any_of(awaited):
                self._moved.clear()
                await self._moved.wait()
        finally:
            self._awaited = [other for other in self._awaited if other is not awaited]


def _resolve(turn: asyncio.Future[Step | None], step: Step | None) -> bool:
    """Let a run go on, unless it has been cancelled."""
    if turn.cancelled():
        return False
    turn.set_result(step)
    return True
