"""Find the cycle that an update closes.

A cycle counts if no order of running its cells makes sense. What only the bodies of functions read
(*deferred*) is needed not by the cell that defines the function but by the cells that use it; so
mutual recursion over two cells is no cycle, and neither is ``def f(): return x`` with
``x = 1; f()`` in another cell, but ``x = f()`` there is one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from ._graph import Graph
from ._values import NOBODY, Cycle, Edge


def find_cycle(graph: Graph, starts: Iterable[str]) -> Cycle | None:
    """Give a cycle through one of the cells whose edges are new."""
    for start in starts:
        if start in graph and _may_meet(graph, start):
            cycle = _search(graph, start)
            if cycle is not None:
                return cycle
    return None


def _may_meet(graph: Graph, start: str) -> bool:
    """Tell whether a path leads from the cell to itself, from both ends in turn.

    The smaller side ends the search: a new cell that nobody reads costs nothing.
    """
    up, down = {start}, {start}
    above, below = list(graph.parents(start)), list(graph.children(start))
    up.update(above)
    down.update(below)
    if not up.isdisjoint(below):
        return True
    while above and below:
        if len(above) <= len(below):
            above = _next(above, up, graph.parents)
            if not down.isdisjoint(above):
                return True
        else:
            below = _next(below, down, graph.children)
            if not up.isdisjoint(below):
                return True
    return False


def _next(front: list[str], seen: set[str], step: Callable[[str], Iterable[str]]) -> list[str]:
    new: dict[str, None] = {}
    for cell in front:
        new.update((other, None) for other in step(cell) if other not in seen)
    seen.update(new)
    return list(new)


class _Visit(NamedTuple):
    """A cell that has to run, or whose functions are called, before the start does."""

    cell: str
    called: bool
    exempt: frozenset[str]  # names the start has bound itself before the call


def _search(graph: Graph, start: str) -> Cycle | None:
    """Walk up from the cell along what has to happen before it runs."""
    origin: dict[_Visit, tuple[_Visit | None, str]] = {}
    todo: list[_Visit] = []
    before = dict(graph.names(start).before)
    for name in sorted(graph.names(start).immediate):
        source = graph.source(start, name)
        if source is None or source == start:
            continue
        for called in (False, True):
            exempt = before.get(name, frozenset()) if called else frozenset()
            _push(_Visit(source, called, exempt), None, name, origin, todo)
    while todo:
        visit = todo.pop()
        for name, source in _needed(graph, visit):
            if source == start:
                if name in visit.exempt:
                    continue
                return _path(start, visit, name, origin)
            for called in (False, True):
                exempt = visit.exempt if called and visit.called else frozenset()
                _push(_Visit(source, called, exempt), visit, name, origin, todo)
    return None


def _needed(graph: Graph, visit: _Visit) -> Iterator[tuple[str, str]]:
    names = graph.names(visit.cell)
    for name in sorted(names.deferred if visit.called else names.immediate):
        source = graph.source(visit.cell, name) or NOBODY
        if source not in (NOBODY, visit.cell):
            yield name, source


def _push(
    visit: _Visit,
    after: _Visit | None,
    name: str,
    origin: dict[_Visit, tuple[_Visit | None, str]],
    todo: list[_Visit],
) -> None:
    if visit not in origin:
        origin[visit] = (after, name)
        todo.append(visit)


def _path(
    start: str, last: _Visit, name: str, origin: dict[_Visit, tuple[_Visit | None, str]]
) -> Cycle:
    """Follow the search back: the cells from the start to the start, in the direction of data."""
    edges = [Edge(start, last.cell, (name,))]
    visit: _Visit | None = last
    while visit is not None:
        after, name = origin[visit]
        edges.append(Edge(visit.cell, after.cell if after is not None else start, (name,)))
        visit = after
    return Cycle(tuple(edges))
