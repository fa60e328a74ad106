"""In which order the stale cells can run, and how far that has got."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Container, Iterable, Mapping

from akernel_ipy.core.graph import Graph

from ._plan import Plan, plan


class Order:
    """Counts for each unfinished cell what it waits for, and queues those that wait for nothing.

    The plan is made when it is needed, after something has `upset` it.

    Attributes:
        operations: the edges looked at so far.
    """

    def __init__(self) -> None:
        self.operations = 0
        self._plan: Plan | None = Plan()
        self._queue: deque[str] = deque()

    @property
    def known(self) -> bool:
        """Whether there is a plan."""
        return self._plan is not None

    def upset(self) -> None:
        """The cells, their edges or what is asked for have changed."""
        self._plan = None

    def clear(self, alone: str | None = None) -> None:
        """Begin with nothing, or with a cell that stands alone."""
        cells = [alone] if alone is not None else []
        self._plan = Plan({cell: [] for cell in cells}, dict.fromkeys(cells, 0))
        self._queue = deque(cells)

    def make(
        self,
        graph: Graph,
        stale: Iterable[str],
        begun: Collection[str],
        asked: Container[str],
    ) -> Mapping[str, tuple[str, ...]]:
        """Make a new plan; give the cycles in it, by cell."""
        made = self._plan = plan(graph, stale, begun, asked)
        self.operations += made.cost
        self._queue = deque()
        for node in [node for node, count in made.waiting.items() if not count]:
            self._free(node)
        return made.knots

    def fellows(self, cell: str) -> tuple[str, ...]:
        """Give the cells on the cycle of a cell, that one included."""
        return self._plan.knots.get(cell, ()) if self._plan is not None else ()

    def waits(self, cell: str) -> bool:
        """Whether a cell has to wait for others; False if there is no plan."""
        return self._plan is not None and bool(self._plan.waiting[cell])

    def gives_way(self, running: Iterable[str], cell: str) -> bool:
        """Whether a cell comes after one of these only so that the order is that of the text."""
        soft = self._plan.soft if self._plan is not None else {}
        return any(cell in soft.get(other, ()) for other in running)

    def needed(self, cells: Iterable[str]) -> set[str]:
        """Give these cells and all that they wait for."""
        before: dict[str, list[str]] = {}
        for node, followers in self._plan.after.items() if self._plan is not None else ():
            for follower in followers:
                before.setdefault(follower, []).append(node)
        todo = list(cells)
        found = set(todo)
        while todo:
            new = [node for node in before.get(todo.pop(), ()) if node not in found]
            found.update(new)
            todo += new
        return found

    def queue(self, cell: str) -> None:
        """Let a cell have its turn, if it waits for nothing."""
        if self._plan is not None and not self._plan.waiting[cell]:
            self._queue.append(cell)

    def pop(self) -> str | None:
        """Give the next cell that waits for nothing; perhaps one that has had its turn."""
        return self._queue.popleft() if self._queue else None

    def release(self, node: str) -> None:
        """Let go on what waits for this one."""
        for follower in self._plan.after[node] if self._plan is not None else ():
            assert self._plan is not None
            self.operations += 1
            self._plan.waiting[follower] -= 1
            if not self._plan.waiting[follower]:
                self._free(follower)

    def _free(self, node: str) -> None:
        if node.startswith("\0"):  # the entry or exit of a cycle
            self.release(node)
        else:
            self._queue.append(node)
