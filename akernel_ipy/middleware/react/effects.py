"""What a run did: which names it gave new values, which objects it changed in place."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import FunctionType
from typing import Any

from ...core.bytecode import globals_of
from ...core.names import ordinary
from ...core.reactions import Before, changes, look
from ...core.wave import fellow_readers
from .book import Book
from .cells import Cell
from .sources import Sources

_ABSENT = object()


@dataclass(frozen=True)
class Found:
    """What a run changed: names of its own, objects of others, and cells to run in any case."""

    changed: tuple[str, ...] = ()
    mutated: tuple[str, ...] = ()
    rebound: tuple[str, ...] = ()


NOTHING = Found()


@dataclass(frozen=True)
class Sight:
    """What is to be known of the namespace before a cell runs."""

    before: Before
    #: The namespace, if the cell may bind names that its text doesn't show.
    namespace: dict[str, Any] | None


class Effects:
    """Looks at the namespace before and after a run."""

    def __init__(self, book: Book, sources: Sources) -> None:
        self._book, self._sources = book, sources
        self._evaluations = 0

    def look(self, cell_id: str, made: Mapping[str, Any], *, moved: bool) -> Sight:
        """Note what there is before a cell runs, and what it has made of its names."""
        book = self._book
        names, namespace = book.names(cell_id), book.namespace
        free = names.opaque or any(_sets_globals(namespace.get(n)) for n in names.immediate)
        before = look(book.graph, cell_id, namespace, made, moved=moved)
        return Sight(before, dict(namespace) if free else None)

    def count(self, cell: Cell) -> None:
        """Note that a cell ran, and watch what it may have bound."""
        cell.run.state.ended = time.monotonic()
        self._evaluations += 1
        cell.runs, cell.ran = cell.runs + 1, self._evaluations
        self._sources.watch(self._book.names(cell.id).defs)

    def found(self, cell_id: str, sight: Sight, *, unknown_changed: bool = True) -> Found:
        """Compare with what was there before the run; take what is new into the graph."""
        book = self._book
        changed, mutated = changes(
            book.graph, cell_id, book.namespace, sight.before, unknown_changed=unknown_changed
        )
        self._note_mutations(cell_id, mutated)
        found, rebound = self._discover(cell_id, sight.namespace)
        return Found((*changed, *found), mutated, rebound)

    def spared(self, cell: Cell, found: Found) -> frozenset[str]:
        """The readers of objects that the user's cell changed in place which aren't re-run for it.

        In a notebook that is run from top to bottom a reader keeps what it showed: it ran in the
        same go, see `Batches`; clients that name no cells always go so.
        """
        graph, cells = self._book.graph, self._book.cells
        if not found.mutated or not graph.linear:
            return frozenset()
        readers = {r for name in found.mutated for r in fellow_readers(graph, cell.id, name)}
        readers -= {r for name in found.changed for r in graph.readers(cell.id, name)}
        if cell.run.request.cell_id is None:
            return frozenset(readers)
        began = cell.run.state.batch
        return frozenset(r for r in readers if cells[r].run.state.ended >= began)

    def _note_mutations(self, cell_id: str, mutated: tuple[str, ...]) -> None:
        """Remember what only a run could tell: the next mutator must not re-run this one."""
        book = self._book
        names = book.names(cell_id)
        if not names.mutates.issuperset(mutated):
            wider = replace(names, mutates=names.mutates.union(mutated))
            book.wave.update(book.graph.update(cell_id, wider).graph)

    def _discover(
        self, cell_id: str, seen: dict[str, Any] | None
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Find names that a run bound through ``exec``, ``%run``, star imports or functions.

        Returns:
            The names that are now the cell's, and the cells that read others which it rebound.
        """
        if seen is None:
            return (), ()
        graph, names, namespace = self._book.graph, self._book.names(cell_id), self._book.namespace
        bound = sorted(
            n
            for n, value in namespace.items()
            if seen.get(n, _ABSENT) is not value and ordinary(n) and n not in names.defs
        )
        rebound: list[str] = []
        for name in bound:
            owner = graph.owner(name)
            if owner is not None:
                readers = graph.readers(owner, name)
                rebound += [reader for reader in readers if reader not in (cell_id, owner)]
        own = tuple(name for name in bound if graph.owner(name) is None)
        if own:
            wider = replace(names, defs=names.defs.union(own), writes=names.writes.union(own))
            update = graph.update(cell_id, wider)
            self._book.wave.update(update.graph)
            rebound += update.rebound
        return own, tuple(rebound)


def _sets_globals(value: Any) -> bool:
    """Whether calling a value may bind names of the notebook: a function with ``global``."""
    return isinstance(value, FunctionType) and bool(globals_of(value.__code__).stores)
