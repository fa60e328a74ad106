"""Values of older definitions: two cells define one name, and each has its readers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ...core.graph import Graph

_ABSENT = object()


@dataclass
class Swap:
    """What the namespace holds for everybody else, while a cell runs on older values."""

    saved: dict[str, Any] = field(default_factory=dict)
    own: tuple[str, ...] = ()


class OlderValues:
    """Keeps what a name held for the readers of an older definer, and puts it back for them.

    A namespace has one slot a name, and it holds the newest definer's value. Only values that have
    readers left are kept.
    """

    def __init__(self, namespace: Callable[[], dict[str, Any]]) -> None:
        self._namespace = namespace
        self._kept: dict[tuple[str, str], Any] = {}

    def take_over(self, graph: Graph, cell: str, before: Graph) -> None:
        """A cell is about to define names anew: keep what they hold, for who goes on reading it."""
        self.forget(cell)
        namespace = self._namespace()
        for name in graph.names(cell).defs:
            owner = before.owner(name)
            if owner not in (None, cell) and name in namespace and graph.readers(owner, name):
                self._kept[owner or "", name] = namespace[name]

    def forget(self, cell: str) -> None:
        """Drop what is kept of a cell: it runs again, or is gone."""
        for key in [key for key in self._kept if key[0] == cell]:
            del self._kept[key]

    def enter(self, graph: Graph, cell: str) -> Swap | None:
        """Let a cell that re-runs see the values it had read; None if that can't be done.

        It can't if the value is gone, or if the cell awaits: others would see it meanwhile.
        """
        displaced = graph.displaced(cell)
        names = graph.names(cell)
        own = tuple(n for n in sorted(names.defs) if graph.owner(n) not in (cell, None))
        if not displaced and not own:
            return Swap()
        if names.awaits or any((source, name) not in self._kept for name, source in displaced):
            return None
        namespace = self._namespace()
        swap = Swap(own=own)
        for name, source in [*((n, cell) for n in own), *displaced]:
            swap.saved.setdefault(name, namespace.get(name, _ABSENT))
            if (source, name) in self._kept:
                namespace[name] = self._kept[source, name]
        return swap

    def leave(self, graph: Graph, cell: str, swap: Swap) -> None:
        """Keep what the cell made of older names, and give everybody else theirs back."""
        namespace = self._namespace()
        for name in swap.own:
            if name in namespace and graph.readers(cell, name):
                self._kept[cell, name] = namespace[name]
        for name, value in swap.saved.items():
            if value is _ABSENT:
                namespace.pop(name, None)
            else:
                namespace[name] = value
