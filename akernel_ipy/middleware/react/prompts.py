"""Inputs of prompts, such as the console's: nobody can run one again, edit it or delete it."""

from __future__ import annotations

from collections.abc import Callable

from ...core.names import Names
from ...core.wave import UNFINISHED
from .book import Book
from .cells import Cell


class Prompts:
    """Forgets inputs that later ones have replaced: each of them would be a cell for good.

    An input is replaced when all names that it defines have been defined again at a prompt, and no
    cell reads what it made of them; and one that only shows something, when it is typed again.

    Args:
        book: the cells.
        delete: takes a cell out.
    """

    def __init__(self, book: Book, delete: Callable[[str], object]) -> None:
        self._book, self._delete = book, delete

    def forget_replaced(self, cell: Cell) -> None:
        """An input has been run: forget those that it replaces, and what only they have read."""
        book = self._book
        if not cell.typed or cell.id not in book.graph:
            return
        names, todo = book.names(cell.id), list[str]()
        for name in sorted(names.defs):
            todo += reversed(book.graph.definers(name)[:-1])
        if _only_shows(names):
            older = book.views.get(cell.source, cell.id)
            book.views[cell.source] = cell.id
            if older != cell.id and self._may_go(older):
                todo += self._forget(older)
        while todo:
            if self._is_replaced(definer := todo.pop()):
                todo += self._forget(definer)

    def _forget(self, cell_id: str) -> tuple[str, ...]:
        parents = self._book.graph.parents(cell_id)
        self._delete(cell_id)
        return parents

    def _is_replaced(self, cell_id: str) -> bool:
        graph = self._book.graph
        defs = graph.names(cell_id).defs
        return (
            bool(defs)
            and all(self._has_been_typed(graph.owner(n)) for n in defs)
            and not any(graph.owner(n) == cell_id or graph.is_read(cell_id, n) for n in defs)
            and self._may_go(cell_id)
        )

    def _has_been_typed(self, cell_id: str | None) -> bool:
        cell = self._book.cells.get(cell_id or "")
        return cell is not None and cell.typed

    def _may_go(self, cell_id: str) -> bool:
        """Whether a cell is an input that does not run, nor is about to."""
        cell, wave = self._book.cells.get(cell_id), self._book.wave
        if cell is None or not cell.typed or cell.run in self._book.unanswered:
            return False
        return wave.status.get(cell_id) not in UNFINISHED


def _only_shows(names: Names) -> bool:
    return not (names.defs or names.mutates or names.deletes or names.opaque)
