"""The reactive middleware: decides with `core.graph` and `core.wave`, and acts."""

from __future__ import annotations

import asyncio
import uuid

from ...core.graph import Update
from ...core.model import Outcome, Run
from ...core.names import CellSyntaxError, Names, analyze
from ...core.pipeline import Runner
from ...core.wave import UNFINISHED, Change, Status, Wave
from ...core.widgetuse import reads_value
from .book import Book
from .cells import Cell, cell_id_of
from .edits import Edits, revived
from .effects import Effects
from .host import Host
from .sources import Sources
from .waves import Reached, Waves


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
        self._effects = Effects(self.book, self.sources)
        self._edits = Edits(self.book)
        self._waves = Waves(self.book, self._effects, self.sources)
        self._locks: dict[str, asyncio.Lock] = {}

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
        self._waves.reruns.inner = inner
        request = run.request
        if request.silent or not request.store_history or not request.code.strip():
            return await inner(run)
        freed = self._forget_deleted(run)
        try:
            names = analyze(self._host.shell.prepare(run))
        except CellSyntaxError:
            return await inner(run)
        cell_id = cell_id_of(request, run.number)
        run.state.display_id = f"rx-{uuid.uuid4()}"
        async with self._locks.setdefault(cell_id, asyncio.Lock()):
            # A cell that is asked for again while it still runs waits for itself.
            outcome, reached = await self._run_for_user(cell_id, run, names, inner)
        await self._waves.follow(lambda: [*freed, *reached()], run)
        return outcome

    def _forget_deleted(self, run: Run) -> tuple[str, ...]:
        """Forget the cells that the user deleted; give those that are stale now."""
        changed = self._edits.forget_deleted(run)
        if not changed:
            return ()
        self._waves.merge(changed)
        return self.book.wave.stale

    async def _run_for_user(
        self, cell_id: str, run: Run, names: Names, inner: Runner
    ) -> tuple[Outcome, Reached]:
        """Run the cell; give the cells that this made stale, too."""
        book, waves = self.book, self._waves
        update = book.graph.update(cell_id, names)
        problem = self._edits.refuse(cell_id, names, update, run)
        if problem is not None:
            self._host.shell.pass_over(run)
            return self._host.outputs.error(problem), list
        known = update.graph is book.graph
        cell, edited = self._edits.enter(cell_id, run, update)
        step = await waves.take_over(cell_id)
        early = self._is_early(cell_id)
        outcome, change = await self._first_run(cell, update, edited, inner)
        changed = [change, *revived(update)]
        step = waves.left(cell_id) or step
        if cell_id in waves.reruns:
            # What it read has changed while it ran: it has to run once more.
            waves.merge(changed)
            waves.merge([Change("", rebound=(cell_id,))])
        elif (
            not known
            or step is None
            or early
            or not book.wave.settle(step, change.names, change.mutated, status=change.status)
        ):
            return outcome, waves.reach(changed)
        return outcome, lambda: [cell_id, *book.wave.stale]

    def _is_early(self, cell_id: str) -> bool:
        """Whether a cell runs before one that it reads from, whose own request is still to come."""
        book = self.book
        parents = book.graph.parents(cell_id)
        return any(book.wave.status.get(parent) in UNFINISHED for parent in parents)

    async def _first_run(
        self, cell: Cell, update: Update, edited: bool, inner: Runner
    ) -> tuple[Outcome, Change]:
        book, run = self.book, cell.run
        cell.idle.clear()
        cell.free.clear()
        try:
            await self._parents(cell)
            missing = book.missing(cell.id)
            if missing:
                return self._pend(cell, missing, update)
            sight = self._effects.look(cell.id)
            cell.status, cell.because = "running", ()
            await self.sources.stop(cell.id)
            cell.evaluating = True
            outcome = await inner(run)
            change = self._effects.change(cell, outcome, sight, update.rebound, edited)
        finally:
            book.older.leave(book.graph, cell.id)
            cell.evaluating = False
            cell.idle.set()
            cell.free.set()
        return outcome, change

    def _pend(self, cell: Cell, missing: tuple[str, ...], update: Update) -> tuple[Outcome, Change]:
        """Let a cell wait for names."""
        run, shell = cell.run, self._host.shell
        shell.pass_over(run)
        self.book.pend(cell, run, missing)
        self.book.unbind(cell.id)
        readers = (*update.rebound, *self.book.graph.children(cell.id))
        outcome = Outcome(
            user_expressions=shell.user_expressions(dict(run.request.user_expressions))
        )
        return outcome, Change(cell.id, rebound=readers, status=Status.PENDING)

    async def _parents(self, cell: Cell) -> None:
        """Wait for the cells that this one reads from: for their runs, and for their re-runs."""
        book = self.book
        parents = [edge.parent for edge in book.graph.edges(cell.id) if not edge.deferred]
        self._waves.drive(None)
        await self._waves.rest(list(parents))
        for parent in parents:
            if parent in book.cells and parent != cell.id:
                await book.cells[parent].idle.wait()

    def forsake(self, cell_id: str | None) -> None:
        """A request that was to run a cell of the wave has been aborted."""
        self._waves.forsake(cell_id)

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
                changed.append(Change(owner, (name,), spared=spared))
            elif name not in graph.names(by or "").mutates:
                # Otherwise the wave of that cell itself has done it.
                changed.append(Change(by or "", mutated=(name,), spared=spared))
        if changed:
            self._waves.merge(changed)
            self._waves.drive(None)

    def _reads_value(self, cell_id: str, name: str) -> bool:
        cell = self.book.cells.get(cell_id)
        return cell is not None and reads_value(cell.source, name, self.sources.lays_out)

    async def _feed(self, name: str) -> None:
        """A live name has a new value: run its readers, and wait for them."""
        owner = self.book.graph.owner(name)
        if owner is None:
            return
        changed = [Change(owner, (name,))]
        reached = list(Wave(self.book.graph, changed, self.book.wave.state).status)
        self._waves.merge(changed)
        self._waves.drive(None)
        await self._waves.rest(reached)
