"""The stale part of a graph: which cells may have to run, and which surely have to."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import count

from akernel_ipy.core.graph import Graph

from ._order import Order
from ._plan import closure
from ._values import UNFINISHED, State, Status, Step

Reasons = dict[tuple[str, str], None]


class Stale:
    """What is known of the cells of a wave.

    A cell joins the wave when it may become stale, with all that may then. It is *dirty* when it is
    stale for sure.
    """

    def __init__(self, graph: Graph, state: State) -> None:
        self.graph = graph
        self.state = state
        self.status: dict[str, Status] = {}
        self.blamed: dict[str, str] = {}
        self._order = Order()
        self._dirty: dict[str, Reasons] = {}
        self._steps: dict[str, Step] = {}
        self._asked: dict[str, int] = {}  # what the user asked for, and when
        self._began: dict[str, int] = {}  # when cells that have settled in this wave began
        self._superseded: list[Step] = []
        self._seeds: list[str] = []  # dirty cells whose readers have not joined
        self._alone: str | None = None  # the only cell of the wave, if its readers have not joined
        self._unfinished = 0
        self._numbers = count(1)

    # -- questions -------------------------------------------------------------------------

    @property
    def operations(self) -> int:
        """The edges looked at so far."""
        return self._order.operations

    @property
    def stale(self) -> tuple[str, ...]:
        """The cells that have not run yet, or are running."""
        if self.done:
            return ()
        return tuple(cell for cell, status in self.status.items() if status in UNFINISHED)

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

    def needed(self, cells: Iterable[str]) -> set[str]:
        """Give these cells and the unfinished ones that they wait for."""
        self._sort()
        return self._order.needed(cells)

    def reach(self, cells: Iterable[str]) -> set[str]:
        """Give these cells and all that may become stale with them."""
        return set(closure(self.graph, cells, frozenset()))

    # -- joining and leaving ---------------------------------------------------------------

    def _renew(self) -> None:
        """Begin a new wave once the old one is done."""
        if self.done:
            self.status.clear()
            self.blamed.clear()
            self._dirty.clear()
            self._began.clear()
            self._order.clear()

    def _spread(self, exclude: Collection[str]) -> None:
        """Let new stale cells join, and all that may become stale with them."""
        if not self._seeds:
            return
        seeds, self._seeds = self._seeds, []
        if self._alone is not None:
            seeds.append(self._alone)
            self._alone = None
        exclude = frozenset(exclude).difference(seeds)
        for cell in self.graph.ranked(closure(self.graph, seeds, exclude)):
            if self.status.get(cell) not in UNFINISHED:
                self._join(cell)

    def _join(self, cell: str) -> None:
        self.status[cell] = Status.WAITING
        self._unfinished += 1
        self._order.upset()
        if cell in self.state.owing and cell not in self._asked:
            self._dirty.setdefault(cell, {})["", ""] = None

    def _finish(self, cell: str, status: Status) -> None:
        self.status[cell] = status
        self._unfinished -= 1
        self._order.release(cell)

    def _drop(self, cell: str) -> None:
        """Forget a cell: it is gone."""
        self._order.upset()
        step = self._steps.pop(cell, None)
        if step is not None:
            self._superseded.append(step)
        if self.status.pop(cell, None) in UNFINISHED:
            self._unfinished -= 1
        self._asked.pop(cell, None)
        self._dirty.pop(cell, None)
        self.blamed.pop(cell, None)
        self.state = self.state.fine(cell)
        if self._alone == cell:
            self._alone = None

    # -- what has to run -------------------------------------------------------------------

    def _soil(self, cell: str, name: str, by: str) -> None:
        """A cell is stale for sure: it has to run."""
        self._order.operations += 1
        if cell == by or cell not in self.graph:
            return
        self._dirty.setdefault(cell, {})[name, by] = None
        step = self._steps.get(cell)
        if step is not None and cell not in self._asked:
            self._supersede(step)
        elif self.status.get(cell) not in UNFINISHED:
            self._seeds.append(cell)
        self._soil_fellows(cell, name, by)

    def _soil_fellows(self, cell: str, name: str, by: str) -> None:
        """What makes a cell stale makes all on its cycle stale."""
        for fellow in self._order.fellows(cell):
            if self.status.get(fellow) is Status.WAITING:
                self._dirty.setdefault(fellow, {})[name, by] = None

    def _supersede(self, step: Step) -> None:
        cell = step.cell
        self._superseded.append(self._steps.pop(cell))
        self._dirty[cell] = {**dict.fromkeys(step.because), **self._dirty[cell]}
        self.status[cell] = Status.WAITING
        self._order.queue(cell)

    def _sort(self) -> None:
        """Work out the order of all that has not settled, if something has changed it."""
        if self._order.known:
            return
        for cell in self._order.make(self.graph, self.stale, self._steps, self._asked):
            for name, by in tuple(self._dirty.get(cell, ())):
                self._soil_fellows(cell, name, by)
