"""One update of the graph, worked out on a draft."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import replace

from akernel_ipy.core.names import EMPTY, Names

from ._cycles import find_cycle
from ._graph import Graph, Update
from ._map import Map
from ._values import NOBODY, Node


class Draft:
    """A graph in the making; used for one update.

    Args:
        graph: the graph as it is.
        keep: names that the cell goes on reading from where it does.
        wary: the cell doesn't read from a definer that needs the cell itself.
    """

    def __init__(self, graph: Graph, keep: Container[str] = (), *, wary: bool = False) -> None:
        self.graph = graph
        self.keep, self.wary = keep, wary
        self.nodes = graph._nodes
        self.definers = graph._definers
        self.readers = graph._readers
        self.indirect = graph._indirect
        self.rebound: dict[str, None] = {}
        self.tails: dict[str, None] = {}  # cells that got new readers

    def update(self, cell: str, names: Names | None) -> Update:
        """Replace, add or (with None) remove a cell."""
        old = self.graph._nodes.get(cell)
        if old is None and names is None:
            return Update(self.graph)
        if old is not None and old.names == names and self._stays(cell, old):
            return Update(self.graph)
        before = old.names if old is not None else EMPTY
        after = names if names is not None else EMPTY
        self._clear_reads(cell, old)
        vanished = self._drop(cell, sorted(before.defs - after.defs))
        following = self.graph._next
        if names is not None:
            rank = old.rank if old is not None else following
            following += old is None
            self.nodes = self.nodes.set(cell, Node(names, rank))
            self._define(cell, before, after)
            self._bind_reads(cell, after)
        else:
            self.nodes = self.nodes.without(cell)
        graph = replace(
            self.graph,
            _nodes=self.nodes,
            _definers=self.definers,
            _readers=self.readers,
            _indirect=self.indirect,
            _next=following,
        )
        self.rebound.pop(cell, None)
        cycle = None
        if names is not None and self._may_close(cell, old):
            cycle = find_cycle(graph, (cell, *self.tails))
        return Update(graph, cycle, vanished, graph.ranked(self.rebound))

    def _stays(self, cell: str, node: Node) -> bool:
        """Tell whether running a cell with the same names again leaves the graph as it is.

        Nobody but its redefiners has defined its names since, and it reads what it read.
        """
        for name in node.names.defs:
            definers = self.definers.get(name) or ()
            later = definers[definers.index(cell) + 1 :]
            if (cell, name) in self.indirect or not all(self._follows(d, name) for d in later):
                return False
        return all(
            node.sources[name] == source and not self._floats(cell, source, name)
            for name, source in self._sources(cell, node.names)
        )

    def _may_close(self, cell: str, old: Node | None) -> bool:
        """Tell whether there is any new edge: without one there is no new cycle."""
        new = self._node(cell)
        if self.tails or old is None or not new.names.immediate <= old.names.immediate:
            return True
        return new.sources != old.sources

    # -- who reads from whom ---------------------------------------------------------------

    def _bind(self, reader: str, name: str, source: str) -> None:
        node = self.nodes.get(reader)
        assert node is not None
        old = node.sources.get(name)
        if old == source:
            return
        floating = old == NOBODY or self._floats(reader, old or NOBODY, name)
        if old is not None:
            self._forget(reader, name, old)
            self.rebound[reader] = None
        self.nodes = self.nodes.set(
            reader, Node(node.names, node.rank, {**node.sources, name: source})
        )
        self._remember(reader, name, source, floating)

    def _remember(self, reader: str, name: str, source: str, floating: bool = False) -> None:
        found: Map[str, bool] = self.readers.get((source, name)) or Map()
        self.readers = self.readers.set((source, name), found.set(reader, floating))

    def _forget(self, reader: str, name: str, source: str) -> None:
        found = self.readers.get((source, name))
        rest = found.without(reader) if found is not None else None
        if rest:
            self.readers = self.readers.set((source, name), rest)
        else:
            self.readers = self.readers.without((source, name))

    def _clear_reads(self, cell: str, node: Node | None) -> None:
        for name, source in sorted(node.sources.items()) if node is not None else ():
            self._forget(cell, name, source)

    def _bind_reads(self, cell: str, names: Names) -> None:
        sources = dict(self._sources(cell, names))
        for name, source in sources.items():
            self._remember(cell, name, source)
        node = Node(names, self._node(cell).rank, sources)
        if self.rebound or node != self.graph._nodes.get(cell):
            self.nodes = self.nodes.set(cell, node)
        else:
            self.nodes = self.graph._nodes  # no edge has changed

    def _sources(self, cell: str, names: Names) -> Iterator[tuple[str, str]]:
        """Give the names that a cell reads, each with the definer from which it would now."""
        for name in sorted(names.reads):
            definers = self.definers.get(name) or ()
            if name in names.defs:
                definers = definers[: definers.index(cell)]
            else:
                definers = self._within_reach(cell, name, definers)
            yield name, definers[-1] if definers else NOBODY

    def _within_reach(self, cell: str, name: str, definers: tuple[str, ...]) -> tuple[str, ...]:
        """Give the definers up to the one that a cell reads from."""
        held = self.graph.source(cell, name)
        held_on = definers[: definers.index(held) + 1] if held in definers else ()
        if held_on and name in self.keep:
            return held_on
        if not self.wary or not definers or not self._depends(definers[-1], {cell}):
            return definers
        older = definers
        while older and self._depends(older[-1], {cell}):
            older = older[:-1]
        return held_on or older or definers

    def _readers_of(self, source: str, name: str) -> tuple[str, ...]:
        found = self.readers.get((source, name))
        if found is None:
            return ()
        ranks = {reader: self._node(reader).rank for reader in found}
        return tuple(sorted(ranks, key=ranks.__getitem__))

    def _node(self, cell: str) -> Node:
        node = self.nodes.get(cell)
        assert node is not None
        return node

    # -- who defines what ------------------------------------------------------------------

    def _drop(self, cell: str, names: Iterable[str]) -> tuple[str, ...]:
        """End the cell's definitions; its readers go to the definer before it, or to nobody.

        Returns:
            The names that it owned.
        """
        vanished = []
        for name in names:
            definers = self.definers.get(name) or ()
            place = definers.index(cell)
            self.indirect = self.indirect.without((cell, name))
            rest = (*definers[:place], *definers[place + 1 :])
            heir = definers[place - 1] if place else NOBODY
            self.definers = self.definers.set(name, rest) if rest else self.definers.without(name)
            for reader in self._readers_of(cell, name):
                if reader in rest:  # it stands in the chain itself
                    source = (NOBODY, *rest)[rest.index(reader)]
                else:
                    source = heir or self._late_heir(reader, name, rest)
                self._bind(reader, name, source)
                self.tails[source] = None
            if place == len(definers) - 1:
                vanished.append(name)
        self.tails.pop(NOBODY, None)
        return tuple(vanished)

    def _late_heir(self, reader: str, name: str, definers: tuple[str, ...]) -> str:
        """Find a definer for a reader whose own is gone, the first of the chain."""
        if not definers:
            return NOBODY
        return NOBODY if self._depends(definers[-1], {reader}) else definers[-1]

    def _define(self, cell: str, before: Names, after: Names) -> None:
        waiting = {
            reader for name in sorted(after.defs) for reader in self._readers_of(NOBODY, name)
        }
        for name in sorted(after.defs):
            became_plain = name in before.redefines and name not in after.reads
            self._own(cell, name, waiting, became_plain)

    def _own(self, cell: str, name: str, waiting: set[str], became_plain: bool) -> None:
        """Make the cell the newest definer, the redefiners that follow it included."""
        definers = self.definers.get(name) or ()
        place = definers.index(cell) if cell in definers else len(definers)
        end = place + 1
        while end < len(definers) and self._follows(definers[end], name):
            end += 1
        moved = (cell, *definers[place + 1 : end])
        kept = (*definers[:place], *definers[end:])
        was_indirect = (cell, name) in self.indirect
        if was_indirect or end < len(definers) or place == len(definers) or became_plain:
            self._lead(cell, name, kept, moved, waiting)

    def _lead(
        self, cell: str, name: str, kept: tuple[str, ...], moved: tuple[str, ...], waiting: set[str]
    ) -> None:
        """Put the cell and its followers last, and let readers come over to them."""
        self.indirect = self.indirect.without((cell, name))
        early = () if self._reads(cell, name) else self._early_redefiners(name, kept)
        kept, moved = kept[len(early) :], (*moved, *early)
        self.definers = self.definers.set(name, (*kept, *moved))
        if early:
            self._bind(early[0], name, moved[-len(early) - 1])
            self.tails[cell] = None
        # A cell that reads the name itself takes readers only from those that were waiting.
        looks_back = bool(waiting) or not self._reads(cell, name)
        older = {
            reader: definer
            for definer in (self._newest_chain(name, kept) if looks_back else ())
            for reader in self._readers_of(definer, name)
            if reader not in moved and not self._defines(reader, name)
        }
        if older and not self._reads(cell, name) and self._depends(cell, older):
            self.indirect = self.indirect.set((cell, name), True)
        plain = not self._follows(cell, name)
        coming = [*self._readers_of(NOBODY, name)]
        coming += [
            reader
            for reader, definer in older.items()
            if reader in waiting
            or (plain and (not self.graph.linear or self._floats(reader, definer, name)))
        ]
        for reader in coming:
            if reader not in moved and not self._defines(reader, name):
                self._bind(reader, name, moved[-1])
                self.tails[moved[-1]] = None

    def _depends(self, cell: str, others: Container[str]) -> bool:
        """Tell whether the cell reads, through whatever cells, from one of the others."""
        node = self._node(cell)
        todo = list(node.sources.values())
        if not todo:  # it is not bound yet
            todo = [(self.definers.get(name) or (NOBODY,))[-1] for name in node.names.reads]
        seen = {cell, NOBODY}
        while todo:
            parent = todo.pop()
            if parent in seen:
                continue
            if parent in others:
                return True
            seen.add(parent)
            todo.extend(self._node(parent).sources.values())
        return False

    def _early_redefiners(self, name: str, definers: tuple[str, ...]) -> tuple[str, ...]:
        """Give the redefiners at the front that had nothing to redefine yet: they come after."""
        count = 0
        while count < len(definers):
            node = self._node(definers[count])
            if name not in node.names.needs or (not count and node.sources.get(name)):
                break
            count += 1
        return definers[:count]

    def _floats(self, reader: str, source: str, name: str) -> bool:
        """Tell whether the reader came before any definer of the name."""
        found = self.readers.get((source, name))
        return bool(found is not None and found.get(reader))

    def _newest_chain(self, name: str, definers: tuple[str, ...]) -> tuple[str, ...]:
        """Give the newest plain definer and the redefiners after it."""
        start = len(definers)
        while start > 0:
            start -= 1
            if not self._follows(definers[start], name):
                break
        return definers[start:]

    def _reads(self, cell: str, name: str) -> bool:
        return name in self._node(cell).names.reads

    def _follows(self, cell: str, name: str) -> bool:
        """Tell whether the cell redefines the value of the definer before it."""
        return self._reads(cell, name) or (cell, name) in self.indirect

    def _defines(self, cell: str, name: str) -> bool:
        return name in self._node(cell).names.defs
