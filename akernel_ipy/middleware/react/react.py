"""The reactive middleware: decides with `core.graph` and `core.wave`, and acts."""

from __future__ import annotations

import asyncio
import builtins
import dis
import time
import uuid
from collections import ChainMap
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from types import CodeType, FunctionType
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from ...core.errors import CycleError, RedefinitionError
from ...core.graph import Graph, Update
from ...core.model import Outcome, Run
from ...core.names import CellSyntaxError, Names, analyze, ordinary, same_code
from ...core.pipeline import Runner
from ...core.reactions import Before, changes, look, unbound
from ...core.wave import UNFINISHED, Change, Status, Step, Wave, fellow_readers, merge
from ...core.widgetuse import reads_value
from .cells import Cell, Rerun, cell_id_of
from .older import OlderValues
from .sources import Sources

_ABSENT = object()


class Outputs(Protocol):
    """How outputs of cells are shown and replaced."""

    def begin(self, run: Run) -> None:
        """Let the next output of a re-run replace the old ones."""

    def end(self, run: Run, outcome: Outcome, listener: Run | None, *, replaces: bool) -> None:
        """A re-run has ended."""

    def pending(self, run: Run, names: tuple[str, ...], listener: Run | None) -> None:
        """The cell waits for names."""

    def blocked(self, run: Run, blame: str) -> None:
        """The cell was not re-run, because another one failed."""

    def error(self, error: Exception) -> Outcome:
        """Show an error in the cell at hand."""


class Host(Protocol):
    """What the middleware needs from the session that it works for."""

    @property
    def outputs(self) -> Outputs:
        """Shows and replaces what cells show."""

    @property
    def shell(self) -> Any:
        """Holds the namespace."""

    def launch(self, run: Run, work: Callable[[], Coroutine[Any, Any, Any]]) -> asyncio.Task[Any]:
        """Do some work in a task that belongs to a run."""

    def expected(self) -> set[str]:
        """Cells whose requests have arrived and not been evaluated yet."""

    def expects(self, cell_id: str) -> bool:
        """Whether a request of the cell has arrived and not been evaluated yet."""


