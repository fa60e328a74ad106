"""Values of older definitions: two cells define one name, and each has its readers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...core.graph import Graph

_ABSENT = object()


class OlderValues:
    """Keeps what a name held for the readers of an older definer, and puts it back for them.

    A namespace has one slot a name. Between runs it holds the value of the name's owner; `enter`
    puts in what a cell is to see when it runs, `leave` puts the owner's value back. Only values
    that somebody may read again are kept.
    """

    def __init__(self, namespace: Callable[[], dict[str, Any]]) -> None:
        self._namespace = namespace
        self._kept: dict[tuple[str, str], Any] = {}
        #: Which cell's value a name's slot holds, of names with several definers.
        self._holder: dict[str, str] = {}

    def forget(self, cell: str) -> None:
        """Drop what is kept of a cell: it is gone."""
        for key in [key for key in self._kept if key[0] == cell]:
            del self._kept[key]

    def enter(self, graph: Graph, cell: str, before: Graph | None = None) -> bool:
        """Let a cell that is about to run see the values that it reads.

        Args:
            graph: the graph with the cell.
            cell: the cell.
            before: the graph before this run, if the run changes it.

        Returns:
            False if that can't be done: a value is gone, or the cell awaits, and others would see
            the older value meanwhile. The namespace is as it was then.
        """
        names, namespace = graph.names(cell), self._namespace()
        wanted = {n: cell for n in names.defs - names.reads if len(graph.definers(n)) > 1}
        wanted.update(
            (n, source) for n, source in graph.displaced(cell) if len(graph.definers(n)) > 1
        )
        moves: list[tuple[str, str]] = []
        for name, source in sorted(wanted.items()):
            holder = self._holder.get(name) or (before or graph).owner(name) or source
            self._holder[name] = holder
            if holder == source:
                continue
            if name in names.reads and (names.awaits or (source, name) not in self._kept):
                return False
            moves.append((name, source))
        for name, source in moves:
            self._put(name, source, namespace)
        return True

    def leave(self, graph: Graph, cell: str) -> None:
        """A cell has run: keep what it made of older names, and put the owners' values back."""
        namespace = self._namespace()
        for name in graph.names(cell).defs:
            if len(graph.definers(name)) > 1:
                self._holder[name] = cell
        for name, holder in sorted(self._holder.items()):
            owner = graph.owner(name)
            if owner is None or len(graph.definers(name)) < 2:
                del self._holder[name]
            elif owner != holder and (owner, name) in self._kept:
                self._put(name, owner, namespace)
        self._purge(graph)

    def _put(self, name: str, source: str, namespace: dict[str, Any]) -> None:
        if name in namespace:
            self._kept[self._holder[name], name] = namespace[name]
        value = self._kept.pop((source, name), _ABSENT)
        if value is not _ABSENT:
            namespace[name] = value
        self._holder[name] = source

    def _purge(self, graph: Graph) -> None:
        for cell, name in list(self._kept):
            if not graph.readers(cell, name) and graph.owner(name) != cell:
                del self._kept[cell, name]
