"""What the parts of the reactive middleware share: the cells, the graph, the wave."""

from __future__ import annotations

import builtins
from collections import ChainMap
from typing import Any

from ...core.graph import Graph
from ...core.model import Run
from ...core.names import Names
from ...core.reactions import unbound
from ...core.wave import Wave
from .cells import Cell
from .host import Host, Outputs
from .older import OlderValues


class Book:
    """The cells of a session, who reads from whom, and what is under way."""

    def __init__(self, host: Host, redefinition: str) -> None:
        self.host = host
        self.redefinition = redefinition
        self.wave = Wave(Graph(linear=redefinition == "linear"))
        self.cells: dict[str, Cell] = {}
        self.older = OlderValues(lambda: self.namespace)
        #: What was typed at a prompt and only shows something, by its code.
        self.views: dict[str, str] = {}
        #: Names whose last definer was deleted, with that cell's label.
        self.gone: dict[str, str] = {}
        #: Stale cells are marked, and not run.
        self.lazy = False
        #: The user's runs that have not replied yet.
        self.unanswered: dict[Run, None] = {}

    def clear(self) -> None:
        """Forget all cells."""
        self.cells.clear()
        self.gone.clear()
        self.views.clear()
        self.wave = Wave(Graph(linear=self.graph.linear))
        self.older = OlderValues(lambda: self.namespace)

    @property
    def graph(self) -> Graph:
        """Who reads what from whom."""
        return self.wave.graph

    @property
    def listener(self) -> Run | None:
        """The newest run whose client still waits for its reply: it hears of other cells, too."""
        return next(reversed(self.unanswered), None)

    @property
    def namespace(self) -> dict[str, Any]:
        """The namespace that the cells run in."""
        namespace: dict[str, Any] = self.host.shell.user_ns
        return namespace

    @property
    def outputs(self) -> Outputs:
        """Shows and replaces what cells show."""
        return self.host.outputs

    def label(self, cell_id: str, run: Run, own: str = "") -> str:
        """Name a cell for people; the cell ``own`` goes by its run."""
        cell = self.cells.get(cell_id)
        return cell.label if cell is not None and cell_id != own else f"In [{run.count}]"

    def names(self, cell_id: str) -> Names:
        """Give the names of a cell."""
        return self.graph.names(cell_id)

    def missing(self, cell_id: str) -> tuple[str, ...]:
        """Give the names that keep a cell from running."""
        known = ChainMap(self.namespace, vars(builtins))
        return unbound(self.names(cell_id), self.graph.unmet(cell_id, known), known)

    def pend(self, cell: Cell, missing: tuple[str, ...]) -> None:
        """Let a cell wait for names; nobody shall go on computing with its old values."""
        cell.status, cell.waits_for = "pending", missing
        self.older.withdraw(self.graph, cell.id)

    def show_pending(self, cell: Cell, run: Run) -> None:
        """Show what a pending cell waits for."""
        waits = {name: self.gone.get(name, "") for name in cell.waits_for}
        self.outputs.pending(run, waits, self.listener if run.state.rerun else None)