class React:
    """Re-runs cells when what they read changes.

    Args:
        host: the session.
        redefinition: when a second cell defines a name: ``"linear"``, cells that had read it from
            the first go on doing so; ``"newest"``, they follow the second; ``"error"``, refuse it.
    """

    def __init__(self, host: Host, redefinition: str = "linear") -> None:
        self.graph = Graph(linear=redefinition == "linear")
        self.wave = Wave(self.graph, ())
        self.cells: dict[str, Cell] = {}
        self.lazy = False
        self._host = host
        self._redefinition = redefinition
        self._inner: Runner | None = None
        self._reruns: dict[str, Rerun] = {}
        #: Steps of the wave that are left to the user's own requests.
        self._left: dict[str, Step] = {}
        self._older = OlderValues(lambda: self._namespace)
        self._deleted: Any = None
        #: Blocked cells that have been told so, with the cell to blame and what it was then.
        self._told: dict[str, tuple[str, str]] = {}
        self._settled = asyncio.Event()
        self._listener: Run | None = None
        self._evaluations = 0
        self._released: set[str] = set()
        self._locks: dict[str, asyncio.Lock] = {}
        #: Tasks that tell cells why they did not run; a reply waits for them.
        self._telling: set[asyncio.Task[Any]] = set()
        #: Cells that the next reply has to wait for, besides those that its own cell made stale.
        self._to_follow: list[str] = []
        self.sources = Sources(
            lambda: self._namespace, self._moved, self._feed, lambda: host.shell.showtraceback()
        )

    def close(self) -> None:
        """End what goes on by itself: the session takes another flavour."""
        self.sources.close()

    def reset(self) -> None:
        """Forget all cells: the namespace has been emptied."""
        self.sources.close()
        for rerun in self._reruns.values():
            rerun.run.state.superseded = True
            rerun.task.cancel()
        self._reruns.clear()
        self._left.clear()
        self.cells.clear()
        self.graph = Graph(linear=self.graph.linear)
        self.wave = Wave(self.graph, ())
        self._older = OlderValues(lambda: self._namespace)

    def _moved(self, names: dict[str, str | None]) -> None:
        """Widgets have new values, from the user or from the code of a cell."""
        changed = []
        for name, by in names.items():
            owner = self.graph.owner(name)
            if owner is None or by == owner:
                continue
            readers = self.graph.readers(owner, name)
            spared = frozenset(r for r in readers if r == by or not self._reads_value(r, name))
            if by not in self.cells:
                changed.append(Change(owner, (name,), spared=spared))
            elif name not in self.graph.names(by or "").mutates:
                # Otherwise the wave of that cell itself has done it.
                changed.append(Change(by or "", mutated=(name,), spared=spared))
        if changed:
            self._merge(changed)
            self._drive(None)

    def _reads_value(self, cell_id: str, name: str) -> bool:
        cell = self.cells.get(cell_id)
        return cell is not None and reads_value(cell.source, name, self.sources.lays_out)

    async def _feed(self, name: str) -> None:
        """A live name has a new value: run its readers, and wait for them."""
        owner = self.graph.owner(name)
        if owner is None:
            return
        changed = [Change(owner, (name,))]
        reached = list(Wave(self.graph, changed, self.wave.state).status)
        self._merge(changed)
        self._drive(None)
        await self._rest(reached)

    def release_stale(self) -> tuple[str, ...]:
        """Let the stale cells run although the session is lazy; give their ids.

        They run before the reply of the cell that calls this; see `run_stale` where there is none.
        """
        stale = tuple(cell.id for cell in self.cells.values() if cell.status == "stale")
        self._released.update(stale)
        self._to_follow.extend(stale)
        self._merge([Change("", rebound=stale)])
        return stale

    async def run_stale(self) -> None:
        """Run the stale cells, and wait for their end."""
        reached = list(self.release_stale())
        self._to_follow = []
        self._drive(None)
        await self._rest(reached)

    async def __call__(self, run: Run, inner: Runner) -> Outcome:
        """Run a cell of the user's, then what depends on it."""
        self._inner = inner
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
        await self._follow([*freed, *reached], run)
        return outcome

    async def _run_for_user(
        self, cell_id: str, run: Run, names: Names, inner: Runner
    ) -> tuple[Outcome, list[str]]:
        """Run the cell; give the cells that this made stale, too."""
        update = self._update(cell_id, names)
        problem = self._refuse(cell_id, names, update, run)
        if problem is not None:
            self._host.shell.pass_over(run)
            return self._host.outputs.error(problem), []
        known = update.graph is self.graph
        cell, edited = self._enter(cell_id, run, update)
        step = await self._take_over(cell)
        outcome, change = await self._first_run(cell, update, edited, inner)
        changed = [change, *self._revive(update)]
        step = self._left.pop(cell_id, None) or step
        if cell_id in self._reruns:
            # What it read has changed while it ran: it has to run once more.
            self._merge(changed)
            self._merge([Change("", rebound=(cell_id,))])
        elif not known or step is None or not self._settle(step, change):
            return outcome, self._reach(changed)
        return outcome, [cell_id, *self.wave.stale]

    def _update(self, cell_id: str, names: Names) -> Update:
        """The graph after a run of the cell: the same one if it changes nothing."""
        graph = self.graph
        if (
            cell_id in graph
            and graph.names(cell_id) == names
            and not names.defs & names.reads
            and all(graph.owner(name) == cell_id for name in names.defs)
            and all(graph.source(cell_id, name) == graph.owner(name) for name in names.reads)
        ):
            return Update(graph)
        return graph.update(cell_id, names)

    async def _first_run(
        self, cell: Cell, update: Update, edited: bool, inner: Runner
    ) -> tuple[Outcome, Change]:
        run = cell.run
        cell.idle.clear()
        cell.free.clear()
        try:
            await self._parents(cell)
            missing = self._missing(cell.id)
            if missing:
                self._host.shell.pass_over(run)
                self._pend(cell, run, missing, None)
                self._unbind(cell.id)
                readers = (*update.rebound, *self.graph.children(cell.id))
                change = Change(cell.id, rebound=readers, status=Status.PENDING)
                expressions = self._host.shell.user_expressions(dict(run.request.user_expressions))
                outcome = Outcome(user_expressions=expressions)
            else:
                before = self._look(cell.id)
                cell.status, cell.because = "running", ()
                seen = self._snapshot(cell.id)
                await self.sources.stop(cell.id)
                cell.evaluating = True
                outcome = await inner(run)
                change = self._change(cell, outcome, before, update, edited, seen)
        finally:
            self._older.leave(self.graph, cell.id)
            cell.evaluating = False
            cell.idle.set()
            cell.free.set()
        return outcome, change

    def _change(
        self,
        cell: Cell,
        outcome: Outcome,
        before: Before,
        update: Update,
        edited: bool,
        seen: dict[str, Any] | None,
    ) -> Change:
        self._count(cell)
        self.sources.watch(self.graph.names(cell.id).defs)
        if outcome.status != "ok":
            cell.status = "failed"
            return Change(cell.id, rebound=update.rebound, status=Status.FAILED)
        cell.status = "fresh"
        changed, mutated = changes(
            self.graph, cell.id, self._namespace, before, unknown_changed=edited
        )
        self._note_mutations(cell.id, mutated)
        found, rebound = self._discover(cell.id, seen)
        again = dict.fromkeys([*update.rebound, *rebound])
        spared = self._spared(cell, mutated)
        return Change(cell.id, (*changed, *found), mutated, tuple(again), spared=spared)

    def _spared(self, cell: Cell, mutated: tuple[str, ...]) -> frozenset[str]:
        """The readers of objects that the user's cell changed in place which aren't re-run for it.

        In a notebook that is run from top to bottom a reader keeps what it showed: it ran in the
        same go, after this request had arrived; clients that name no cells always go so.
        """
        if not mutated or not self.graph.linear:
            return frozenset()
        readers = {r for name in mutated for r in fellow_readers(self.graph, cell.id, name)}
        if cell.run.request.cell_id is None:
            return frozenset(readers)
        arrived = cell.run.state.arrived
        return frozenset(r for r in readers if self.cells[r].run.state.ended >= arrived)

    def _note_mutations(self, cell_id: str, mutated: tuple[str, ...]) -> None:
        """Remember what only a run could tell: the next mutator must not re-run this one."""
        names = self.graph.names(cell_id)
        if not names.mutates.issuperset(mutated):
            wider = replace(names, mutates=names.mutates.union(mutated))
            self.graph = self.graph.update(cell_id, wider).graph

    def _snapshot(self, cell_id: str) -> dict[str, Any] | None:
        """The namespace before a run, if the cell may bind names that its text doesn't show."""
        names, namespace = self.graph.names(cell_id), self._namespace
        if names.opaque or any(_sets_globals(namespace.get(n)) for n in names.immediate):
            return dict(namespace)
        return None

    def _discover(
        self, cell_id: str, seen: dict[str, Any] | None
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Find names that a run bound through ``exec``, ``%run``, star imports or functions.

        Returns:
            The names that are now the cell's, and the cells that read others which it rebound.
        """
        if seen is None:
            return (), ()
        names, namespace = self.graph.names(cell_id), self._namespace
        bound = sorted(
            n
            for n, value in namespace.items()
            if ordinary(n) and n not in names.defs and seen.get(n, _ABSENT) is not value
        )
        rebound: list[str] = []
        for name in bound:
            owner = self.graph.owner(name)
            if owner is not None:
                readers = self.graph.readers(owner, name)
                rebound += [reader for reader in readers if reader not in (cell_id, owner)]
        own = tuple(name for name in bound if self.graph.owner(name) is None)
        if own:
            wider = replace(names, defs=names.defs.union(own), writes=names.writes.union(own))
            update = self.graph.update(cell_id, wider)
            self.graph = update.graph
            rebound += update.rebound
        return own, tuple(rebound)

    def _count(self, cell: Cell) -> None:
        cell.run.state.ended = time.monotonic()
        self._evaluations += 1
        cell.runs, cell.ran = cell.runs + 1, self._evaluations

    def _enter(self, cell_id: str, run: Run, update: Update) -> tuple[Cell, bool]:
        """Take the cell into the graph; False with it if only its comments or layout changed."""
        source, old = run.state.source, self.cells.get(cell_id)
        edited = old is None or old.source == source or not same_code(old.source, source)
        before, self.graph = self.graph, update.graph
        self._older.enter(self.graph, cell_id, before)
        for name in update.vanished:
            self._namespace.pop(name, None)
        cell = Cell(cell_id, run, source)
        if old is not None:
            cell.idle, cell.free, cell.runs, cell.ran = old.idle, old.free, old.runs, old.ran
        self.cells[cell_id] = cell
        return cell, edited

    def _revive(self, update: Update) -> list[Change]:
        older = {cell: None for _, cell in update.revived}
        return [Change("", rebound=tuple(older))] if older else []

    def _refuse(self, cell_id: str, names: Names, update: Update, run: Run) -> Exception | None:
        if update.cycle is not None:
            steps = ", ".join(
                f"{self._label(edge.child, run, cell_id)} reads {', '.join(edge.names)} "
                f"from {self._label(edge.parent, run, cell_id)}"
                for edge in update.cycle.edges
            )
            return CycleError(f"this cell closes a cycle: {steps}; break it in one of them")
        if self._redefinition == "error":
            for name, owner in self.graph.clashes(cell_id, names).items():
                return RedefinitionError(
                    f"`{name}` is defined by {self._label(owner, run)} too; "
                    "delete one of the definitions or rename it"
                )
        return None

    def _label(self, cell_id: str, run: Run, own: str = "") -> str:
        cell = self.cells.get(cell_id)
        return cell.label if cell is not None and cell_id != own else f"In [{run.count}]"

    def _pend(self, cell: Cell, run: Run, missing: tuple[str, ...], listener: Run | None) -> None:
        cell.status, cell.waits_for = "pending", missing
        self._host.outputs.pending(run, missing, listener)

    def _unbind(self, cell_id: str) -> None:
        """Take a pending cell's old values away: nobody shall go on computing with them."""
        names = self.graph.names(cell_id)
        for name in names.defs - names.reads:
            if self.graph.owner(name) == cell_id:
                self._namespace.pop(name, None)

    def _missing(self, cell_id: str) -> tuple[str, ...]:
        namespace = self._namespace
        known = ChainMap(namespace, vars(builtins))
        lacking = self.graph.unmet(cell_id, known)
        return unbound(self.graph.names(cell_id), lacking, known)

    def _look(self, cell_id: str) -> Before:
        return look(self.graph, cell_id, self._namespace)

    @property
    def _namespace(self) -> dict[str, Any]:
        namespace: dict[str, Any] = self._host.shell.user_ns
        return namespace

    async def _parents(self, cell: Cell) -> None:
        """Wait for the cells that this one reads from: for their runs, and for their re-runs."""
        parents = [edge.parent for edge in self.graph.edges(cell.id) if not edge.deferred]
        self._drive(None)
        stale = list(parents)
        await self._rest(stale)
        for parent in parents:
            if parent in self.cells and parent != cell.id:
                await self.cells[parent].idle.wait()

    # -- edits and deletions ---------------------------------------------------------------

    def _forget_deleted(self, run: Run) -> tuple[str, ...]:
        """Take JupyterLab's hint; it also names cells that came back, or are about to run.

        Returns:
            The cells that are stale now.
        """
        metadata: Mapping[str, Any] = run.request.message.get("metadata") or {}
        deleted = metadata.get("deletedCells")
        if not isinstance(deleted, list) or not deleted or deleted == self._deleted:
            # JupyterLab's Run All repeats the list in every request of the batch.
            self._deleted = deleted
            return ()
        self._deleted = deleted
        coming = {run.request.cell_id, *self._host.expected()}
        rebound: list[str] = []
        for cell_id in deleted:
            if cell_id in coming or cell_id not in self.cells:
                continue
            update = self.graph.update(cell_id, None)
            self.graph = update.graph
            for name in update.vanished:
                self._namespace.pop(name, None)
            rebound += [*update.rebound, *(cell for _, cell in update.revived)]
            del self.cells[cell_id]
            self._older.forget(cell_id)
        if not rebound:
            return ()
        self._merge([Change("", rebound=tuple(rebound))])
        return self.wave.stale

    async def _take_over(self, cell: Cell) -> Step | None:
        """Run a cell at the user's request that the wave wants to run, or is running."""
        step = self._left.pop(cell.id, None)
        rerun = self._reruns.pop(cell.id, None)
        if step is None:
            step = self.wave.take(cell.id).step
        if rerun is not None:
            await self._cancel(rerun)
        return step

    def forsake(self, cell_id: str | None) -> None:
        """A request that was to run a cell of the wave has been aborted."""
        step = self._left.pop(cell_id, None) if cell_id is not None else None
        if step is not None:
            self._postpone(step)
            self._drive(None)

    async def _cancel(self, rerun: Rerun) -> None:
        rerun.run.state.superseded = True
        rerun.task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.shield(asyncio.gather(rerun.task, return_exceptions=True))

    # -- the wave --------------------------------------------------------------------------

    def _reach(self, changed: list[Change]) -> list[str]:
        """Let changes take effect; give the cells that they made stale."""
        others = self.wave.stale
        self._merge(changed)
        reached = self.wave.status
        if others:
            reached = Wave(self.graph, changed, self.wave.state).status
        return list(reached)

    def _settle(self, step: Step, change: Change) -> bool:
        return self.wave.settle(step, change.names, change.mutated, status=change.status)

    async def _follow(self, reached: list[str], cause: Run) -> None:
        """Wait until the cells reached by a change have settled.

        Those that wait for a request of the user's are left to it: under ``chain`` that request
        itself waits for this one's reply.
        """
        reached += self._to_follow
        self._to_follow = []
        self._listener = cause
        self._drive(cause)
        while self._reruns and self._unfinished(reached):
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
        while self._telling:
            await asyncio.wait(set(self._telling))
        if self._listener is cause:
            self._listener = None

    async def _rest(self, reached: list[str]) -> None:
        """Wait until these cells have settled, or wait for nothing but the user's requests."""
        while self._reruns and self._unfinished(reached):
            self._settled.clear()
            await self._settled.wait()

    def _unfinished(self, reached: list[str]) -> bool:
        while reached and self.wave.status.get(reached[-1]) not in UNFINISHED:
            reached.pop()
        return bool(reached)

    def _merge(self, changed: list[Change]) -> None:
        self.wave, cancelled = merge(self.wave, self.graph, changed)
        for step in cancelled:
            rerun = self._reruns.pop(step.cell, None)
            if rerun is not None:
                rerun.run.state.superseded = True
                rerun.task.cancel()

    def _drive(self, cause: Run | None) -> None:
        """Start what is ready; cells whose own requests are on their way are left to those."""
        while steps := self.wave.ready():
            coming = self._host.expected()
            for step in steps:
                if step.cell in coming or self._will_look(step.cell):
                    self._left[step.cell] = step
                elif self.lazy and step.cell not in self._released:
                    self._postpone(step)
                else:
                    self._start(step, cause)
        self._tell_blocked()
        self._settled.set()

    def _will_look(self, cell_id: str) -> bool:
        """Whether a run of the user's is under way that has not read anything yet."""
        cell = self.cells[cell_id]
        return not cell.free.is_set() and not cell.evaluating

    def _postpone(self, step: Step) -> None:
        cell = self.cells.get(step.cell)
        if cell is not None:
            cell.status, cell.because = "stale", step.because
        self.wave.settle(step, status=Status.PENDING)

    def _start(self, step: Step, cause: Run | None) -> None:
        cell = self.cells[step.cell]
        run = cell.rerun(cause)
        told = any(name for name, _ in step.because) or not cell.because
        cell.status, cell.blame = "running", None
        cell.because = step.because if told else cell.because
        self._released.discard(cell.id)
        self._told.pop(cell.id, None)
        cell.idle.clear()
        task = self._host.launch(run, partial(self._rerun, cell, step, run))
        self._reruns[cell.id] = Rerun(step, run, task)

    async def _rerun(self, cell: Cell, step: Step, run: Run) -> None:
        changed: tuple[str, ...] = ()
        mutated: tuple[str, ...] = ()
        status = Status.FAILED
        outputs = self._host.outputs
        assert self._inner is not None
        await cell.free.wait()
        if self._host.expects(cell.id):
            # Its own request has come meanwhile, and will settle the step.
            self._reruns.pop(cell.id, None)
            self._left[cell.id] = step
            cell.idle.set()
            self._settled.set()
            return
        visible = self._older.enter(self.graph, cell.id)
        try:
            if not visible:
                status = Status.PENDING
                self._say_displaced(cell, run)
                return
            showed, cell.shown_by = cell.showed, run
            if showed:
                outputs.begin(run)
            missing = self._missing(cell.id)
            if missing:
                self._unbind(cell.id)
                self._pend(cell, run, missing, self._listener)
                status = Status.PENDING
                return
            await self.sources.stop(cell.id)
            before, seen = self._look(cell.id), self._snapshot(cell.id)
            outcome = await self._inner(run)
            if run.state.superseded:
                return
            outputs.end(run, outcome, self._listener, replaces=showed)
            self._count(cell)
            self.sources.watch(self.graph.names(cell.id).defs)
            cell.status = "fresh" if outcome.status == "ok" else "failed"
            if outcome.status == "ok":
                status = Status.OK
                changed, mutated = changes(self.graph, cell.id, self._namespace, before)
                self._note_mutations(cell.id, mutated)
                self._announce(cell.id, seen)
        finally:
            if visible:
                self._older.leave(self.graph, cell.id)
            cell.idle.set()
            if self._reruns.get(cell.id) is not None and self._reruns[cell.id].run is run:
                del self._reruns[cell.id]
            self.wave.settle(step, changed, mutated, status=status)
            self._drive(run.cause)

    def _announce(self, cell_id: str, seen: dict[str, Any] | None) -> None:
        """A re-run bound names that no one had foreseen."""
        found, rebound = self._discover(cell_id, seen)
        if found or rebound:
            self._merge([Change("", rebound=tuple(rebound))])

    def _say_displaced(self, cell: Cell, run: Run) -> None:
        cell.status = "stale"
        name, source = self.graph.displaced(cell.id)[0]
        owner = self.graph.owner(name) or ""
        self._host.outputs.blocked(
            run,
            f"`{name}`, which it read from {self._label(source, run)}, now holds the value of "
            f"{self._label(owner, run)}; run {self._label(source, run)} again",
        )

    def _tell_blocked(self) -> None:
        for cell_id, blame in self.wave.blamed.items():
            cell = self.cells.get(cell_id)
            culprit = self.cells.get(blame)
            if cell is None or culprit is None:
                continue
            if self._told.get(cell_id) == (blame, culprit.status):
                continue
            self._told[cell_id] = (blame, culprit.status)
            cell.blame = blame
            if culprit.status == "stale":
                cell.status, cell.because = "stale", self.wave.why(cell_id)
                continue
            run = cell.rerun(None)
            if culprit.status == "failed":
                cell.status = "blocked"
                text = f"{culprit.label}, which it reads from, failed"
                self._tell(run, partial(self._say_blocked, run, text))
            elif culprit.status == "pending":
                self._unbind(cell_id)
                self._tell(run, partial(self._say_pending, cell, run, culprit.waits_for))

    def _tell(self, run: Run, work: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        task = self._host.launch(run, work)
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _say_blocked(self, run: Run, text: str) -> None:
        self._host.outputs.blocked(run, text)

    async def _say_pending(self, cell: Cell, run: Run, names: tuple[str, ...]) -> None:
        if cell.showed:
            self._host.outputs.begin(run)
        cell.shown_by = run
        self._pend(cell, run, names, self._listener)


def _sets_globals(value: Any) -> bool:
    """Whether calling a value may bind names of the notebook: a function with ``global``."""
    return isinstance(value, FunctionType) and _stores_globals(value.__code__)


def _stores_globals(code: CodeType) -> bool:
    found = _STORES.get(code)
    if found is None:
        found = any(step.opname == "STORE_GLOBAL" for step in dis.get_instructions(code)) or any(
            _stores_globals(part) for part in code.co_consts if isinstance(part, CodeType)
        )
        _STORES[code] = found
    return found


_STORES: WeakKeyDictionary[CodeType, bool] = WeakKeyDictionary()
