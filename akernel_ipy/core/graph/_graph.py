"""An immutable graph of cells: which cell reads which name from which cell.

Every update gives a new graph and costs O(names of that cell), whatever the number of cells: the
maps share their shards with the older graph, and reverse indexes answer who defines and who reads
a name. As in Pluto, what must be *deleted* comes from the old graph and what must *run* from the
new one, and a deleted cell is a cell without code.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from akernel_ipy.core.names import BUILTINS, EMPTY, Names

from ._map import Map
from ._values import NOBODY, Cycle, Edge, Node


@dataclass(frozen=True)
class Graph:
    """The dataflow between the cells of a session.

    The newest definer of a name owns it, and its readers read from it. A cell that reads *and*
    defines a name (``df = clean(df)``) stands between the previous definer and the readers that
    come later: those that already read the previous definer's value go on doing so. So does a cell
    that redefines a name by way of other cells (``tmp = df.dropna()`` here, ``df = tmp`` there).

    ``linear`` keeps the readers of an older definer with it when a newer cell defines the name
    without reading it: a notebook run from top to bottom then shows what it always showed. Readers
    that came before any definer still follow the newest one.
    """

    linear: bool = False
    builtins: frozenset[str] = field(default=BUILTINS, repr=False)
    _nodes: Map[str, Node] = field(default_factory=Map, repr=False)
    _definers: Map[str, tuple[str, ...]] = field(default_factory=Map, repr=False)
    _readers: Map[tuple[str, str], Map[str, bool]] = field(default_factory=Map, repr=False)
    _indirect: Map[tuple[str, str], bool] = field(default_factory=Map, repr=False)
    _next: int = 0

    # -- questions -------------------------------------------------------------------------

    def __contains__(self, cell: str) -> bool:
        return cell in self._nodes

    def __len__(self) -> int:
        return len(self._nodes)

    @property
    def cells(self) -> tuple[str, ...]:
        """All cells, by first appearance."""
        return self.ranked(self._nodes)

    def ranked(self, cells: Iterable[str]) -> tuple[str, ...]:
        """Sort cells by first appearance."""
        found = tuple(cells)
        return found if len(found) < 2 else tuple(sorted(found, key=self.rank))

    def rank(self, cell: str) -> int:
        """Give the place of a cell by first appearance."""
        node = self._nodes.get(cell)
        return -1 if node is None else node.rank

    def names(self, cell: str) -> Names:
        """Give the names of a cell; a cell that isn't there has none."""
        node = self._nodes.get(cell)
        return EMPTY if node is None else node.names

    def definers(self, name: str) -> tuple[str, ...]:
        """Give the cells that define a name, its owner last."""
        return self._definers.get(name) or ()

    def owner(self, name: str) -> str | None:
        """Give the cell whose value a name holds: the one that ran last."""
        definers = self._definers.get(name)
        return definers[-1] if definers else None

    def follows(self, cell: str, name: str) -> str | None:
        """Give the definer whose value this one redefines by way of other cells."""
        if (cell, name) not in self._indirect:
            return None
        definers = self.definers(name)
        place = definers.index(cell)
        return definers[place - 1] if place else None

    def source(self, cell: str, name: str) -> str | None:
        """Give the cell from which a cell reads a name, if it reads it and any defines it."""
        node = self._nodes.get(cell)
        return (node.sources.get(name) or None) if node is not None else None

    def sources(self, cell: str) -> Mapping[str, str]:
        """Give the cell from which a cell reads each of its names; an empty one is nobody."""
        node = self._nodes.get(cell)
        return {} if node is None else node.sources

    def readers(self, definer: str | None, name: str) -> tuple[str, ...]:
        """Give the cells that read a name from a definer (None: from nobody)."""
        found = self._readers.get((definer or NOBODY, name))
        return self.ranked(found) if found is not None else ()

    def is_read(self, definer: str, name: str) -> bool:
        """Whether any cell reads a name from a definer."""
        return (definer, name) in self._readers

    def parents(self, cell: str) -> tuple[str, ...]:
        """Give the cells that this one reads from."""
        node = self._nodes.get(cell)
        if node is None:
            return ()
        return self.ranked({source for source in node.sources.values() if source not in ("", cell)})

    def children(self, cell: str) -> tuple[str, ...]:
        """Give the cells that read from this one."""
        found: set[str] = set()
        for name in self.names(cell).defs:
            found.update(self._readers.get((cell, name)) or ())
        found.discard(cell)
        return self.ranked(found)

    def edges(self, cell: str) -> tuple[Edge, ...]:
        """Give the edges into a cell, with their names."""
        node = self._nodes.get(cell)
        by_parent: dict[str, list[str]] = {}
        for name, source in sorted(node.sources.items()) if node is not None else ():
            if source not in (NOBODY, cell):
                by_parent.setdefault(source, []).append(name)
        deferred = self.names(cell).deferred
        return tuple(
            Edge(parent, cell, tuple(by_parent[parent]), deferred.issuperset(by_parent[parent]))
            for parent in self.ranked(by_parent)
        )

    def displaced(self, cell: str) -> tuple[tuple[str, str], ...]:
        """Give the names that a cell reads from an older definer than their owner, with that one.

        The namespace holds the owner's value: for such a cell to run in a wave that has not just
        run the definer, the older value has to be put back first.
        """
        node = self._nodes.get(cell)
        sources = sorted(node.sources.items()) if node is not None else ()
        return tuple(
            (name, source) for name, source in sources if source and source != self.owner(name)
        )

    def clashes(self, cell: str, names: Names) -> dict[str, str]:
        """Give the names that the cell would take from another owner without reading them."""
        owners = ((name, self.owner(name)) for name in sorted(names.defs - names.reads))
        return {name: owner for name, owner in owners if owner not in (None, cell)}

    def missing(
        self, cell: str, known: Container[str] = (), *, deferred: bool = True
    ) -> tuple[str, ...]:
        """Give the names that a cell needs and nobody defines: a reason to be pending.

        Args:
            cell: the cell.
            known: names that exist without a cell's doing, for example the namespace.
            deferred: also the names that only bodies of its functions read.
        """
        node = self._nodes.get(cell)
        if node is None:
            return ()
        needs = node.names.needs if deferred else node.names.needs & node.names.immediate
        return tuple(name for name in sorted(needs) if self._lacks(node, name, known))

    def unmet(self, cell: str, known: Container[str] = ()) -> tuple[str, ...]:
        """Give the names a cell lacks to run: its own, and those of functions that it reads.

        So ``def f(): return x`` runs before x exists, ``f()`` in another cell is pending then,
        and ``x = 1; f()`` runs.
        """
        node = self._nodes.get(cell)
        if node is None:
            return ()
        lacking = set(self.missing(cell, known, deferred=False))
        before = dict(node.names.before)
        for name in sorted(node.names.immediate):
            source = node.sources.get(name, NOBODY)
            for function, wanted in self._called(source):
                if wanted not in before.get(name, ()) and self._lacks(function, wanted, known):
                    lacking.add(wanted)
        return tuple(sorted(lacking))

    def _lacks(self, node: Node, name: str, known: Container[str]) -> bool:
        nobody = node.sources.get(name, NOBODY) == NOBODY
        return nobody and name not in known and name not in self.builtins

    def _called(self, definer: str) -> Iterator[tuple[Node, str]]:
        """Give what functions of a cell read when called, through functions of others too."""
        todo, seen = [definer], {definer}
        while todo:
            node = self._nodes.get(todo.pop())
            if node is None:
                continue
            for name in sorted(node.names.needs & node.names.deferred):
                yield node, name
                source = node.sources.get(name, NOBODY)
                if source not in seen:
                    seen.add(source)
                    todo.append(source)

    def has_edges_of(self, other: Graph) -> bool:
        """Whether the cells read the same from each other, as far as that is quickly told."""
        return (
            self._nodes is other._nodes
            and self._definers is other._definers
            and self._indirect is other._indirect
        )

    # -- updates ---------------------------------------------------------------------------

    def update(self, cell: str, names: Names | None, keep: Container[str] = ()) -> Update:
        """Run (or with None: delete) a cell, and say what changes with it.

        An edit is the same as a deletion and a new cell at once; a cell that the graph doesn't
        know is not an error. A cell reads from the newest definers, but not from one that needs
        the cell itself, if there is an older one.

        Args:
            cell: the cell.
            names: what it defines and reads.
            keep: names that it goes on reading from where it does, if that still defines them.
        """
        from ._update import Draft  # it needs Graph itself

        update = Draft(self, keep).update(cell, names)
        if update.cycle is None or cell not in self:
            return update
        other = Draft(self, keep, wary=True).update(cell, names)
        return update if other.cycle is not None else other


@dataclass(frozen=True, slots=True)
class Update:
    """What changes with one cell.

    Attributes:
        graph: the new graph.
        cycle: the cycle that the cell closes, if any: refuse the graph then.
        vanished: names that the cell owned and does not define any more.
        rebound: other cells that now read a name from another cell than before (or from none).
    """

    graph: Graph
    cycle: Cycle | None = None
    vanished: tuple[str, ...] = ()
    rebound: tuple[str, ...] = ()
