"""What the reactive flavour remembers of each cell."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import Literal

from ...core.model import Request, Run, RunState

CellStatus = Literal["fresh", "running", "stale", "pending", "failed", "blocked"]


@dataclass(eq=False)
class Cell:
    """A cell that the user ran, with the run that its outputs are shown under."""

    id: str
    run: Run
    source: str
    status: CellStatus = "fresh"
    #: Names it waits for, if it is pending.
    waits_for: tuple[str, ...] = ()
    #: The changed names that made it run last, each with the cell it came from; empty: the user.
    because: tuple[tuple[str, str], ...] = ()
    #: It ran last because an object was changed in place: what it had made may have changed, too.
    moved: bool = False
    #: The cell to blame, if it is blocked.
    blame: str | None = None
    #: Names that the user's run takes from an older definition, and that it would redefine else
    #: from its own value.
    anew: frozenset[str] = frozenset()
    #: How many times it ran.
    runs: int = 0
    #: Place of its latest evaluation among all of the session; 0 if it never ran.
    ran: int = 0
    #: Held by the evaluation that is under way.
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    #: The run whose outputs it shows.
    shown_by: Run | None = None

    def __post_init__(self) -> None:
        self.shown_by = self.run

    def succeed(self, older: Cell) -> None:
        """Take the place of the same cell as it was run before."""
        self.lock, self.runs, self.ran = older.lock, older.runs, older.ran

    @property
    def showed(self) -> bool:
        """Whether its last run showed anything."""
        run = self.shown_by
        return run is not None and run.request.message["header"].outputs > 0

    @property
    def label(self) -> str:
        """Name the cell for people: ``In [3]``."""
        return f"In [{self.run.count}]"

    @property
    def typed(self) -> bool:
        """Whether somebody typed it at a prompt: it can't be edited, run again or deleted."""
        request = self.run.request
        return request.cell_id is None and request.allow_stdin

    def rerun(self, cause: Run | None) -> Run:
        """A run of the same code, shown where the cell's own run is shown."""
        request = self.run.request
        message = {**request.message, "header": request.message["header"].fresh(keep=True)}
        count = self.run.count
        state = RunState(
            count=count,
            execution_count=count + 1,
            source=self.source,
            display_id=self.run.state.display_id,
            rerun=True,
        )
        silent_request = replace(request, message=message, store_history=False, user_expressions={})
        return Run(silent_request, self.run.number, cause, state)


def cell_id_of(request: Request, number: int) -> str:
    """The cell of a request; clients that name none have a new cell each time."""
    return request.cell_id if request.cell_id is not None else f"run {number}"
