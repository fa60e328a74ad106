"""Edits of the graph: cells that come, change and go, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.errors import CycleError, RedefinitionError
from ...core.graph import NOBODY, Graph, Update
from ...core.model import Run
from ...core.names import Names, same_code
from ...core.wave import Change
from .batches import BATCH, sent
from .book import Book
from .cells import Cell
from .waves import Waves


class Edits:
    """Takes cells into the graph and out of it."""

    def __init__(self, book: Book, waves: Waves) -> None:
        self._book, self._waves = book, waves
        self._reported: list[Any] = []
        self._reported_at: float | None = None
        #: The newest run that said of a cell that it was deleted.
        self._deleted_by: dict[str, int] = {}

    def anew(self, cell_id: str) -> frozenset[str]:
        """Give the names that a cell which the user runs reads from where it did, not the owner.

        The user ran that definer after those that have redefined its value, this cell included, as
        a second Run All does: what a wave has made of them since doesn't count.
        """
        graph, cells = self._book.graph, self._book.cells
        names = set[str]()
        for name, source in graph.displaced(cell_id):
            definers = [cell for cell in graph.definers(name) if cell in cells]
            if source in definers:
                since = definers[definers.index(source) :]
                if max(since, key=lambda cell: cells[cell].run.number) == source:
                    names.add(name)
        return frozenset(names)

    def refuse(self, cell_id: str, names: Names, update: Update, run: Run) -> Exception | None:
        """Give the error of an update that can't be."""
        book = self._book
        if update.cycle is not None:
            steps = ", ".join(
                f"{book.label(edge.child, run, cell_id)} reads {', '.join(edge.names)} "
                f"from {book.label(edge.parent, run, cell_id)}"
                for edge in update.cycle.edges
            )
            return CycleError(f"this cell closes a cycle: {steps}; break it in one of them")
        if book.redefinition == "error":
            for name, owner in book.graph.clashes(cell_id, names).items():
                return RedefinitionError(
                    f"`{name}` is defined by {book.label(owner, run)} too; "
                    "delete one of the definitions or rename it"
                )
        return None

    def enter(self, cell_id: str, run: Run, update: Update) -> tuple[Cell, bool, list[str]]:
        """Take a cell into the graph.

        Returns:
            The cell; False if only its comments or layout changed; the cells that this concerns.
        """
        book = self._book
        source, old = run.state.source, book.cells.get(cell_id)
        edited = old is None or old.source == source or not same_code(old.source, source)
        cell = book.cells[cell_id] = Cell(cell_id, run, source)
        if old is not None:
            cell.succeed(old)
        before = book.graph
        book.wave.update(update.graph)
        for name in book.names(cell_id).defs:
            book.gone.pop(name, None)
        return cell, edited, [cell_id, *self._take_effect(cell_id, before, update)]

    def _take_effect(self, cell_id: str, before: Graph, update: Update) -> list[str]:
        """Let an edit take effect on values and readers; give the cells that have to run."""
        if update.graph is before:
            return []
        book = self._book
        old, new = before.names(cell_id), update.graph.names(cell_id)
        names = sorted(old.defs | old.reads | new.defs | new.reads)
        lost = book.older.move(before, update, cell_id, names)
        again = [c for c in dict.fromkeys(lost) if c in book.cells and c != cell_id]
        again = [c for c in again if book.cells[c].status == "fresh"]
        book.wave.change(
            Change(cell_id, rebound=self._unsettled(before, update), status=None),
            Change("", rebound=tuple(again), status=None),
        )
        return [*update.rebound, *again]

    def _unsettled(self, before: Graph, update: Update) -> tuple[str, ...]:
        """Give the readers that run in any case, whatever the cell binds.

        A name that was bound without any cell's doing, as ``asyncio`` is, may get the same value.
        """
        after, namespace = update.graph, self._book.namespace

        def had_a_value(reader: str, name: str) -> bool:
            return before.source(reader, name) is None and name in namespace

        return tuple(
            reader
            for reader in update.rebound
            if not all(
                had_a_value(reader, name)
                for name, source in after.sources(reader).items()
                if source != (before.source(reader, name) or NOBODY)
            )
        )

    # -- deletions -------------------------------------------------------------------------

    def delete(self, run: Run) -> list[str]:
        """Take out the cells that JupyterLab says were deleted; give those that this concerns.

        It also names cells that came back, or are about to run.
        """
        concerned: list[str] = []
        reported = self._reported_by(run)
        coming = {run.request.cell_id, *self._book.host.expected()} if reported else set()
        for cell_id in reported:
            if cell_id not in coming:
                self._deleted_by[cell_id] = run.number
                if cell_id in self._book.cells:
                    concerned += self.take_out(cell_id)
                    self._waves.drive()
        return concerned

    def is_gone(self, cell_id: str, run: Run) -> bool:
        """Whether a cell was deleted after a request to run it."""
        return self._deleted_by.get(cell_id, 0) > run.number

    def take_out(self, cell_id: str) -> list[str]:
        """Take a cell out of the graph; give the cells that this concerns."""
        book = self._book
        before, update = book.graph, book.graph.update(cell_id, None)
        label = book.cells.pop(cell_id).label
        self._waves.delete(cell_id, update.graph)
        concerned = self._take_effect(cell_id, before, update)
        for name in update.vanished:
            if book.graph.owner(name) is None:
                book.gone[name] = label
        return concerned

    def _reported_by(self, run: Run) -> list[str]:
        """Give the deleted cells that a request tells of, once.

        All requests of JupyterLab's Run All tell of the same cells; another list that is equal
        tells of cells that came back and were deleted again.
        """
        metadata: Mapping[str, Any] = run.request.message.get("metadata") or {}
        reported = metadata.get("deletedCells")
        reported = reported if isinstance(reported, list) else []
        at, before = sent(run), self._reported_at
        soon = at is None or before is None or at - before < BATCH
        again = soon and reported == self._reported
        self._reported, self._reported_at = reported, at
        return [] if again else [cell for cell in reported if isinstance(cell, str)]
