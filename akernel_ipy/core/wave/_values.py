"""The values a wave takes and gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from akernel_ipy.core.graph import Map


class Status(Enum):
    """What became of a cell in a wave."""

    WAITING = "waiting"
    RUNNING = "running"
    OK = "ok"
    CUT = "cut off"  # nothing that it reads changed
    FAILED = "failed"
    PENDING = "pending"
    BLOCKED = "blocked"  # something it reads failed, or is pending


#: The cells in these states keep a wave going.
UNFINISHED = (Status.WAITING, Status.RUNNING)


@dataclass(frozen=True, slots=True)
class Change:
    """Something happened outside of the wave: a cell ran, was edited or deleted, a value moved.

    Attributes:
        cell: the cell, which the wave doesn't run for this.
        names: the names it bound anew (all its defs, or those whose values differ).
        mutated: names of other cells' objects that it changed in place.
        spared: readers of these names and objects that keep what they have.
        rebound: cells to run in any case: `Update.rebound`, an edit's readers.
        status: OK, FAILED or PENDING; None if the cell has not run.
    """

    cell: str
    names: tuple[str, ...] = ()
    mutated: tuple[str, ...] = ()
    rebound: tuple[str, ...] = ()
    status: Status | None = Status.OK
    spared: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Step:
    """Run this cell now.

    Attributes:
        cell: the cell.
        number: tells the step from others of the same cell.
        because: the changed names that made it stale, with the cells they came from.
        asked: the user asked for this run.
    """

    cell: str
    number: int
    because: tuple[tuple[str, str], ...] = ()
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a cell's values are not up to date, and which cell is to blame (perhaps itself)."""

    status: Status
    blame: str


@dataclass(frozen=True, slots=True)
class State:
    """What outlives a wave: cells in trouble, and cells that owe a run.

    A cell *owes* a run if it was stale and didn't run: blocked or pending, or if it reads from a
    cell that failed.
    """

    troubled: Map[str, Trouble] = field(default_factory=Map)
    owing: Map[str, bool] = field(default_factory=Map)

    def trouble(self, cell: str) -> Trouble | None:
        """Give what is wrong with a cell, if anything."""
        return self.troubled.get(cell)

    def fine(self, cell: str) -> State:
        """Note that a cell ran, or is gone."""
        return State(self.troubled.without(cell), self.owing.without(cell))

    def wrong(self, cell: str, status: Status, blame: str) -> State:
        """Note that a cell failed, is pending, or is blocked by another one."""
        return self.owes(cell, Trouble(status, blame))

    def owes(self, cell: str, trouble: Trouble | None = None) -> State:
        """Note that a cell is stale and has not run."""
        troubled = self.troubled if trouble is None else self.troubled.set(cell, trouble)
        return State(troubled, self.owing.set(cell, True))
