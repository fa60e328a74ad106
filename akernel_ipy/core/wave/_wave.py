"""The wave itself: an in-degree wave as in Observable's runtime, whose steps can be superseded."""

from __future__ import annotations

from collections.abc import Iterable

from akernel_ipy.core.graph import Graph

from ._plan import fellow_readers
from ._stale import Stale
from ._values import UNFINISHED, Change, State, Status, Step, Trouble


class Wave(Stale):
    """Which cells to run after a change, each once and after all it depends on.

    Start what `ready` gives and call `settle` when it ends, until `done`. At any time things can
    `change`, and the user can `ask` for a cell: `ready` gives it, too, once what it reads from has
    settled. Steps that a change makes stale are `superseded`, and given anew; not those that the
    user asked for: such a cell runs once more afterwards. A cell whose inputs turn out unchanged is
    cut off, one with a failed input is blocked; both without being asked for. The cost is that of
    the edges of the stale part (`operations` counts them).

    Attributes:
        graph: who reads what from whom; see `update`.
        status: the cells of the wave and what became of them.
        blamed: the blocked cells, each with the cell that is to blame.
        state: what later waves have to know.
    """

    def __init__(
        self, graph: Graph, changes: Iterable[Change] = (), state: State | None = None
    ) -> None:
        super().__init__(graph, state if state is not None else State())
        self._news: dict[str, str] = {}  # blocked cells that nobody has heard of
        self.change(*changes)

    # -- what happens outside --------------------------------------------------------------

    def update(self, graph: Graph, gone: Iterable[str] = ()) -> None:
        """Go on with a newer graph; cells that are gone leave the wave."""
        if not graph.has_edges_of(self.graph):
            self._order.upset()
        self.graph = graph
        for cell in gone:
            self._drop(cell)

    def change(self, *changes: Change) -> None:
        """Take in what happened outside of the wave."""
        self._renew()
        origins = {change.cell for change in changes}
        for change in changes:
            for reader, name in self._begin(change):
                if reader not in origins:
                    self._soil(reader, name, change.cell)
        self._spread(origins)

    def _begin(self, change: Change) -> list[tuple[str, str]]:
        """Note what became of a cell; give who is concerned, and by which names."""
        cell, graph = change.cell, self.graph
        concerned = [(reader, "") for reader in change.rebound]
        if change.status is Status.OK:
            if self.state.owing:
                concerned += [(c, "") for c in graph.children(cell) if c in self.state.owing]
            self.state = self.state.fine(cell)
        elif change.status is not None:
            self._note_failure(cell, change.status)
            return concerned
        readers = [(reader, name) for name in change.names for reader in graph.readers(cell, name)]
        for name in change.mutated:
            readers += [(reader, name) for reader in fellow_readers(graph, cell, name)]
        return [*concerned, *(found for found in readers if found[0] not in change.spared)]

    def _note_failure(self, cell: str, status: Status) -> None:
        self.state = self.state.wrong(cell, status, cell)
        for child in self.graph.children(cell):
            self.state = self.state.owes(child)

    # -- the user's requests ---------------------------------------------------------------

    def ask(self, cell: str) -> None:
        """Let a cell be run for the user: it is neither cut off nor blocked.

        A step of the cell that was given before is superseded. Withdraw or settle it before the
        same cell is asked for again.
        """
        self._renew()
        older = self._steps.pop(cell, None)
        if older is not None:
            self._superseded.append(older)
        self._asked[cell] = next(self._numbers)
        if self.status.get(cell) in UNFINISHED:
            self.status[cell] = Status.WAITING
            self._order.queue(cell)
            if self._order.gives_way(self._steps, cell):
                self._order.upset()
        elif self._unfinished:
            self._seeds.append(cell)
            self._spread(())
        else:
            self._alone = cell
            self._join(cell)
            self._order.clear(alone=cell)

    def withdraw(self, cell: str) -> None:
        """Take back what was asked for, before `ready` gave it: the cell counts as failed."""
        if cell in self._asked and self.status.get(cell) is Status.WAITING:
            self._asked.pop(cell, None)
            self._alone = None if self._alone == cell else self._alone
            self._note_failure(cell, Status.FAILED)
            self._sort()
            self._finish(cell, Status.FAILED)

    # -- going on --------------------------------------------------------------------------

    def superseded(self) -> tuple[Step, ...]:
        """Give the steps to cancel; each is given once."""
        steps, self._superseded = tuple(self._superseded), []
        return steps

    def blocked(self) -> tuple[tuple[str, str], ...]:
        """Give the cells that were blocked, with the cell to blame; each is given once."""
        found, self._news = tuple(self._news.items()), {}
        return found

    def ready(self) -> tuple[Step, ...]:
        """Give the cells to start now; each is given once."""
        steps: list[Step] = []
        self._sort()
        while (cell := self._order.pop()) is not None:
            if self.status.get(cell) is not Status.WAITING:
                continue
            if cell in self._asked:
                steps.append(self._start(cell))
            elif cell not in self._dirty:
                self._finish(cell, Status.CUT)
            elif (trouble := self._trouble(cell)) is not None:
                self._block(Step(cell, 0), trouble)
            else:
                steps.append(self._start(cell))
            self._sort()
        return tuple(steps)

    def _start(self, cell: str) -> Step:
        asked = cell in self._asked
        step = Step(cell, next(self._numbers), () if asked else self.why(cell), asked)
        self._dirty.pop(cell, None)
        self.blamed.pop(cell, None)
        self.status[cell] = Status.RUNNING
        self._steps[cell] = step
        return step

    def settle(
        self,
        step: Step,
        changed: Iterable[str] = (),
        mutated: Iterable[str] = (),
        *,
        status: Status = Status.OK,
        spared: frozenset[str] = frozenset(),
    ) -> bool:
        """Take in how a step ended; False if it was superseded, and its result is to be dropped.

        Args:
            step: what `ready` gave.
            changed: the names it bound to new values; none of them: early cutoff.
            mutated: the names of other cells' objects that it changed in place.
            status: OK, FAILED or PENDING (it lacks a name).
            spared: readers of these objects that keep what they have.
        """
        cell = step.cell
        if self._steps.get(cell) != step:
            return False
        self._sort()
        del self._steps[cell]
        self._began[cell] = step.number
        asked = self._asked.pop(cell, None)
        if self._alone == cell:
            self._alone = None
        self.status[cell] = status
        if status is Status.OK:
            change = Change(cell, tuple(changed), tuple(mutated), spared=spared)
            for reader, name in self._begin(change):
                early = asked is not None and self._began.get(reader, asked) < asked
                self._notify(reader, name, step, anew=early and name in change.mutated)
        else:
            self._note_failure(cell, status)
            for child in self.graph.children(cell) if status not in _SILENT[step.asked] else ():
                self._notify(child, "", step)
        self._end(cell, status)
        self._spread(self._done_with(step.asked))
        return True

    def _notify(self, cell: str, name: str, by: Step, *, anew: bool = False) -> None:
        """A step made a cell stale; what the wave is done with is left alone: it can't loop.

        So is what runs, unless it began before it was known that it had to wait for this step.
        """
        status = self.status.get(cell)
        held_up = status is not Status.RUNNING or self._order.waits(cell)
        if anew or (status not in _DONE_WITH[by.asked] and held_up):
            self._soil(cell, name, by.cell)

    def _done_with(self, asked: bool) -> list[str]:
        if not self._seeds:
            return []
        return [cell for cell, status in self.status.items() if status in _DONE_WITH[asked]]

    def _end(self, cell: str, status: Status) -> None:
        """Let the readers of a cell go on, or let it wait: there is news for it, or may be."""
        if cell in self._dirty or self._order.waits(cell):
            self.status[cell] = Status.WAITING
            self._order.queue(cell)
        else:
            self._finish(cell, status)

    def _trouble(self, cell: str) -> Trouble | None:
        """Give what is wrong with the inputs of a cell whose turn has come."""
        for parent in self.graph.parents(cell) if self.state.troubled else ():
            self._order.operations += 1
            trouble = self.state.trouble(parent)
            if trouble is not None and self.status.get(parent) not in UNFINISHED:
                return trouble
        return None

    def _block(self, step: Step, trouble: Trouble) -> None:
        cell = step.cell
        self.blamed[cell] = self._news[cell] = trouble.blame
        self.state = self.state.wrong(cell, Status.BLOCKED, trouble.blame)
        for child in self.graph.children(cell):
            self.state = self.state.owes(child)
            self._notify(child, "", step)
        self._finish(cell, Status.BLOCKED)
        self._spread(self._done_with(False))


#: Failures that tell the readers nothing: of a step of the wave, and of one that was asked for.
_SILENT: dict[bool, tuple[Status, ...]] = {False: (), True: (Status.FAILED,)}

#: Cells that a step of the wave, and one that the user asked for, give no second turn.
_DONE_WITH: dict[bool, tuple[Status, ...]] = {
    False: (Status.OK, Status.CUT, Status.FAILED, Status.PENDING, Status.BLOCKED),
    True: (Status.OK, Status.FAILED, Status.PENDING),
}
