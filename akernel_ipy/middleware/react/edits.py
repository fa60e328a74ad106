"""Edits of the graph: cells that come, change and go, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.errors import CycleError, RedefinitionError
from ...core.graph import Update
from ...core.model import Run
from ...core.names import Names, same_code
from ...core.wave import Change
from .book import Book
from .cells import Cell


class Edits:
    """Takes cells into the graph and out of it; names that nobody defines any more are unbound."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._deleted: Any = None

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

    def enter(self, cell_id: str, run: Run, update: Update) -> tuple[Cell, bool]:
        """Take the cell into the graph; False with it if only its comments or layout changed."""
        book = self._book
        source, old = run.state.source, book.cells.get(cell_id)
        edited = old is None or old.source == source or not same_code(old.source, source)
        before, book.graph = book.graph, update.graph
        book.older.enter(book.graph, cell_id, before)
        self._unbind(update)
        cell = Cell(cell_id, run, source)
        if old is not None:
            cell.idle, cell.free, cell.runs, cell.ran = old.idle, old.free, old.runs, old.ran
        book.cells[cell_id] = cell
        return cell, edited

    def forget_deleted(self, run: Run) -> list[Change]:
        """Take JupyterLab's hint; it also names cells that came back, or are about to run."""
        book = self._book
        metadata: Mapping[str, Any] = run.request.message.get("metadata") or {}
        deleted = metadata.get("deletedCells")
        if not isinstance(deleted, list) or not deleted or deleted == self._deleted:
            # JupyterLab's Run All repeats the list in every request of the batch.
            self._deleted = deleted
            return []
        self._deleted = deleted
        coming = {run.request.cell_id, *book.host.expected()}
        rebound: list[str] = []
        for cell_id in deleted:
            if cell_id in coming or cell_id not in book.cells:
                continue
            update = book.graph.update(cell_id, None)
            book.graph = update.graph
            self._unbind(update)
            rebound += [*update.rebound, *(cell for _, cell in update.revived)]
            del book.cells[cell_id]
            book.older.forget(cell_id)
        return [Change("", rebound=tuple(rebound))] if rebound else []

    def _unbind(self, update: Update) -> None:
        for name in update.vanished:
            self._book.namespace.pop(name, None)


def revived(update: Update) -> list[Change]:
    """Give what runs because the cell no longer defines a name that an older cell defines too."""
    older = {cell: None for _, cell in update.revived}
    return [Change("", rebound=tuple(older))] if older else []
