"""The wave itself: an in-degree wave as in Observable's runtime, with versions."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from akernel_ipy.core.graph import Graph

from ._plan import closure, fellow_readers, plan
from ._values import UNFINISHED, Change, State, Status, Step, Trouble

_FAILURES = (Status.FAILED, Status.PENDING, Status.BLOCKED)


@dataclass(frozen=True, slots=True)
class Carried:
    """What a wave takes over from an older one: unfinished cells with reasons, running steps."""

    cells: dict[str, dict[tuple[str, str], None]] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()


class Taken(NamedTuple):
    """A cell handed over to a run from outside: its step, and the step to cancel for it."""

    step: Step | None
    cancelled: Step | None


class Wave:
    """Which cells to run after a change, each once and after all it depends on.

    Call `ready` and start its steps; call `settle` when one ends; go on until `done`. A cell whose
    inputs turn out unchanged is cut off, one with a failed input is blocked; both without being
    asked for. The cost is that of the edges of the stale part (`operations` counts them).

    Attributes:
        status: the cells of the wave and what became of them, in order of appearance.
        blamed: the blocked cells, each with the cell that is to blame.
        state: what later waves have to know; hand it to the next one.
        version: of this wave; every step carries it.
    """

    def __init__(
        self,
        graph: Graph,
        changes: Iterable[Change],
        state: State | None = None,
        *,
        version: int = 1,
        carried: Carried | None = None,
    ) -> None:
        changes = tuple(changes)
        carried = carried or Carried()
        self.graph = graph
        self.state = state if state is not None else State()
        self.version = version
        self.operations = 0
        self.blamed: dict[str, str] = {}
        self.status: dict[str, Status] = {}
        self._origins = frozenset(change.cell for change in changes)
        self._origins -= self._late(carried)
        self._dirty: dict[str, dict[tuple[str, str], None]] = {}
        self._trouble: dict[str, Trouble] = {}
        self._steps: dict[str, Step] = {}
        self._unfinished = 0
        self._external = 0
        self._notified: set[tuple[str, str]] = set()
        for change in changes:
            self._begin(change)
        self._include(carried)
        self._reorder()

    def _late(self, carried: Carried) -> frozenset[str]:
        """Origins that read from cells which are still to run: what these give may concern them."""
        unfinished = [cell for cell in carried.cells if cell not in self._origins]
        unfinished += [step.cell for step in carried.steps]
        if not unfinished:
            return frozenset()
        return self._origins.intersection(closure(self.graph, unfinished, frozenset()))

    # -- questions -------------------------------------------------------------------------

    @property
    def stale(self) -> tuple[str, ...]:
        """The cells that have not run yet, or are running."""
        return tuple(cell for cell, status in self.status.items() if status in UNFINISHED)

    @property
    def running(self) -> tuple[Step, ...]:
        """The steps that were started and have not settled."""
        return tuple(self._steps.values())

    @property
    def done(self) -> bool:
        """Whether every cell has settled (call `ready` before asking)."""
        return not self._unfinished

    def why(self, cell: str) -> tuple[tuple[str, str], ...]:
        """Give the changed names, with their cells, that made a cell stale so far.

        Without a name it is an edit of that cell, without a cell a run owed from before.
        """
        reasons = tuple(self._dirty.get(cell, ()))
        named = tuple(reason for reason in reasons if reason[0])
        return named or tuple(reason for reason in reasons if reason[1]) or reasons

    # -- the beginning ---------------------------------------------------------------------

    def _begin(self, change: Change) -> None:
        """Take in what a cell outside the wave did."""
        if change.status is Status.OK:
            owing = [
                child for child in self.graph.children(change.cell) if child in self.state.owing
            ]
            self.state = self.state.fine(change.cell)
            self._mark(change, owing)
            return
        self.state = self.state.wrong(change.cell, change.status, change.cell)
        for child in self.graph.children(change.cell):
            self.state = self.state.owes(child)
        self._mark(Change(change.cell, rebound=change.rebound), ())

    def _mark(self, change: Change, owing: Iterable[str]) -> None:
        cell = change.cell
        for name in change.names:
            for reader in self.graph.readers(cell, name):
                if reader not in change.spared:
                    self._soil(reader, name, cell)
        for name in change.mutated:
            for reader in fellow_readers(self.graph, cell, name):
                if reader not in change.spared:
                    self._soil(reader, name, cell)
        for reader in (*owing, *change.rebound):
            self._soil(reader, "", cell)

    def _soil(self, cell: str, name: str, by: str) -> None:
        """A cell is stale for sure: it has to run."""
        self.operations += 1
        if cell not in self._origins and cell != by and cell in self.graph:
            self._dirty.setdefault(cell, {})[(name, by)] = None

    def _include(self, carried: Carried) -> None:
        """Find the stale part."""
        for cell, reasons in carried.cells.items():
            for name, by in reasons:
                self._soil(cell, name, by)
        self._add(closure(self.graph, [*self._dirty, *carried.cells], self._origins))
        for step in carried.steps:
            self.status[step.cell] = Status.RUNNING
            self._steps[step.cell] = step

    def _add(self, cells: Iterable[str]) -> None:
        for cell in self.graph.ranked(cells):
            self.status[cell] = Status.WAITING
            self._unfinished += 1
            if cell in self.state.owing:
                self._soil(cell, "", "")
        for cell, status in self.status.items():
            if status is not Status.WAITING:
                continue
            for parent in self.graph.parents(cell):
                self.operations += 1
                trouble = self.state.trouble(parent)
                if trouble is not None and self.status.get(parent) not in UNFINISHED:
                    self._trouble.setdefault(cell, trouble)

    def _reorder(self) -> None:
        """Work out the order of all that has not settled."""
        self._order = plan(self.graph, self.stale)
        self.operations += self._order.cost
        for cell, knot in self._order.knots.items():
            for name, by in tuple(self._dirty.get(cell, ())):
                for fellow in knot:
                    self._soil(fellow, name, by)
        self._queue = deque(node for node, count in self._order.waiting.items() if not count)

    # -- going on --------------------------------------------------------------------------

    def ready(self) -> tuple[Step, ...]:
        """Give the cells to start now; each is given once."""
        steps: list[Step] = []
        while self._queue:
            cell = self._queue.popleft()
            if cell not in self.status:  # entry or exit of a cycle
                self._release(cell)
            elif self.status[cell] is not Status.WAITING:
                continue
            elif cell in self._trouble:
                self._block(cell)
            elif cell not in self._dirty:
                self._finish(cell, Status.CUT)
            else:
                step = Step(cell, self.version, self.why(cell))
                self.status[cell] = Status.RUNNING
                self._steps[cell] = step
                steps.append(step)
        return tuple(steps)

    def settle(
        self,
        step: Step,
        changed: Iterable[str] = (),
        mutated: Iterable[str] = (),
        *,
        status: Status = Status.OK,
    ) -> bool:
        """Take in how a step ended; False if it was superseded, and its result is to be dropped.

        Args:
            step: what `ready` gave.
            changed: the names it bound to new values; none of them: early cutoff.
            mutated: the names of other cells' objects that it changed in place.
            status: OK, FAILED, PENDING (it lacks a name) or CUT (it didn't run after all).
        """
        cell = step.cell
        if self._steps.get(cell) != step:
            return False
        del self._steps[cell]
        if status in _FAILURES:
            self._fail(cell, status, cell)
            return True
        if status is Status.OK:
            self.state = self.state.fine(cell)
        for name in changed:
            for reader in self.graph.readers(cell, name):
                self._notify(reader, name, cell)
        self._finish(cell, status)
        for name in mutated:
            self._mutated(cell, name)
        return True

    def _mutated(self, cell: str, name: str) -> None:
        """Re-run the other readers of an object; what has run, or runs, is left alone."""
        version = (self.graph.source(cell, name) or "", name)
        if version in self._notified:
            return
        self._notified.add(version)
        fellows = fellow_readers(self.graph, cell, name)
        for reader in fellows:
            self._notify(reader, name, cell)
        new = [
            reader
            for reader in fellows
            if reader not in self.status and reader not in self._origins
        ]
        if new:  # nothing had foreseen it
            for reader in new:
                self._soil(reader, name, cell)
            self._add(closure(self.graph, new, self._origins.union(self.status)))
            self._reorder()

    def _notify(self, cell: str, name: str, by: str) -> None:
        if self.status.get(cell) is Status.WAITING:
            self._soil(cell, name, by)
            for fellow in self._order.knots.get(cell, ()):
                if self.status[fellow] is Status.WAITING:
                    self._soil(fellow, name, by)

    def _block(self, cell: str) -> None:
        trouble = self._trouble[cell]
        self.blamed[cell] = trouble.blame
        self._fail(cell, Status.BLOCKED, trouble.blame)

    def _fail(self, cell: str, status: Status, blame: str) -> None:
        self.state = self.state.wrong(cell, status, blame)
        for child in self.graph.children(cell):
            self.operations += 1
            if self.status.get(child) is Status.WAITING:
                self._trouble.setdefault(child, Trouble(status, blame))
        self._finish(cell, status)

    def _finish(self, cell: str, status: Status) -> None:
        self.status[cell] = status
        self._unfinished -= 1
        self._release(cell)

    def _release(self, node: str) -> None:
        for follower in self._order.after[node]:
            self.operations += 1
            self._order.waiting[follower] -= 1
            if not self._order.waiting[follower]:
                self._queue.append(follower)

    # -- superseding -----------------------------------------------------------------------

    def take(self, cell: str) -> Taken:
        """Hand an unfinished cell over to a run from outside: what reads from it waits for that.

        Report the run with `settle`, or with `merge` if the graph has changed.
        """
        if self.status.get(cell) not in UNFINISHED:
            return Taken(None, None)
        older = self._steps.get(cell)
        self._external += 1
        self.status[cell] = Status.RUNNING
        self._steps[cell] = Step(cell, self.version, (("", f"request {self._external}"),))
        return Taken(self._steps[cell], older)

    def carried(self, dropped: Iterable[Step]) -> Carried:
        """Give what a newer wave has to take over."""
        gone = {step.cell for step in dropped}
        steps = tuple(step for step in self.running if step.cell not in gone)
        return Carried({cell: self._dirty.get(cell, {}) for cell in self.stale}, steps)


def merge(wave: Wave, graph: Graph, changes: Iterable[Change]) -> tuple[Wave, tuple[Step, ...]]:
    """Let a newer change take over an unfinished wave; also a finished one.

    Gives the wave for both, and the running steps to cancel: those that the change makes stale
    (the new wave starts them again), and those of the changed or deleted cells themselves. Other
    running steps go on, and settle in the new wave.
    """
    changes = tuple(changes)
    origins = {change.cell for change in changes}
    running = wave.running
    reached = Wave(graph, changes, wave.state).status if running else {}
    cancelled = tuple(
        step
        for step in running
        if step.cell in reached or step.cell in origins or step.cell not in graph
    )
    state = wave.state
    for step in cancelled:
        if step.cell in graph and step.cell not in origins:
            state = state.owes(step.cell)
    version, carried = wave.version + 1, wave.carried(cancelled)
    return Wave(graph, changes, state, version=version, carried=carried), cancelled
