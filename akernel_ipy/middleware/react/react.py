"""The reactive middleware: decides with `core.graph` and `core.wave`, and acts."""

from __future__ import annotations

import asyncio
import sys
import time
import uuid
from weakref import WeakValueDictionary

from ...core.model import ABORTED, Outcome, Run
from ...core.names import DEFERRED_ANNOTATIONS, CellSyntaxError, Names, analyze
from ...core.pipeline import Runner
from ...core.wave import Change, Status
from ...core.widgetuse import reads_value
from .batches import Batches
from .book import Book
from .cells import Cell, cell_id_of
from .edits import Edits
from .effects import NOTHING, Effects, Found
from .evaluation import Evaluator
from .host import Host
from .prompts import Prompts
from .sources import Sources
from .waves import Waves


class React:
    """Re-runs cells when what they read changes.

    Args:
        host: the session.
        redefinition: when a second cell defines a name: ``"linear"``, cells that had read it from
            the first go on doing so; ``"newest"``, they follow the second; ``"error"``, refuse it.
    """

    def __init__(self, host: Host, redefinition: str = "linear") -> None:
        self.book = Book(host, redefinition)
        self.sources = Sources(
            lambda: self.book.namespace,
            self._moved,
            self._feed,
            lambda: host.shell.showtraceback(),
        )
        self._host = host
        self._batches = Batches()
        self._effects = Effects(self.book, self.sources)
        self._evaluator = Evaluator(self.book, self._effects, self.sources)
        self._waves = Waves(self.book, self._evaluator)
        self._edits = Edits(self.book, self._waves)
        self._prompts = Prompts(self.book, self._edits.take_out)
        #: Held by cells that run; nobody needs that of a cell that doesn't.
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def close(self) -> None:
        """End what goes on by itself: the session takes another flavour."""
        self.sources.close()

    def reset(self) -> None:
        """Forget all cells: the namespace has been emptied."""
        self.sources.close()
        self._waves.clear()
        self.book.clear()

    # -- the user's requests ---------------------------------------------------------------

    async def __call__(self, run: Run, inner: Runner) -> Outcome:
        """Run a cell of the user's, then what depends on it."""
        self._evaluator.inner = inner
        request = run.request
        if request.silent or not request.store_history or not request.code.strip():
            return await inner(run)
        self.book.unanswered[run] = None
        run.state.batch = self._batches.began(run)
        try:
            return await self._answer(run, inner)
        finally:
            self.book.unanswered.pop(run, None)
            self._batches.ended(run, time.monotonic())

    async def _answer(self, run: Run, inner: Runner) -> Outcome:
        concerned = self._edits.delete(run)
        names = self._analyze(run)
        if names is None:
            outcome = await inner(run)
        else:
            cell_id = _cell_id(run)
            run.state.display_id = f"rx-{uuid.uuid4()}"
            lock = self._locks.setdefault(cell_id, asyncio.Lock())
            async with lock:
                # A cell that is asked for again while it still runs waits for itself.
                outcome = await self._run_for_user(cell_id, run, names, concerned)
        await self._waves.follow(concerned, run)
        return outcome

    def _analyze(self, run: Run) -> Names | None:
        # The cell is run outside of the handler: its own error would tell of this one.
        shell, python = self._host.shell, sys.version_info[:2]
        if shell.future_annotations:
            python = max(python, DEFERRED_ANNOTATIONS)
        try:
            return analyze(shell.prepare(run), python=python)
        except CellSyntaxError:
            return None

    async def _run_for_user(
        self, cell_id: str, run: Run, names: Names, concerned: list[str]
    ) -> Outcome:
        """Run the cell when its turn has come; note which cells that concerns."""
        if self._edits.is_gone(cell_id, run):
            return self._abort(run)
        anew = self._edits.anew(cell_id)
        update = self.book.graph.update(cell_id, names, anew)
        problem = self._edits.refuse(cell_id, names, update, run)
        if problem is not None:
            self._host.shell.pass_over(run)
            return self._host.outputs.error(problem)
        cell, edited, others = self._edits.enter(cell_id, run, update)
        cell.anew = anew
        concerned += others
        step = await self._waves.turn(cell_id)
        if step is None:
            return self._abort(run)
        found, status, spared = NOTHING, Status.FAILED, frozenset[str]()
        try:
            outcome, found, status = await self._evaluate(cell, edited)
            spared = self._effects.spared(cell, found)
        finally:
            concerned += found.rebound
            self._waves.settle(step, found, status, spared)
            self._forget_gone(cell_id, names)
        if outcome.status == "ok":
            self._prompts.forget_replaced(cell)
        return outcome

    async def _evaluate(self, cell: Cell, edited: bool) -> tuple[Outcome, Found, Status]:
        run, shell = cell.run, self._host.shell
        cell.status, cell.because = "running", ()
        ended = await self._evaluator.evaluate(cell, run, unknown_changed=edited)
        if ended.missing:
            shell.pass_over(run)
            self.book.pend(cell, ended.missing)
            self.book.show_pending(cell, run)
            expressions = shell.user_expressions(dict(run.request.user_expressions))
            return Outcome(user_expressions=expressions), NOTHING, Status.PENDING
        if ended.outcome is None:
            return self._abort(run), NOTHING, Status.FAILED
        if ended.outcome.status != "ok":
            cell.status = "failed"
            return ended.outcome, NOTHING, Status.FAILED
        cell.status = "fresh"
        return ended.outcome, ended.found, Status.OK

    def _abort(self, run: Run) -> Outcome:
        """The cell was deleted before its turn came."""
        self._host.shell.pass_over(run)
        return ABORTED

    def _forget_gone(self, cell_id: str, names: Names) -> None:
        """Unbind what a cell made that was deleted while it ran."""
        if cell_id not in self.book.cells:
            for name in names.defs:
                if self.book.graph.owner(name) is None:
                    self.book.namespace.pop(name, None)

    def forsake(self, run: Run) -> None:
        """A request has ended, perhaps without having run its cell."""
        if not run.state.started:  # it was aborted; what it tells of deleted cells is told once
            self._edits.delete(run)
        if run.request.cell_id is not None:
            self._waves.forsake(run.request.cell_id)

    def holds_up(self, waiter: Run, run: Run) -> bool:
        """Whether a run's turn comes after another one's cell: that can't wait for it."""
        return self._waves.has_its_turn_after(_cell_id(run), _cell_id(waiter))

    def is_awaited_by(self, waiter: Run, run: Run) -> bool:
        """Whether all that keeps a run from its end is that this one, a re-run, goes on."""
        return waiter.state.rerun and self._waves.is_followed_by(run, _cell_id(waiter))

    # -- lazy ------------------------------------------------------------------------------

    def release_stale(self) -> tuple[str, ...]:
        """Let the stale cells run although the session is lazy; give their ids.

        They run before the reply of the cell that calls this; see `run_stale` where there is none.
        """
        return self._waves.release_stale()

    async def run_stale(self) -> None:
        """Run the stale cells, and wait for their end."""
        await self._waves.run_stale()

    # -- values that change by themselves --------------------------------------------------

    def _moved(self, names: dict[str, str | None]) -> None:
        """Widgets have new values, from the user or from the code of a cell."""
        graph = self.book.graph
        changed = []
        for name, by in names.items():
            owner = graph.owner(name)
            if owner is None or by == owner:
                continue
            readers = graph.readers(owner, name)
            spared = frozenset(r for r in readers if r == by or not self._reads_value(r, name))
            if by not in self.book.cells:
                changed.append(Change(owner, (name,), spared=spared, status=None))
            elif name not in graph.names(by or "").mutates:
                # Otherwise the wave of that cell itself has done it.
                changed.append(Change(by or "", mutated=(name,), spared=spared, status=None))
        self._waves.change(*changed)

    def _reads_value(self, cell_id: str, name: str) -> bool:
        cell = self.book.cells.get(cell_id)
        return cell is not None and reads_value(cell.source, name, self.sources.lays_out)

    async def _feed(self, name: str) -> None:
        """A live name has a new value: run its readers, and wait for them."""
        owner = self.book.graph.owner(name)
        if owner is None:
            return
        self._waves.change(Change(owner, (name,), status=None))
        await self._waves.rest(self.book.graph.readers(owner, name))


def _cell_id(run: Run) -> str:
    return cell_id_of(run.request, run.number)
